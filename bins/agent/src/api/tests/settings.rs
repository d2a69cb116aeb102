//! The landing page.

use serde_json::json;

use super::harness::TestApi;

const PAGE: &str = "/api/v1/settings/landing-page";

#[tokio::test]
async fn a_landing_page_is_kept_and_brought_back() {
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    let first = browser.get(PAGE).await.json();
    assert_eq!(first, json!({"html": null, "hash": null, "isDefault": true}));
    let answer = browser.put(PAGE, json!({"html": "<h1>Mine</h1>"})).await;
    assert_eq!(answer.status, 200);
    let hash = answer.json()["hash"].clone();
    assert_eq!(hash, "0227edb8279ffdf9e4ce7378e3ec5cce4c61036da101d09d59c9716c56811ec0");
    assert_eq!(browser.get(PAGE).await.json(), json!({"html": "<h1>Mine</h1>", "hash": hash, "isDefault": false}));
    let api = api.stop().await.start().await;
    let mut browser = api.signed_in().await;
    assert_eq!(browser.get(PAGE).await.json()["isDefault"], false);
    assert_eq!(browser.delete(PAGE).await.status, 204);
    assert_eq!(browser.get(PAGE).await.json()["isDefault"], true);
}

#[tokio::test]
async fn empty_and_large_pages_are_refused() {
    // R49
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    assert_eq!(browser.put(PAGE, json!({"html": " \n"})).await.verdict(), (400, "landing-page-empty".to_owned()));
    assert_eq!(browser.put(PAGE, json!({"html": "x".repeat(1 << 20)})).await.status, 200);
    assert_eq!(
        browser.put(PAGE, json!({"html": "x".repeat((1 << 20) + 1)})).await.verdict(),
        (413, "too-large".to_owned())
    );
    assert_eq!(browser.put(PAGE, json!({"html": "\u{1}".repeat(1 << 20)})).await.status, 200, "escapes do not count");
}
