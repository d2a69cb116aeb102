//! Tokens, refresh, and the ends of sessions.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use octoporty_store::Clock;
use serde_json::json;

use super::{
    client::Browser,
    harness::{Setup, TestApi, hash_of},
};

const STATUS: &str = "/api/v1/status";
const REFRESH: &str = "/api/v1/auth/refresh";
const ACCESS: &str = "octoporty_access";
const TOKEN: &str = "octoporty_refresh";

impl TestApi {
    pub(super) async fn signed_in_from(&self, address: &str) -> Browser {
        let mut browser = self.browser().from(address);
        assert_eq!(browser.sign_in().await.status, 200);
        browser
    }
}

#[tokio::test]
async fn only_the_cookie_with_a_good_token_is_a_session() {
    // R42, R41
    let api = TestApi::start().await;
    let browser = api.signed_in().await;
    let token = browser.cookies[ACCESS].clone();
    let cut = token[..token.len() - 4].to_owned();
    for bad in [cut, browser.cookies[TOKEN].clone(), browser.cookies["octoporty_browser"].clone(), String::new()] {
        let mut other = api.browser();
        other.cookies.insert(ACCESS.to_owned(), bad);
        assert_eq!(other.get(STATUS).await.verdict(), (401, "not-signed-in".to_owned()));
    }
    let mut bearer = api.browser().with("Authorization", &format!("Bearer {token}"));
    assert_eq!(bearer.get(STATUS).await.status, 401);
    assert_eq!(api.browser().get(&format!("{STATUS}?access_token={token}")).await.status, 401);
    let mut twice = api.browser().with("Cookie", &format!("{ACCESS}={token}"));
    twice.cookies.insert(ACCESS.to_owned(), token);
    assert_eq!(twice.get(STATUS).await.status, 401, "two cookies of one name are none");
}

#[tokio::test]
async fn refresh_trades_the_token_and_an_old_one_ends_the_session() {
    // R43
    let ahead = Arc::new(AtomicI64::new(0));
    let clock = Arc::clone(&ahead);
    let clock = Clock::new(move || Utc::now() + TimeDelta::seconds(clock.load(Ordering::Relaxed)));
    let api = Setup::new().clock(clock).start().await;
    let mut browser = api.signed_in().await;
    let old = browser.clone();
    assert_eq!(browser.post(REFRESH, json!({})).await.status, 200);
    assert_ne!(browser.cookies[TOKEN], old.cookies[TOKEN]);
    // A page that was opened twice asks twice.
    assert_eq!(old.clone().send(http::Method::POST, REFRESH, None).await.status, 200);
    ahead.store(11, Ordering::Relaxed);
    let answer = old.clone().post(REFRESH, json!({})).await;
    assert_eq!(answer.verdict(), (401, "not-signed-in".to_owned()));
    assert!(answer.cookies().iter().all(|cookie| cookie.contains("Max-Age=0")));
    assert_eq!(browser.post(REFRESH, json!({})).await.status, 401, "the whole family is over");
    assert_eq!(browser.get(STATUS).await.status, 401, "and the access token too");
    let stolen = old.cookies[TOKEN].clone();
    assert_eq!(api.browser().post(REFRESH, json!({"refreshToken": stolen})).await.status, 401, "not from a body");
}

#[tokio::test]
async fn sessions_survive_a_restart_and_end_with_the_password() {
    // R43, R44
    let api = TestApi::start().await;
    let browser = api.signed_in().await;
    let setup = api.stop().await;
    let api = setup.start().await;
    let mut again = api.browser();
    again.cookies = browser.cookies.clone();
    assert_eq!(again.get(STATUS).await.status, 200);
    assert_eq!(again.post(REFRESH, json!({})).await.status, 200);
    let cookies = again.cookies;
    let setup = api.stop().await.set("Agent__Auth__PasswordHash", &hash_of("another password"));
    let api = setup.start().await;
    let mut late = api.browser();
    late.cookies = cookies;
    assert_eq!(late.get(STATUS).await.status, 401);
    assert_eq!(late.post(REFRESH, json!({})).await.status, 401);
    let mut owner = api.browser();
    assert_eq!(owner.try_password("another password").await.status, 200);
    assert_eq!(owner.get("/api/v1/auth/sessions").await.json()["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere() {
    // R44
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    let before = browser.clone();
    assert_eq!(browser.send(http::Method::POST, "/api/v1/auth/logout", None).await.status, 204);
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["octoporty_browser"]);
    assert_eq!(before.clone().get(STATUS).await.status, 401);
    assert_eq!(before.clone().post(REFRESH, json!({})).await.status, 401);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_or_all() {
    // R44, R45
    let api = TestApi::start().await;
    let mut one = api.signed_in().await;
    let mut two = api.browser().with("User-Agent", "Two/1.0");
    two.cookies = one.cookies.clone();
    two.sign_in().await;
    assert_ne!(one.cookies[ACCESS], two.cookies[ACCESS], "signing in again is a new session");
    let id = |session: serde_json::Value| session["sessionId"].as_str().unwrap().to_owned();
    let first = id(one.get("/api/v1/auth/session").await.json());
    let second = id(two.get("/api/v1/auth/session").await.json());
    assert_ne!(first, second);
    let list = two.get("/api/v1/auth/sessions").await.json();
    let list = list["sessions"].as_array().unwrap();
    assert_eq!(list.len(), 2);
    let own = list.iter().find(|session| session["current"] == true).unwrap();
    assert_eq!((own["id"].as_str(), own["userAgent"].as_str()), (Some(second.as_str()), Some("Two/1.0")));
    assert_eq!(two.delete(&format!("/api/v1/auth/sessions/{first}")).await.status, 204);
    assert_eq!(one.get(STATUS).await.status, 401);
    assert_eq!(two.delete(&format!("/api/v1/auth/sessions/{first}")).await.status, 404);
    let mut three = api.signed_in().await;
    assert_eq!(two.delete("/api/v1/auth/sessions").await.status, 204);
    for browser in [&mut two, &mut three] {
        assert_eq!(browser.get(STATUS).await.status, 401);
    }
}

#[tokio::test]
async fn cookies_from_before_signing_in_are_replaced() {
    // R45
    let api = TestApi::start().await;
    let mut browser = api.browser();
    for name in [ACCESS, TOKEN, "octoporty_browser"] {
        browser.cookies.insert(name.to_owned(), "attacker-chosen-value-000000000000".to_owned());
    }
    browser.sign_in().await;
    assert!(browser.cookies.values().all(|value| !value.contains("attacker")), "{:?}", browser.cookies);
    tokio::time::timeout(Duration::from_secs(5), browser.get(STATUS)).await.unwrap();
}
