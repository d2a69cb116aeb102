//! Counts for Prometheus and health for probes, on a port of their own (R61).

use std::net::SocketAddr;

use octoporty_tests::{HOST, Signal, TestAgent, Visitor, eventually_async, free_address};

use super::Site;
use crate::SOON;

/// The value of a sample in what is shown now.
async fn sample(visitor: &mut Visitor, name: &str) -> Option<f64> {
    let answer = visitor.get("/metrics").await.expect("the metrics are served");
    assert_eq!(answer.status(), 200);
    let text = answer.text();
    let line = text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')))?;
    Some(line.rsplit(' ').next().expect("a line has a value").parse().expect("a value is a number"))
}

#[tokio::test]
async fn the_tunnel_is_counted() {
    let at = free_address().unwrap();
    let site = Site::start_with(|program| program.variable("Gateway__MetricsAddress", at.to_string())).await;
    let mut watcher = Visitor::connect(at, "localhost").await.unwrap();
    assert_eq!(sample(&mut watcher, "octoporty_shards").await, Some(2.0));
    for (path, status) in [("/health/live", 200), ("/health/ready", 200), ("/", 404), ("/health", 404)] {
        assert_eq!(watcher.get(path).await.unwrap().status(), status, "{path}");
    }
    assert_eq!(watcher.request("POST", "/metrics", &[], b"").await.unwrap().status(), 405);

    let mut watcher = Visitor::connect(at, "localhost").await.unwrap();
    site.visitor().await.get("/").await.unwrap();
    assert_eq!(sample(&mut watcher, "octoporty_agents").await, Some(1.0));
    assert_eq!(sample(&mut watcher, "octoporty_routes").await, Some(1.0));
    let streams = sample(&mut watcher, "octoporty_streams_total").await.unwrap();
    assert!(streams >= 2.0, "the sync and the request: {streams}");
    assert!(sample(&mut watcher, "octoporty_tunnel_bytes_total{direction=\"to_agents\"}").await.unwrap() > 0.0);

    // A lane that is over has counted all the same, and the Agent that comes back is known.
    let id = site.agent.agent().id();
    drop(site.agent);
    let again = TestAgent::builder(site.gateway_at).map(HOST, site.upstream.address()).with(|agent| agent.id(id));
    let _again = again.connect().await;
    assert!(sample(&mut watcher, "octoporty_streams_total").await.unwrap() > streams);
    assert_eq!(sample(&mut watcher, "octoporty_agent_reconnects_total").await, Some(1.0));
    assert_eq!(sample(&mut watcher, "octoporty_sessions_total").await, Some(2.0));

    let _wrong = TestAgent::builder_with_key(site.gateway_at, "ffffffffffffffffffffffffffffffff").start().unwrap();
    eventually_async(SOON, "the wrong key is counted", || async {
        let mut watcher = Visitor::connect(at, "localhost").await.unwrap();
        sample(&mut watcher, "octoporty_agent_keys_wrong_total").await == Some(1.0)
    })
    .await;
    // R61: not on the port for visitors.
    let mut outside = Visitor::connect(site.gateway_at, "127.0.0.1").await.unwrap();
    for path in ["/metrics", "/health/ready"] {
        assert_eq!(outside.get(path).await.unwrap().status(), 404, "{path}");
    }
}

#[tokio::test]
async fn readiness_ends_while_what_is_in_flight_finishes() {
    let at = free_address().unwrap();
    let mut site = Site::start_with(|program| program.variable("Gateway__MetricsAddress", at.to_string())).await;
    let mut slow = site.visitor().await;
    slow.sender().send_request("GET", "/gate?tag=gate", &[], b"").await.unwrap();
    site.upstream.wait_for("gate", |_| true, SOON).await.unwrap();
    site.gateway.signal(Signal::Terminate).await.unwrap();
    eventually_async(SOON, "readiness ends", || async { status(at, "/health/ready").await == 503 }).await;
    assert_eq!(status(at, "/health/live").await, 200);
    site.upstream.step("gate");
    assert_eq!(slow.answer("GET").await.unwrap().status(), 200);
    assert_eq!(site.gateway.wait_for_exit(SOON).await.unwrap().code(), Some(0));
}

async fn status(at: SocketAddr, path: &str) -> u16 {
    let mut watcher = Visitor::connect(at, "localhost").await.expect("the metrics are served");
    watcher.get(path).await.expect("an answer").status()
}
