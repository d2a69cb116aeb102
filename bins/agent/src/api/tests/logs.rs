//! Log lines of the Agent from memory and from its files, and of the Gateway.

use std::collections::BTreeMap;

use octoporty_core::message::{LogEntry, LogLevel};
use octoporty_tests::TestGateway;
use serde_json::json;

use super::harness::{Setup, TestApi};

/// A line to be put into the ring.
pub(super) fn line(message: &str) -> LogEntry {
    LogEntry {
        id: 0,
        at_ms: 0,
        level: LogLevel::Info,
        target: "test".to_owned(),
        message: message.to_owned(),
        request: None,
        fields: BTreeMap::new(),
    }
}

#[tokio::test]
async fn lines_go_on_from_memory_into_the_files() {
    let setup = Setup::new();
    let api = setup.start().await;
    let file = "2026-01-01T10:00:00.000000Z  INFO old: first\n2026-01-01T10:00:01.000000Z ERROR old: second\n";
    std::fs::write(api.directory().join("agent-20260101.log"), file).unwrap();
    for number in 0..3 {
        api.ring.push(line(&format!("line {number}")));
    }
    let mut browser = api.signed_in().await;
    let mut seen = Vec::new();
    let mut ids = Vec::new();
    let mut path = "/api/v1/agent/logs?count=2".to_owned();
    loop {
        let page = browser.get(&path).await.json();
        for line in page["logs"].as_array().unwrap() {
            seen.push(line["message"].as_str().unwrap().to_owned());
            ids.push(line["id"].as_u64().unwrap());
        }
        if page["hasMore"] == false {
            break;
        }
        path = format!("/api/v1/agent/logs?count=2&beforeId={}", ids.last().unwrap());
    }
    assert_eq!(seen, ["line 2", "line 1", "line 0", "second", "first"]);
    assert!(ids.is_sorted_by(|a, b| a > b) && ids.iter().all(|id| *id < 1 << 53), "{ids:?}");
    let errors = browser.get("/api/v1/agent/logs?level=error").await.json();
    assert_eq!(errors["logs"].as_array().unwrap().len(), 1);
    let found = browser.get("/api/v1/agent/logs?q=LINE%201").await.json();
    assert_eq!(found["logs"][0]["message"], "line 1");
    let histogram = browser.get("/api/v1/agent/logs/histogram?minutes=5").await.json();
    assert_eq!((histogram["minutes"].as_array().unwrap().len(), &histogram["minutes"][4]["info"]), (5, &json!(3)));
}

#[tokio::test]
async fn the_gateway_is_asked_through_the_tunnel_and_its_absence_is_told() {
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    for path in [
        "/api/v1/gateway/logs",
        "/api/v1/gateway/logs/histogram",
        "/api/v1/gateway/caddy-config",
        "/api/v1/settings/landing-page/default",
    ] {
        assert_eq!(browser.get(path).await.verdict(), (503, "tunnel-down".to_owned()), "{path}");
    }
    let update = browser.post("/api/v1/gateway/update", json!({"force": false})).await;
    assert_eq!(update.verdict(), (503, "tunnel-down".to_owned()));
    let gateway = TestGateway::start().unwrap();
    let api = TestApi::with_gateway(&gateway).await;
    let mut browser = api.signed_in().await;
    // R37: an Agent that is not newer asks for nothing.
    let update = browser.post("/api/v1/gateway/update", json!({})).await;
    let body = update.json();
    assert_eq!(
        (update.status.as_u16(), &body["status"], &body["error"]),
        (200, &json!("Rejected"), &json!("not-newer"))
    );
}
