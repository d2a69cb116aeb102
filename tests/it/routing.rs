//! Which mapping gets a request, and mappings that change while everything runs.

use std::time::Duration;

use octoporty_core::host::Hostname;
use octoporty_tests::{HOST, TestAgent, TestGateway, TestUpstream, Visitor, World, eventually_async, mapping};

use crate::SOON;

/// One Agent with three mappings to three upstreams.
struct Three {
    gateway: TestGateway,
    _agent: TestAgent,
    exact: TestUpstream,
    near: TestUpstream,
    far: TestUpstream,
}

impl Three {
    async fn start() -> Self {
        let gateway = TestGateway::start().expect("a free port");
        let [exact, near, far] = [(); 3].map(|()| TestUpstream::start().expect("a free port"));
        let agent = TestAgent::builder(gateway.address())
            .map("*.example.test", far.address())
            .map("*.apps.example.test", near.address())
            .map("one.apps.example.test", exact.address())
            .connect()
            .await;
        Self { gateway, _agent: agent, exact, near, far }
    }

    /// Asks for `/echo` and says who answered.
    async fn who(&self, host: &str) -> &str {
        let seen = || [&self.exact, &self.near, &self.far].map(TestUpstream::requests);
        let before = seen();
        let mut visitor = Visitor::connect(self.gateway.address(), host).await.expect("the gateway listens");
        let answer = visitor.get("/echo").await.expect("an answer");
        let after = seen();
        let index = (0..3).find(|index| after[*index] > before[*index]);
        assert_eq!(answer.status(), if index.is_some() { 200 } else { 404 }, "{host}: {answer:?}");
        index.map_or("nobody", |index| ["exact", "near", "far"][index])
    }
}

// R09
#[tokio::test]
async fn exact_beats_wildcard_and_the_longest_wildcard_wins() {
    let three = Three::start().await;
    for (host, expected) in [
        ("one.apps.example.test", "exact"),
        ("ONE.Apps.Example.Test:443", "exact"),
        ("two.apps.example.test", "near"),
        ("x.one.apps.example.test", "near"),
        ("other.example.test", "far"),
        ("apps.example.test", "far"),
        ("example.test", "nobody"),
        ("example.test.evil.test", "nobody"),
        ("notexample.test", "nobody"),
    ] {
        assert_eq!(three.who(host).await, expected, "{host}");
    }
}

#[tokio::test]
async fn replaced_mappings_are_live_at_once_and_removed_ones_are_404() {
    let world = World::start().await;
    let second = TestUpstream::start().unwrap();
    let mut visitor = world.visitor().await;
    let mut other = world.visitor_of("second.example.test").await;
    assert_eq!((visitor.get("/").await.unwrap().status(), other.get("/").await.unwrap().status()), (200, 404));

    let both = vec![mapping(HOST, world.upstream.address()), mapping("second.example.test", second.address())];
    world.agent.agent().replace_mappings(both);
    world.agent.wait_for("both are live", SOON, |status| status.live == 2).await;
    assert_eq!((visitor.get("/").await.unwrap().status(), other.get("/").await.unwrap().status()), (200, 200));
    assert_eq!((second.requests(), world.gateway.gateway().routes()), (1, 2));

    world.agent.agent().replace_mappings(vec![mapping("second.example.test", second.address())]);
    world.agent.wait_for("one is live", SOON, |status| status.live == 1).await;
    assert_eq!((visitor.get("/").await.unwrap().status(), other.get("/").await.unwrap().status()), (404, 200));
    assert_eq!(world.gateway.gateway().routes(), 1);
}

#[tokio::test]
async fn changed_target_counts_for_the_next_request() {
    let world = World::start().await;
    let second = TestUpstream::start().unwrap();
    let mut visitor = world.visitor().await;
    visitor.get("/").await.unwrap();
    world.agent.agent().replace_mappings(vec![mapping(HOST, second.address())]);
    assert_eq!(visitor.get("/").await.unwrap().status(), 200);
    assert_eq!((world.upstream.requests(), second.requests()), (1, 1));
}

#[tokio::test]
async fn exchange_under_way_outlives_its_mapping() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    visitor.sender().send_request("GET", "/gate?tag=gate", &[], b"").await.unwrap();
    world.upstream.wait_for("gate", |_| true, SOON).await.unwrap();
    world.agent.agent().replace_mappings(Vec::new());
    world.agent.wait_for("none is live", SOON, |status| status.live == 0).await;
    world.upstream.step("gate");
    assert_eq!(visitor.answer("GET").await.unwrap().status(), 200);
    assert_eq!(visitor.get("/").await.unwrap().status(), 404);
}

// R24
#[tokio::test]
async fn gateways_own_host_cannot_be_claimed() {
    let own = Hostname::parse("gateway.example.test").unwrap();
    let upstream = TestUpstream::start().unwrap();
    let gateway = TestGateway::start_with(|gateway| gateway.own_host(own)).unwrap();
    let agent = TestAgent::builder(gateway.address())
        .map("gateway.example.test", upstream.address())
        .map("*.example.test", upstream.address())
        .map(HOST, upstream.address())
        .connect()
        .await;
    let status = agent.status();
    let mut refused: Vec<_> = status.problems.iter().map(|p| (p.domain.to_string(), p.code.as_str())).collect();
    refused.sort_unstable();
    // A wildcard would take the name over as well.
    assert_eq!(refused, [("*.example.test".to_owned(), "reserved"), ("gateway.example.test".to_owned(), "reserved")]);
    assert_eq!(status.live, 1);
    let mut visitor = Visitor::connect(gateway.address(), "gateway.example.test").await.unwrap();
    assert_eq!(visitor.get("/health").await.unwrap().json().unwrap()["status"], "healthy");
    assert_eq!(upstream.requests(), 0);
}

// R24
#[tokio::test]
async fn domain_of_a_connected_agent_cannot_be_taken() {
    let world = World::start().await;
    let second = TestUpstream::start().unwrap();
    let rival = TestAgent::builder(world.gateway.address())
        .map(HOST, second.address())
        .map("second.example.test", second.address())
        .connect()
        .await;
    let problems = rival.status().problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!((problems[0].code.as_str(), problems[0].domain.to_string()), ("taken", HOST.to_owned()));
    assert!(problems[0].message.contains("test-agent"), "{problems:?}");
    assert_eq!(world.visitor().await.get("/").await.unwrap().status(), 200);
    assert_eq!((world.upstream.requests(), second.requests()), (1, 0));
    assert_eq!(world.visitor_of("second.example.test").await.get("/").await.unwrap().status(), 200);
}

// R24
#[tokio::test]
async fn domain_of_an_agent_that_left_is_free() {
    let world = World::start().await;
    let second = TestUpstream::start().unwrap();
    world.agent.agent().shutdown(Duration::from_secs(5)).await;
    let gateway = world.gateway.gateway();
    eventually_async(SOON, "the gateway saw it leave", || async { gateway.agents().iter().all(|a| a.lanes == 0) })
        .await;
    let heir = TestAgent::builder(world.gateway.address()).map(HOST, second.address()).connect().await;
    assert_eq!((heir.status().problems.len(), heir.status().live), (0, 1));
    assert_eq!(world.visitor().await.get("/").await.unwrap().status(), 200);
    assert_eq!(second.requests(), 1);
}

#[tokio::test]
async fn each_set_of_mappings_is_answered_by_its_number() {
    let world = World::start().await;
    let agent = world.agent.agent();
    let first = world.agent.status().synced;
    assert!(first.is_some() && world.agent.status().session.is_some());
    let both = || ["a.example.test", "b.example.test"].map(|host| mapping(host, world.upstream.address())).to_vec();
    let revision = agent.replace_mappings(both());
    assert!(Some(revision) > first, "{first:?}");
    let status = world.agent.wait_for("the answer", SOON, |status| status.synced == Some(revision)).await;
    assert_eq!(status.live, 2);
    // The same set once more is another question, and has an answer of its own.
    assert_eq!(agent.replace_mappings(both()), revision + 1);
    world.agent.wait_for("the answer", SOON, |status| status.synced == Some(revision + 1)).await;
    drop(world.gateway);
    world.agent.lost(SOON).await;
    assert_eq!((world.agent.status().synced, world.agent.status().session), (None, None));
}

// R24
#[tokio::test]
async fn refused_domain_is_offered_again_until_it_is_free() {
    let world = World::start().await;
    let second = TestUpstream::start().unwrap();
    let heir = TestAgent::builder(world.gateway.address())
        .map(HOST, second.address())
        .with(|agent| agent.offer_interval(Duration::from_millis(100)))
        .connect()
        .await;
    assert_eq!(heir.status().problems.len(), 1);
    world.agent.agent().shutdown(Duration::from_secs(5)).await;
    let status = heir.wait_for("the domain", SOON, |status| status.problems.is_empty()).await;
    assert_eq!(status.live, 1);
    assert_eq!(world.visitor().await.get("/").await.unwrap().status(), 200);
    assert_eq!(second.requests(), 1);
}
