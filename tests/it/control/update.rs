//! Updates of the Gateway that an Agent asks for (R37), from the call to the file that the host's watcher finds.

use octoporty_client::control::Force;
use octoporty_core::{message::UpdateStatus, version::VERSION};
use octoporty_tests::{HOST, TestAgent, World};

use super::Site;

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
    site.gateway.stop(crate::SOON).await.unwrap();
    let status = site.agent.wait_for("the goodbye", crate::SOON, |status| status.last_error.is_some()).await;
    assert_eq!(status.last_error.as_deref(), Some("the gateway ended the session: the gateway is updated"));
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
