//! All addresses, walked without a session, and what is at none of them.

use http::Method;
use serde_json::json;

use super::harness::TestApi;
use crate::api::router;

/// Each documented address with each method that it knows.
fn documented() -> Vec<(Method, String)> {
    let document = serde_json::to_value(router::document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let routes = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys().filter_map(|method| method.to_uppercase().parse().ok());
        let path = path.replace("{id}", "00000000-0000-4000-8000-000000000000");
        methods.map(move |method: Method| (method, path.clone())).collect::<Vec<_>>()
    });
    routes.collect()
}

#[tokio::test]
async fn every_address_needs_a_session_but_those_to_get_one() {
    // R51
    let api = TestApi::start().await;
    let routes = documented();
    assert!(routes.len() >= 40, "{}", routes.len());
    // What they say of themselves to whoever has nothing. Refreshing takes the cookies away, which the guard does not.
    let open = [("/health", 200, 0), ("/api/v1/auth/login", 422, 0), ("/api/v1/auth/refresh", 401, 2)];
    for (method, path) in routes {
        let body = (method != Method::GET).then(|| json!({}));
        let answer = api.browser().send(method.clone(), &path, body.clone()).await;
        if let Some((_, status, cookies)) = open.iter().find(|(open, ..)| *open == path) {
            assert_eq!((answer.status.as_u16(), answer.cookies().len()), (*status, *cookies), "{method} {path}");
            continue;
        }
        assert_eq!(answer.verdict(), (401, "not-signed-in".to_owned()), "{method} {path}");
        if let Some(rest) = path.strip_prefix("/api/v1/mappings") {
            let alias = format!("/api/mappings{rest}");
            assert_eq!(api.browser().send(method, &alias, body).await.status, 401, "{alias}");
        }
    }
    for path in ["/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v2/status", "/api/v1/auth/login/"] {
        assert_eq!(api.browser().get(path).await.status, 401, "{path}");
    }
    // R61
    assert_eq!(api.browser().get("/health").await.json(), json!({"status": "degraded"}));
}

#[tokio::test]
async fn there_is_no_way_around_the_guard() {
    // R51
    let api = TestApi::start().await;
    for path in [
        "//api/v1/status",
        "/%61pi/v1/status",
        "/api%2fv1/status",
        "/x/../api/v1/status",
        "/API/v1/status",
        "/hub/status",
        "/metrics",
    ] {
        let answer = api.browser().get(path).await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn nothing_is_where_nothing_is() {
    // R57
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    let answer = browser.get("/api/v1/nothing").await;
    assert_eq!(answer.verdict(), (404, "not-found".to_owned()));
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let body = answer.json();
    assert_eq!(body["requestId"], answer.header("x-octoporty-request-id"));
    assert_eq!(body["type"], "about:blank");
    let answer = browser.send(Method::PATCH, "/api/v1/status", Some(json!({}))).await;
    assert_eq!(answer.verdict(), (405, "method-not-allowed".to_owned()));
    assert!(answer.header("allow").contains("GET"), "{answer:?}");
    for path in
        ["/api/v1/mappings/x", "/api/v1/mappings/00000000-0000-4000-8000-000000000000", "/api/v1/request-logs/x"]
    {
        assert_eq!(browser.get(path).await.verdict(), (404, "not-found".to_owned()), "{path}");
    }
    for path in [
        "/api/v1/agent/logs?count=0",
        "/api/v1/agent/logs?level=loud",
        "/api/v1/stats?minutes=0",
        "/api/v1/stats?mapping=x",
        "/api/v1/request-logs?status=7xx&limit=0&cursor=x",
        "/api/v1/status/history?days=8",
        "/api/v1/events?topics=moon",
        "/api/v1/dns?name=a..b",
        "/api/v1/dns",
    ] {
        assert_eq!(browser.get(path).await.verdict(), (422, "validation-failed".to_owned()), "{path}");
    }
    let answer = browser.get("/api/v1/request-logs?status=7xx&limit=0&cursor=x").await.json();
    assert_eq!(answer["errors"].as_object().unwrap().keys().collect::<Vec<_>>(), ["cursor", "limit", "status"]);
}
