//! The dashboard's files, or the page in their place.

use http::Method;
use serde_json::json;

use super::harness::TestApi;

#[tokio::test]
async fn the_start_page_is_there_and_places_of_the_dashboard_lead_to_it() {
    let api = TestApi::start().await;
    let mut browser = api.browser().with("Accept", "text/html,*/*");
    let start = browser.get("/").await;
    assert_eq!(start.status, 200);
    assert!(start.header("content-type").starts_with("text/html"));
    assert_eq!(start.header("cache-control"), "no-cache");
    for place in ["/mappings/new", "/logs/agent", "/settings/data"] {
        let answer = browser.get(place).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &start.body), "{place}");
    }
    for nothing in ["/nothing", "/assets/nothing.js", "/hub/status", "/metrics"] {
        assert_eq!(browser.get(nothing).await.status, 404, "{nothing}");
    }
    assert_eq!(api.browser().get("/mappings").await.status, 404, "programs get no page");
    let head = browser.send(Method::HEAD, "/", None).await;
    assert!(head.status == 200 && head.body.is_empty());
    let answer = browser.send(Method::POST, "/", Some(json!({}))).await;
    assert_eq!(answer.verdict(), (405, "method-not-allowed".to_owned()));
}

#[tokio::test]
async fn files_are_kept_by_their_names_and_asked_for_by_their_tags() {
    let api = TestApi::start().await;
    let mut browser = api.browser().with("Accept", "text/html");
    let start = browser.get("/").await;
    let tag = start.header("etag").to_owned();
    // A build without Node has no files, and its page no tag.
    if tag.is_empty() {
        assert!(String::from_utf8_lossy(&start.body).contains("This build has no dashboard"));
        return;
    }
    let same = browser.clone().with("If-None-Match", &tag).get("/").await;
    assert!(same.status == 304 && same.body.is_empty());
    let page = String::from_utf8_lossy(&start.body).into_owned();
    let at = page.find("/assets/").expect("the page has a script");
    let path: String = page[at..].chars().take_while(|c| !"\"'".contains(*c)).collect();
    let plain = browser.get(&path).await;
    assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
    let packed = browser.with("Accept-Encoding", "gzip, br").get(&path).await;
    assert_eq!(packed.header("content-encoding"), "br");
    assert!(packed.body.len() < plain.body.len());
}
