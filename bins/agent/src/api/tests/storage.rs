//! A database that does not work.

use octoporty_tests::TestGateway;
use serde_json::json;

use super::harness::{Setup, TestApi};

#[tokio::test]
async fn without_a_database_the_tunnel_works_and_the_api_says_what_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("octoporty.db");
    std::fs::write(&file, "this is no database, whatever its name says; it is long enough to be looked at".repeat(20))
        .unwrap();
    let gateway = TestGateway::start().unwrap();
    let api =
        Setup::new().database(file).gateway(&gateway).map("fixed.example.com=http://localhost:3000").start().await;
    api.connected().await;
    let mut browser = api.signed_in().await;
    let status = browser.get("/api/v1/status").await.json();
    assert_eq!(status["connectionStatus"], "Connected");
    let unsaved = status["unsaved"].as_array().unwrap();
    assert!(unsaved[0].as_str().unwrap().contains("octoporty.db"), "{unsaved:?}");
    assert_eq!(browser.get("/api/v1/mappings").await.json()["total"], 1);
    let body = json!({"externalDomain": "app.example.com", "internalHost": "localhost", "internalPort": 80});
    let answer = browser.post("/api/v1/mappings", body).await;
    assert_eq!(answer.verdict(), (503, "database-unavailable".to_owned()));
    for path in [
        "/api/v1/request-logs",
        "/api/v1/import-export/export",
        "/api/v1/settings/landing-page",
        "/api/v1/auth/sessions",
    ] {
        assert_eq!(browser.get(path).await.verdict(), (503, "database-unavailable".to_owned()), "{path}");
    }
    for path in [
        "/api/v1/stats",
        "/api/v1/stats/mappings",
        "/api/v1/stats/failures",
        "/api/v1/agent/logs",
        "/api/v1/auth/session",
    ] {
        assert_eq!(browser.get(path).await.status, 200, "{path}");
    }
    assert_eq!(browser.post("/api/v1/auth/logout", json!({})).await.status, 204);
    assert_eq!(browser.get("/api/v1/status").await.status, 401);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    for number in 0..20 {
        let body = json!({"externalDomain": format!("a{number}.example.com"), "internalHost": "localhost", "internalPort": 80});
        assert_eq!(browser.post("/api/v1/mappings", body).await.status, 201);
    }
    let api = api.stop().await.start().await;
    assert_eq!(api.signed_in().await.get("/api/v1/mappings").await.json()["total"], 20);
}
