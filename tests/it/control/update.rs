//! Updates of the Gateway that an Agent asks for (R37), from the call to the file that the host's watcher finds.

use std::time::Duration;

use octoporty_client::control::Force;
use octoporty_core::{message::UpdateStatus, version::VERSION};
use octoporty_tests::{HOST, TestAgent, TestFolder, TestGateway, TestUpstream, Visitor, World};
use tokio::time::Instant;

use super::Site;
use crate::SOON;

#[tokio::test]
async fn the_hosts_watcher_finds_what_was_asked_for() {
    // R37
    let site = Site::start("Information").await;
    let gateway = site.control();
    let not_newer = gateway.request_update(Force::No).await.unwrap();
    assert_eq!((not_newer.status, not_newer.code.as_str()), (UpdateStatus::Rejected, "not-newer"));
    assert!(site.folder.read("update-signal").is_err());
    assert!(gateway.status().await.unwrap().remote_update);

    let queued = gateway.request_update(Force::Yes).await.unwrap();
    assert_eq!((queued.status, queued.gateway_version.as_str()), (UpdateStatus::Queued, VERSION), "{queued:?}");
    let signal: serde_json::Value = serde_json::from_str(&site.folder.read("update-signal").unwrap()).unwrap();
    assert_eq!((&signal["targetVersion"], &signal["requestedBy"]), (&VERSION.into(), &"test-agent".into()));

    // Every Agent sees it, and a second request changes nothing.
    let other = TestAgent::builder(site.gateway_at).map("other.example.test", site.upstream.address()).connect().await;
    let other = other.agent().control();
    assert_eq!(other.status().await.unwrap().update.unwrap().target, VERSION);
    assert_eq!(other.request_update(Force::Yes).await.unwrap().status, UpdateStatus::AlreadyQueued);

    // The watcher takes it away; the pause holds all the same.
    std::fs::remove_file(site.folder.file("update-signal")).unwrap();
    let too_soon = other.request_update(Force::Yes).await.unwrap();
    assert_eq!((too_soon.status, too_soon.code.as_str()), (UpdateStatus::Rejected, "too-soon"));
}

#[tokio::test]
async fn agents_hear_why_the_gateway_goes() {
    let mut site = Site::start("Information").await;
    site.control().request_update(Force::Yes).await.unwrap();
    site.gateway.stop(SOON).await.unwrap();
    let status = site.agent.wait_for("the goodbye", SOON, |status| status.last_error.is_some()).await;
    assert_eq!(status.last_error.as_deref(), Some("the gateway ended the session: the gateway is updated"));
}

#[tokio::test]
async fn agents_are_told_of_the_restart_and_spread_their_return_without_a_goodbye() {
    // Far above the first pause without a word, which is a second at most.
    const SPREAD: Duration = Duration::from_secs(3600);
    let folder = TestFolder::new().unwrap();
    let gateway =
        TestGateway::start_with(|gateway| gateway.remote_update(folder.file("update-signal")).reconnect_spread(SPREAD));
    let (gateway, upstream) = (gateway.unwrap(), TestUpstream::start().unwrap());
    let at = gateway.address();
    let mut agents = Vec::new();
    for domain in ["a.example.test", "b.example.test"] {
        agents.push(TestAgent::builder(at).map(domain, upstream.address()).connect().await);
    }
    let queued = agents[0].agent().control().request_update(Force::Yes).await.unwrap();
    assert_eq!(queued.status, UpdateStatus::Queued);
    // One that comes while the update waits is told too.
    agents.push(TestAgent::builder(at).map("c.example.test", upstream.address()).connect().await);
    for (agent, host) in agents.iter().zip(["a.example.test", "b.example.test", "c.example.test"]) {
        let told = agent.wait_for("it is told", SOON, |status| status.gateway_restart.is_some()).await;
        assert_eq!(told.gateway_restart, Some(SPREAD));
        // No traffic is harmed by that.
        let mut visitor = Visitor::connect(at, host).await.unwrap();
        assert_eq!(visitor.request("POST", "/echo", &[], b"body").await.unwrap().status(), 200);
    }
    // Killed, so nobody says goodbye.
    drop(gateway);
    let mut pauses = Vec::new();
    for agent in &agents {
        let status = agent.wait_for("it pauses", SOON, |status| status.next_attempt.is_some()).await;
        pauses.push(status.next_attempt.unwrap().saturating_duration_since(Instant::now()));
    }
    assert!(pauses.iter().any(|pause| *pause > Duration::from_secs(60)), "{pauses:?}");
}

#[tokio::test]
async fn a_gateway_that_may_not_be_updated_refuses() {
    // R37
    let site = Site::start_with(|program| program.variable("Gateway__AllowRemoteUpdate", "false")).await;
    let refused = site.control().request_update(Force::Yes).await.unwrap();
    assert_eq!((refused.status, refused.code.as_str()), (UpdateStatus::Rejected, "not-allowed"));
    assert!(site.folder.read("update-signal").is_err());
    assert!(!site.control().status().await.unwrap().remote_update);
}

#[tokio::test]
async fn an_embedded_gateway_takes_no_updates_by_default() {
    let world = World::start().await;
    let outcome = world.agent.agent().control().request_update(Force::Yes).await.unwrap();
    assert_eq!(outcome.code, "not-allowed", "{HOST}");
}
