//! Tests of services, diagnoses, and the check of DNS.

use octoporty_tests::TestGateway;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_util::task::TaskTracker;

use super::harness::{Setup, TestApi};

/// A service that answers everything with one page, as the test runs.
async fn service(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let tasks = TaskTracker::new();
    let own = tasks.clone();
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            own.spawn(async move {
                let mut head = [0; 4096];
                let _read = stream.read(&mut head).await;
                let _written = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    port
}

const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nX-Service: yes\r\nConnection: close\r\n\
                    Content-Length: 41\r\n\r\n<html><title>Hello  you</title>body</html>";

async fn test_of(api: &TestApi, body: Value) -> Value {
    let answer = api.signed_in().await.post("/api/v1/mappings/test", body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn a_service_is_asked_before_it_is_mapped() {
    let api = TestApi::start().await;
    let port = service(PAGE).await;
    let good = test_of(&api, json!({"internalHost": "127.0.0.1", "internalPort": port})).await;
    assert_eq!(
        (&good["outcome"], &good["status"], &good["title"]),
        (&json!("answered"), &json!(200), &json!("Hello you")),
        "{good}"
    );
    assert_eq!(good["bytes"], 41);
    let refused = test_of(&api, json!({"internalHost": "127.0.0.1", "internalPort": 9})).await;
    assert_eq!((&refused["outcome"], &refused["address"]), (&json!("refused"), &json!("127.0.0.1:9")));
    let tls =
        test_of(&api, json!({"internalHost": "127.0.0.1", "internalPort": port, "internalProtocol": "Https"})).await;
    assert!(["speaks-http", "failed"].contains(&tls["outcome"].as_str().unwrap()), "{tls}");
    let nowhere = test_of(&api, json!({"internalHost": "nothing.invalid", "internalPort": 80})).await;
    assert_eq!(nowhere["outcome"], "name-not-found");
}

#[tokio::test]
async fn what_no_mapping_may_reach_no_test_reaches() {
    // R33
    let api = TestApi::start().await;
    let metadata = test_of(&api, json!({"internalHost": "169.254.169.254", "internalPort": 80})).await;
    assert_eq!(metadata["outcome"], "not-allowed");
    assert!(metadata["message"].as_str().unwrap().contains("Agent__UpstreamDenyList"), "{metadata}");
    let answer = api.signed_in().await.post("/api/v1/mappings/test", json!({"internalPort": "x", "path": "x"})).await;
    assert_eq!(
        answer.json()["errors"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["internalHost", "internalPort", "path"]
    );
}

#[tokio::test]
async fn both_ways_to_a_service_are_compared() {
    let gateway = TestGateway::start().unwrap();
    let port = service(PAGE).await;
    let api = Setup::new().gateway(&gateway).map(&format!("app.example.com=http://127.0.0.1:{port}")).start().await;
    api.connected().await;
    let mut browser = api.signed_in().await;
    let answer = browser.post("/api/v1/test/diagnose", json!({"url": "https://app.example.com/a?b=c"})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let found = answer.json();
    assert_eq!((&found["gateway"]["status"], &found["agent"]["status"]), (&json!(200), &json!(200)), "{found}");
    assert_eq!((&found["verdict"]["level"], &found["bodyDiff"]["same"]), (&json!("ok"), &json!(true)), "{found}");
    assert_eq!(found["mapping"]["externalDomain"], "app.example.com");
    for side in ["agent", "gateway"] {
        let timing = &found[side]["timing"];
        let ms = |phase: &str| timing[phase].as_f64().unwrap_or_else(|| panic!("{side} {phase}: {timing}"));
        let parts = ms("connectMs") + ms("waitMs") + ms("bodyMs");
        assert!(ms("connectMs") > 0.0 && parts <= ms("totalMs"), "{side}: {timing}");
        assert_eq!(timing["tlsMs"], Value::Null);
    }
    let cut = browser
        .post("/api/v1/test/diagnose", json!({"url": "https://app.example.com/", "maxBodyBytes": 5}))
        .await
        .json();
    assert_eq!((&cut["agent"]["body"]["text"], &cut["agent"]["body"]["truncated"]), (&json!("<html"), &json!(true)));
}

#[tokio::test]
async fn diagnoses_reach_mapped_hosts_alone() {
    // R52
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    for url in [
        "http://169.254.169.254/",
        "https://unmapped.example.com/",
        "file:///etc/passwd",
        "app.example.com",
        "http://localhost:17201/",
    ] {
        let answer = browser.post("/api/v1/test/diagnose", json!({"url": url})).await;
        assert_eq!(answer.verdict(), (422, "validation-failed".to_owned()), "{url}");
        assert!(answer.json()["errors"]["url"].is_array());
    }
    let answer = browser.post("/api/v1/test/diagnose", json!({"url": "http://a/", "maxBodyBytes": 0})).await;
    assert!(answer.json()["errors"]["maxBodyBytes"].is_array());
}

#[tokio::test]
async fn names_are_compared_with_the_gateways_addresses() {
    let gateway = TestGateway::start().unwrap();
    let api = TestApi::with_gateway(&gateway).await;
    let mut browser = api.signed_in().await;
    let own = browser.get("/api/v1/dns?name=localhost").await.json();
    assert_eq!((&own["outcome"], &own["gatewayAddresses"][0]), (&json!("gateway"), &json!("127.0.0.1")), "{own}");
    let none = browser.get("/api/v1/dns?name=*.nothing.invalid").await.json();
    assert_eq!((&none["outcome"], &none["name"]), (&json!("none"), &json!("*.nothing.invalid")));
}
