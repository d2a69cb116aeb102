//! Exchanges, from the recorder to the pages.

use std::time::Duration;

use chrono::{DateTime, Utc};
use octoporty_store::{Failure, Headers, Phases, RequestKind, Side};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    client::Browser,
    harness::{Setup, TestApi, eventually},
};
use crate::observe::ExchangeRecord;

fn record(mapping: Option<Uuid>, status: u16) -> ExchangeRecord {
    ExchangeRecord {
        id: Uuid::new_v4(),
        at: Utc::now(),
        mapping,
        method: "GET".to_owned(),
        host: "app.example.com".to_owned(),
        path: "/orders".to_owned(),
        query: Some("page=2&token=topsecret".to_owned()),
        protocol: "HTTP/1.1".to_owned(),
        kind: RequestKind::Http,
        status: Some(status),
        request_bytes: 10,
        response_bytes: 1000,
        duration: Duration::from_millis(20),
        phases: Phases { wait: Some(Duration::from_millis(15)), ..Phases::default() },
        visitor: "203.0.113.7".to_owned(),
        user_agent: Some("curl/8".to_owned()),
        failure: None,
        headers: Some(Headers {
            request: vec![
                ("authorization".to_owned(), "Bearer topsecret".to_owned()),
                ("accept".to_owned(), "*/*".to_owned()),
            ],
            response: vec![("set-cookie".to_owned(), "id=topsecret".to_owned())],
        }),
    }
}

fn failed(mapping: Option<Uuid>) -> ExchangeRecord {
    let message = "127.0.0.1:8080 refused the connection".to_owned();
    let failure = Failure { side: Side::Service, cause: "connection-refused".to_owned(), message };
    ExchangeRecord { failure: Some(failure), headers: None, ..record(mapping, 502) }
}

/// The id of a new mapping.
async fn made(browser: &mut Browser) -> Uuid {
    let body = json!({"externalDomain": "app.example.com", "internalHost": "localhost", "internalPort": 80});
    browser.post("/api/v1/mappings", body).await.json()["id"].as_str().unwrap().parse().unwrap()
}

/// What passed since midnight, once anything is counted.
async fn totals(browser: &Browser) -> Value {
    eventually("something is counted", || {
        let mut browser = browser.clone();
        async move {
            let totals = browser.get("/api/v1/stats/mappings").await.json();
            (!totals["mappings"].as_array().unwrap().is_empty()).then_some(totals)
        }
    })
    .await
}

#[tokio::test]
async fn an_exchange_is_in_log_and_statistics() {
    // R55
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    let mapping = made(&mut browser).await;
    let recorder = &api.state().recorder;
    let good = record(Some(mapping), 200);
    let id = good.id;
    recorder.exchange(good);
    recorder.exchange(record(Some(mapping), 404));
    recorder.exchange(failed(Some(mapping)));
    let list = eventually("the log has them", || {
        let mut browser = browser.clone();
        async move {
            let list = browser.get("/api/v1/request-logs").await.json();
            (list["requests"].as_array().unwrap().len() == 3).then_some(list)
        }
    })
    .await;
    assert!(!list.to_string().contains("topsecret"), "{list}");
    assert_eq!(list["nextCursor"], Value::Null);
    let detail = browser.get(&format!("/api/v1/request-logs/{id}")).await.json();
    assert!(!detail.to_string().contains("topsecret"), "{detail}");
    assert_eq!(detail["requestHeaders"][1], json!(["accept", "*/*"]));
    assert_eq!((&detail["phases"]["waitMs"], &detail["phases"]["connectMs"]), (&json!(15.0), &Value::Null));
    for (query, expected) in [
        ("status=2xx", 1),
        ("status=404", 1),
        ("side=service", 1),
        ("q=orders", 3),
        ("q=nothing", 0),
        ("method=post", 0),
    ] {
        let found = browser.get(&format!("/api/v1/request-logs?{query}")).await.json();
        assert_eq!(found["requests"].as_array().unwrap().len(), expected, "{query}");
    }
    let page = browser.get("/api/v1/request-logs?limit=2").await.json();
    let rest =
        browser.get(&format!("/api/v1/request-logs?limit=2&cursor={}", page["nextCursor"].as_str().unwrap())).await;
    assert_eq!(rest.json()["requests"].as_array().unwrap().len(), 1);

    let stats = browser.get(&format!("/api/v1/stats?mapping={mapping}")).await.json();
    let points = stats["points"].as_array().unwrap();
    assert_eq!(points.len(), 61);
    let sum = |name: &str| points.iter().filter_map(|point| point[name].as_u64()).sum::<u64>();
    assert_eq!((sum("requests"), sum("bytesToVisitors"), sum("bytesFromVisitors")), (3, 3000, 30));
    let point = points.iter().find(|point| point["failures"]["service"] == 1).unwrap();
    let p95 = point["p95Ms"].as_f64().unwrap();
    assert!((18.0..=22.0).contains(&p95), "{p95}");
    assert_eq!(points[0], Value::Null, "the Agent did not run then");
    let totals = browser.get("/api/v1/stats/mappings").await.json();
    assert_eq!((&totals["mappings"][0]["requests"], &totals["mappings"][0]["failures"]), (&json!(3), &json!(1)));
    assert_eq!(totals["mappings"][0]["spark"].as_array().unwrap().len(), 24);
    let failures = browser.get("/api/v1/stats/failures").await.json();
    assert_eq!(
        (&failures["groups"][0]["cause"], &failures["groups"][0]["count"]),
        (&json!("connection-refused"), &json!(1))
    );
    let health = browser.get(&format!("/api/v1/mappings/{mapping}")).await.json();
    assert_eq!(health["health"]["state"], "failing");
}

#[tokio::test]
async fn what_is_of_no_mapping_is_counted_for_all_alone() {
    // R36
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    let mapping = made(&mut browser).await;
    for _ in 0..10 {
        api.state().recorder.exchange(record(Some(Uuid::new_v4()), 200));
    }
    api.state().recorder.exchange(record(Some(mapping), 200));
    let totals = totals(&browser).await;
    assert_eq!(totals["mappings"].as_array().unwrap().len(), 1, "{totals}");
    assert_eq!(totals["mappings"][0]["requests"], 1, "{totals}");
    let stats = browser.get("/api/v1/stats").await.json();
    let all: u64 = stats["points"].as_array().unwrap().iter().filter_map(|point| point["requests"].as_u64()).sum();
    assert_eq!(all, 11);
}

#[tokio::test]
async fn time_that_nobody_confirmed_yet_is_no_gap() {
    let api = TestApi::start().await;
    let browser = api.signed_in().await;
    // The time before this start is a gap, as soon as the start is written.
    eventually("no gap lasts until now", || {
        let mut browser = browser.clone();
        async move {
            let asked = Utc::now();
            let stats = browser.get("/api/v1/stats").await.json();
            let past = |gap: &Value| gap["to"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap() <= asked;
            let gaps = stats["gaps"].as_array().unwrap();
            (!gaps.is_empty() && gaps.iter().all(past)).then_some(())
        }
    })
    .await;
}

#[tokio::test]
async fn statistics_survive_a_restart() {
    let api = TestApi::start().await;
    // What is told before the end is counted before it.
    api.state().storage.opened().await;
    let mut browser = api.signed_in().await;
    let mapping = Some(made(&mut browser).await);
    api.state().recorder.exchange(record(mapping, 200));
    api.state().recorder.exchange(failed(mapping));
    eventually("they are counted", || {
        let mut browser = browser.clone();
        async move { (browser.get("/api/v1/stats/mappings").await.json()["mappings"][0]["requests"] == 2).then_some(()) }
    })
    .await;
    browser.get("/api/v1/stats/failures").await;
    let api = api.stop().await.start().await;
    let mut browser = api.signed_in().await;
    let totals = totals(&browser).await;
    assert_eq!((&totals["mappings"][0]["requests"], &totals["mappings"][0]["failures"]), (&json!(2), &json!(1)));
    assert_eq!(browser.get("/api/v1/stats/failures").await.json()["groups"][0]["count"], 1);
}

#[tokio::test]
async fn nobody_waits_for_the_recorder() {
    // R58
    let api = TestApi::start().await;
    let recorder = api.state().recorder.clone();
    // The runtime of this test has one thread, so the worker cannot empty the queue meanwhile.
    for _ in 0..10_000 {
        recorder.exchange(record(None, 200));
    }
    assert!(!recorder.has_room());
    let skipped = recorder.skipped();
    assert!(skipped >= 1_000, "{skipped}");
    assert_eq!(api.signed_in().await.get("/api/v1/status").await.json()["unrecorded"], skipped);
}

#[tokio::test]
async fn the_tunnels_history_is_written() {
    let gateway = octoporty_tests::TestGateway::start().unwrap();
    let api = TestApi::with_gateway(&gateway).await;
    let browser = api.signed_in().await;
    let open = eventually("the connection is in the log", || {
        let mut browser = browser.clone();
        async move {
            let log = browser.get("/api/v1/connection-logs").await.json();
            (log["connections"][0]["outcome"] == "open").then_some(log)
        }
    })
    .await;
    assert!(open["connections"][0]["connectedAt"].as_str().is_some());
    let id = open["connections"][0]["id"].as_str().unwrap();
    drop(gateway);
    let lost = eventually("the loss is in the log", || {
        let mut browser = browser.clone();
        async move {
            let log = browser.get("/api/v1/connection-logs").await.json();
            let end = log["connections"].as_array().unwrap().iter().find(|one| one["id"] == id)?.clone();
            (end["outcome"] != "open").then_some(end)
        }
    })
    .await;
    assert!(lost["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{lost}");
    let status = browser.clone().get("/api/v1/status").await.json();
    assert_eq!(status["lastLoss"]["durationSeconds"], Value::Null);
    // How long the tunnel was up is known once its end is written, which is after the log of connections.
    let spans = eventually("the history has when it was up", || {
        let mut browser = browser.clone();
        async move {
            let history = browser.get("/api/v1/status/history?days=1").await.json();
            let spans = history["spans"].as_array().unwrap().clone();
            spans.iter().any(|span| span["state"] == "up").then_some(spans)
        }
    })
    .await;
    assert_eq!(spans[0]["state"], "unknown");
}

#[tokio::test]
async fn tries_that_the_gateway_refused_are_in_the_log() {
    let gateway = octoporty_tests::TestGateway::start().unwrap();
    let api = Setup::new().gateway(&gateway).set("Agent__ApiKey", &"f".repeat(32)).start().await;
    let browser = api.signed_in().await;
    let refused = eventually("the try is in the log", || {
        let mut browser = browser.clone();
        async move { browser.get("/api/v1/connection-logs").await.json()["connections"].get(0).cloned() }
    })
    .await;
    assert_eq!((&refused["outcome"], &refused["code"]), (&json!("refused"), &json!("wrong-key")), "{refused}");
    assert!(refused["reason"].as_str().unwrap().contains("Agent__ApiKey"), "{refused}");
    assert_eq!((&refused["connectedAt"], &refused["lanes"]), (&Value::Null, &json!(0)));
    for (query, is_found) in [("outcome=refused", true), ("outcome=lost", false), ("to=2020-01-01T00:00:00Z", false)] {
        let found = browser.clone().get(&format!("/api/v1/connection-logs?{query}")).await.json();
        assert_eq!(!found["connections"].as_array().unwrap().is_empty(), is_found, "{query}");
    }
    let status = browser.clone().get("/api/v1/status").await.json();
    assert_eq!(status["sessionId"], Value::Null);
}

#[tokio::test]
async fn a_connection_that_was_asked_to_end_is_told_from_a_lost_one() {
    let gateway = octoporty_tests::TestGateway::start().unwrap();
    let api = TestApi::with_gateway(&gateway).await;
    let mut browser = api.signed_in().await;
    let session = browser.get("/api/v1/status").await.json()["sessionId"].as_str().unwrap().to_owned();
    assert_eq!(browser.post("/api/v1/reconnect", json!({})).await.status, 202);
    let log = eventually("both connections are in the log", || {
        let mut browser = browser.clone();
        async move {
            let log = browser.get("/api/v1/connection-logs").await.json()["connections"].clone();
            (log.as_array().unwrap().len() == 2).then_some(log)
        }
    })
    .await;
    assert_eq!((&log[1]["outcome"], &log[1]["code"]), (&json!("closed"), &json!("reconnect")), "{log}");
    let other = eventually("it is up again", || {
        let mut browser = browser.clone();
        async move { browser.get("/api/v1/status").await.json()["sessionId"].as_str().map(str::to_owned) }
    })
    .await;
    assert_ne!(session, other);
}
