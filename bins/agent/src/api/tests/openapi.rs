//! The OpenAPI document against its golden file.

use std::path::Path;

use super::harness::TestApi;
use crate::api::router;

/// Set to anything, the test writes the golden file instead of comparing with it.
const UPDATE: &str = "UPDATE_GOLDEN";

fn golden() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json")
}

#[test]
fn the_document_is_the_golden_one() {
    let document = serde_json::to_string_pretty(&router::document()).unwrap() + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(golden(), &document).unwrap();
    }
    let known = std::fs::read_to_string(golden()).unwrap();
    assert!(
        document == known,
        "docs/openapi.json is not what the code says; look at the change, then run with {UPDATE}=1"
    );
}

#[tokio::test]
async fn the_document_is_served() {
    let api = TestApi::start().await;
    let served = api.signed_in().await.get("/api/v1/openapi.json").await;
    assert_eq!(served.header("content-type"), "application/json");
    let document = served.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document, serde_json::to_value(router::document()).unwrap());
}
