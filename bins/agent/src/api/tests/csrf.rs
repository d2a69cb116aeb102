//! Other sites, other names, and what browsers are told.

use bytes::Bytes;
use http::Method;
use serde_json::json;

use super::harness::{Setup, TestApi};

const RECONNECT: &str = "/api/v1/reconnect";

#[tokio::test]
async fn other_sites_get_nothing_done() {
    // R46
    let api = TestApi::start().await;
    let browser = api.signed_in().await;
    let own = format!("http://{}", browser.host);
    for (name, value) in [
        ("Origin", "https://evil.test".to_owned()),
        ("Origin", "null".to_owned()),
        ("Origin", format!("{own}.evil.test")),
        ("Origin", format!("{own}0")),
        ("Sec-Fetch-Site", "cross-site".to_owned()),
        ("Sec-Fetch-Site", "same-site".to_owned()),
    ] {
        let mut other = browser.clone().with(name, &value);
        assert_eq!(other.post(RECONNECT, json!({})).await.verdict(), (403, "cross-site".to_owned()), "{value}");
        assert_eq!(other.get("/api/v1/events").await.status, 403, "{value}");
        let answer = api.browser().with(name, &value).sign_in().await;
        assert!(answer.status == 403 && answer.cookies().is_empty(), "{value}");
    }
    let mut reader = browser.clone().with("Origin", "https://evil.test");
    let answer = reader.get("/api/v1/status").await;
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{answer:?}");
    let mut page = browser.with("Origin", &own).with("Sec-Fetch-Site", "same-origin");
    assert_eq!(page.post(RECONNECT, json!({})).await.status, 202);
}

#[tokio::test]
async fn bodies_that_a_form_can_make_are_refused() {
    // R46
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    for kind in
        ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "", "application/jsonx"]
    {
        let answer = browser.send_bytes(Method::POST, RECONNECT, Some(kind), Bytes::from_static(b"{}")).await;
        assert_eq!(answer.verdict(), (415, "json-required".to_owned()), "{kind}");
    }
    let answer = browser.send_bytes(Method::POST, RECONNECT, None, Bytes::from_static(b"{}")).await;
    assert_eq!(answer.status, 415);
    let kind = Some("application/json; charset=utf-8");
    assert_eq!(browser.send_bytes(Method::POST, RECONNECT, kind, Bytes::from_static(b"{}")).await.status, 202);
}

#[tokio::test]
async fn lists_are_no_bodies() {
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    // The first has no field that must be there.
    for path in ["/api/v1/gateway/update", "/api/v1/mappings", "/api/v1/import-export/import"] {
        let answer = browser.post(path, json!([])).await;
        assert_eq!(answer.verdict(), (422, "validation-failed".to_owned()), "{path}");
        assert_eq!(answer.json()["errors"]["body"][0], "is not an object", "{path}");
    }
}

#[tokio::test]
async fn only_names_that_are_ours_are_answered() {
    // R47
    let api = Setup::new().set("Agent__AllowedHosts", "ui.example.com").start().await;
    let signed_in = api.signed_in().await;
    for (host, expected) in [
        ("rebind.evil.test", 421),
        ("localhost.evil.test", 421),
        ("ui.example.com:443", 200),
        ("127.0.0.1", 200),
        ("test-agent", 200),
    ] {
        let mut browser = signed_in.clone();
        browser.host = host.to_owned();
        assert_eq!(browser.get("/api/v1/status").await.status.as_u16(), expected, "{host}");
    }
    let mut probe = api.browser();
    probe.host = "whatever.internal".to_owned();
    assert_eq!(probe.get("/health").await.status, 200);
    assert_eq!(probe.get("/").await.verdict(), (421, "host-not-allowed".to_owned()));
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_careful() {
    // R48
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    for path in ["/", "/api/v1/status", "/api/v1/nothing", "/nothing.js", "/health"] {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'self'",
            "script-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "not without TLS");
    }
    let preview = browser.get("/landing-preview.html").await;
    assert!(preview.header("content-security-policy").starts_with("sandbox allow-scripts; default-src 'none'"), "R49");
}
