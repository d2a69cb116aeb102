//! Passwords, lockout and cookies.

use serde_json::json;

use super::harness::{PASSWORD, Setup, TestApi};

const LOGIN: &str = "/api/v1/auth/login";

#[tokio::test]
async fn signing_in_sets_cookies_that_scripts_and_other_sites_do_not_get() {
    // R41
    let api = TestApi::start().await;
    let mut browser = api.browser();
    let answer = browser.sign_in().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let cookies = answer.cookies();
    let names: Vec<_> = cookies.iter().map(|cookie| cookie.split('=').next().unwrap()).collect();
    assert_eq!(names, ["octoporty_access", "octoporty_refresh", "octoporty_browser"]);
    for cookie in &cookies {
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
    }
    assert!(cookies[0].contains("Path=/;") && cookies[0].contains("Max-Age=900"), "{}", cookies[0]);
    assert!(cookies[1].contains("Path=/api/v1/auth;") && cookies[1].contains("Max-Age=604800"), "{}", cookies[1]);
    let body = answer.json();
    assert!(body["expiresAt"].as_str().is_some());
    let text = body.to_string();
    assert!(browser.cookies.values().all(|value| !text.contains(value.as_str())), "no token in the body");
    assert_eq!(browser.get("/api/v1/status").await.status, 200);
}

#[tokio::test]
async fn cookies_are_for_https_where_a_trusted_proxy_says_that_it_is() {
    // R41, R40
    let api = Setup::new().set("Agent__TrustedProxies", "127.0.0.1/32").start().await;
    let mut browser = api.browser().with("X-Forwarded-Proto", "https");
    let answer = browser.sign_in().await;
    let cookies = answer.cookies();
    assert!(cookies.iter().all(|cookie| cookie.contains("Secure")), "{cookies:?}");
    assert!(cookies[0].starts_with("__Host-octoporty_access="));
    assert!(cookies[1].starts_with("__Secure-octoporty_refresh="));
    assert!(answer.header("strict-transport-security").starts_with("max-age="));
    assert_eq!(browser.get("/api/v1/status").await.status, 200);
    // A cookie of the other name, which somebody on the way could have set, counts for nothing over HTTPS.
    let mut other = api.browser().with("X-Forwarded-Proto", "https");
    let access = browser.cookies["__Host-octoporty_access"].clone();
    other.cookies.insert("octoporty_access".to_owned(), access);
    assert_eq!(other.get("/api/v1/status").await.status, 401);
    // Nobody else is believed.
    let mut stranger = api.browser().from("127.0.0.2").with("X-Forwarded-Proto", "https");
    assert!(stranger.sign_in().await.cookies().iter().all(|cookie| !cookie.contains("Secure")));
}

#[tokio::test]
async fn wrong_passwords_lock_their_address_and_no_other() {
    // R39
    let api = TestApi::start().await;
    let mut browser = api.browser();
    for left in (0..5).rev() {
        let answer = browser.try_password("wrong").await;
        assert_eq!(answer.verdict(), (401, "wrong-password".to_owned()));
        let body = answer.json();
        assert_eq!((body["triesLeft"].as_u64(), body["nextLockSeconds"].as_u64()), (Some(left), Some(60)));
    }
    let answer = browser.sign_in().await;
    assert_eq!(answer.verdict(), (429, "locked-out".to_owned()));
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(answer.json()["retryAfterSeconds"].as_u64(), Some(seconds));
    assert_eq!(answer.json()["nextLockSeconds"].as_u64(), Some(300));
    assert!(answer.cookies().is_empty());
    // R40: saying that one is somebody else does not help.
    let mut liar = api.browser().with("X-Forwarded-For", "9.9.9.9");
    assert_eq!(liar.sign_in().await.status, 429);
    assert_eq!(api.browser().from("127.0.0.2").sign_in().await.status, 200);
    let failures = api.signed_in_from("127.0.0.3").await.get("/api/v1/auth/failures").await.json();
    let failures = failures["failures"].as_array().unwrap();
    assert_eq!(failures.len(), 5);
    assert_eq!((failures[0]["lockedSeconds"].as_u64(), failures[4]["lockedSeconds"].as_u64()), (Some(60), Some(0)));
    assert_eq!(failures[0]["address"], "127.0.0.1");
}

#[tokio::test]
async fn a_burst_of_guesses_is_counted_before_they_are_checked() {
    // R39, R38
    let api = TestApi::start().await;
    let guesses = (0..40).map(|_| {
        let mut browser = api.browser();
        async move { browser.try_password("wrong").await.status.as_u16() }
    });
    let statuses = futures::future::join_all(guesses).await;
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 5);
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 35);
}

#[tokio::test]
async fn a_browser_that_is_known_is_not_locked_out_by_its_neighbours() {
    // R39
    let api = TestApi::start().await;
    let owner = api.signed_in().await;
    let mut neighbour = api.browser();
    for _ in 0..6 {
        neighbour.try_password("wrong").await;
    }
    assert_eq!(neighbour.sign_in().await.status, 429);
    let mut returning = api.browser();
    let name = "octoporty_browser".to_owned();
    returning.cookies.insert(name.clone(), owner.cookies[&name].clone());
    assert_eq!(returning.sign_in().await.status, 200);
    // One that it made up itself is no better than none.
    let mut forger = api.browser();
    forger.cookies.insert(name.clone(), format!("{}x", owner.cookies[&name]));
    assert_eq!(forger.sign_in().await.status, 429);
}

#[tokio::test]
async fn long_passwords_are_refused_unchecked() {
    // R38
    let api = TestApi::start().await;
    let mut browser = api.browser();
    assert_eq!(browser.try_password(&"p".repeat(257)).await.verdict(), (422, "validation-failed".to_owned()));
    assert_eq!(browser.try_password(&"p".repeat(1_000_000)).await.verdict(), (413, "too-large".to_owned()));
    assert_eq!(browser.try_password(&"p".repeat(256)).await.json()["triesLeft"].as_u64(), Some(4));
    let deep = bytes::Bytes::from("[".repeat(3_000));
    let answer = browser.send_bytes(http::Method::POST, LOGIN, Some("application/json"), deep).await;
    assert_eq!(answer.status, 422);
    let broken = bytes::Bytes::from_static(b"{\"password\":");
    let answer = browser.send_bytes(http::Method::POST, LOGIN, Some("application/json"), broken).await;
    assert_eq!(answer.verdict(), (400, "bad-json".to_owned()));
}

#[tokio::test]
async fn signing_in_can_be_turned_off() {
    // R38
    let api = Setup::new().set("Agent__Auth__PasswordHash", "!").start().await;
    for password in ["!", "", PASSWORD] {
        assert_eq!(api.browser().try_password(password).await.verdict(), (403, "login-off".to_owned()));
    }
}

#[tokio::test]
async fn what_is_no_sign_in_says_so() {
    let api = TestApi::start().await;
    let mut browser = api.browser();
    for (body, expected) in [(json!({}), 422), (json!([]), 422), (json!({"password": 1}), 422)] {
        assert_eq!(browser.post(LOGIN, body).await.status.as_u16(), expected);
    }
    assert_eq!(browser.get(LOGIN).await.verdict(), (405, "method-not-allowed".to_owned()));
}
