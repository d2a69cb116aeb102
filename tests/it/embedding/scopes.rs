//! Keys that stand for somebody, and domains that somebody may not have (R22, R24).

use std::sync::Arc;

use octoporty_client::{AgentId, HostPattern, testkit::World};
use octoporty_server::{AgentScope, Claim, ClaimRefused, RouteRegistry};
use tokio_util::sync::CancellationToken;

use super::naming;

fn pattern(text: &str) -> HostPattern {
    HostPattern::parse(text).expect("a test names hosts")
}

async fn tunnel_of(world: &World, scope: AgentScope, id: u128) -> octoporty_client::Tunnel {
    let builder = octoporty_client::Tunnel::builder().transport(world.transport(scope));
    builder.id(AgentId::from_u128(id)).connect().await.expect("lines in memory can be opened")
}

#[tokio::test(start_paused = true)]
async fn claims_outside_of_a_key_s_domains_are_refused() {
    let world = World::new();
    let tunnel = tunnel_of(&world, AgentScope::of("one").domains([pattern("*.one.test")]), 1).await;
    tunnel.serve("app.one.test", naming("mine")).await.unwrap();
    let refused = tunnel.serve("app.two.test", naming("not mine")).await.err().unwrap();
    assert_eq!((refused.code(), refused.is_retryable()), ("not-allowed", false));
    assert!(refused.to_string().contains("key is not for app.two.test"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn an_identity_cannot_pass_for_another() {
    let world = World::new();
    let one = tunnel_of(&world, AgentScope::of("one"), 7).await;
    one.serve("app.test", naming("one")).await.unwrap();
    // The same Agent id, said with another key.
    let other = tunnel_of(&world, AgentScope::of("other"), 7).await;
    assert_eq!(other.serve("app.test", naming("other")).await.err().unwrap().code(), "taken");
    assert_eq!(world.visitor().get("http://app.test/").await.unwrap().text(), "one");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_withdrawn_ends_its_lanes() {
    let world = World::new();
    let revoked = CancellationToken::new();
    let tunnel = tunnel_of(&world, AgentScope::of("one").revoked_by(revoked.clone()), 1).await;
    tunnel.serve("app.test", naming("one")).await.unwrap();
    let mut status = tunnel.status();
    world.faults().refuse();
    revoked.cancel();
    status.wait_for(|status| status.last_disconnected.is_some()).await.unwrap();
}

struct OnlyEven;

impl RouteRegistry for OnlyEven {
    fn claim(&self, claim: &Claim<'_>) -> Result<(), ClaimRefused> {
        if claim.domain.to_string().len().is_multiple_of(2) { Ok(()) } else { Err(ClaimRefused::new("an odd name")) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_registry_has_a_say() {
    let registry = Arc::new(OnlyEven);
    let shared = Arc::clone(&registry);
    let world = World::with(|gateway| gateway.route_registry(shared));
    let tunnel = world.tunnel().await.unwrap();
    tunnel.serve("even.tst", naming("even")).await.unwrap();
    let refused = tunnel.serve("odd.test.", naming("odd")).await;
    assert!(refused.is_ok(), "the final dot does not count");
    let refused = tunnel.serve("odd.tests", naming("odd")).await.err().unwrap();
    assert!(refused.to_string().ends_with("an odd name"), "{refused}");
}
