//! Export, import, backup.

use http::Method;
use serde_json::{Value, json};

use super::{
    client::{Answer, Browser},
    harness::{PASSWORD, Setup, TestApi},
};

const EXPORT: &str = "/api/v1/import-export/export";
const IMPORT: &str = "/api/v1/import-export/import";

fn row(domain: &str, port: u16) -> Value {
    json!({"name": domain, "externalDomain": domain, "internalHost": "localhost", "internalPort": port})
}

fn document(mappings: &[Value]) -> Value {
    json!({"format": "octoporty-export", "formatVersion": 1, "mappings": mappings})
}

async fn total(browser: &mut Browser) -> u64 {
    browser.get("/api/v1/mappings").await.json()["total"].as_u64().unwrap()
}

fn actions(answer: &Answer) -> Vec<String> {
    answer.json()["rows"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_was_exported_can_be_imported_elsewhere() {
    // R54
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    let mut mapping = row("app.example.com", 3000);
    mapping["timeouts"] = json!({"connectSeconds": 1.5});
    mapping["requestHeaders"] = json!({"set": [{"name": "X-Team", "value": "blue"}]});
    browser.post("/api/v1/mappings", mapping).await;
    browser.put("/api/v1/settings/landing-page", json!({"html": "<p>hello</p>"})).await;
    let answer = browser.get(EXPORT).await;
    assert!(answer.header("content-disposition").starts_with("attachment; filename=\"octoporty-"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let exported = answer.json();
    assert_eq!((&exported["format"], &exported["formatVersion"]), (&json!("octoporty-export"), &json!(1)));

    let other = TestApi::start().await;
    let mut browser = other.signed_in().await;
    let imported = browser.post(IMPORT, exported.clone()).await;
    assert_eq!(imported.status, 200, "{imported:?}");
    assert_eq!((&imported.json()["created"], &imported.json()["landingPage"]), (&json!(1), &json!("set")));
    let again = browser.get(EXPORT).await.json();
    assert_eq!((&again["mappings"], &again["landingPage"]), (&exported["mappings"], &exported["landingPage"]));
    let same = browser.post(IMPORT, exported).await.json();
    assert_eq!((&same["unchanged"], &same["landingPage"]), (&json!(1), &json!("unchanged")));
}

#[tokio::test]
async fn a_bad_row_stops_everything_and_is_named() {
    // R53
    let api = Setup::new().map("fixed.example.com=http://localhost:1").start().await;
    let mut browser = api.signed_in().await;
    browser.post("/api/v1/mappings", row("old.example.com", 80)).await;
    let rows = [
        row("new.example.com", 80),
        row("a b", 0),
        row("old.example.com", 81),
        row("NEW.example.com", 82),
        row("fixed.example.com", 83),
        json!("nonsense"),
    ];
    let body = document(&rows);
    let dry = browser.post(&format!("{IMPORT}?dryRun=true"), body.clone()).await;
    assert_eq!(
        (dry.status.as_u16(), actions(&dry)),
        (200, ["create", "refused", "update", "refused", "refused", "refused"].map(str::to_owned).to_vec())
    );
    let report = dry.json();
    assert_eq!(report["rows"][1]["errors"].as_array().unwrap().len(), 2, "{report}");
    assert_eq!(report["rows"][2]["changes"], json!(["internalPort"]));
    assert!(report["rows"][3]["errors"][0].as_str().unwrap().contains("row 1"), "{report}");
    let refused = browser.post(IMPORT, body.clone()).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["refused"]), (422, &json!(4)));
    assert_eq!(total(&mut browser).await, 2, "nothing was written");
    let skipped = browser.post(&format!("{IMPORT}?skip=2,4,5,6"), body).await;
    assert_eq!(
        (skipped.status.as_u16(), &skipped.json()["created"], &skipped.json()["updated"]),
        (200, &json!(1), &json!(1))
    );
    assert_eq!((skipped.json()["skipped"].clone(), total(&mut browser).await), (json!(4), 3));
}

#[tokio::test]
async fn secrets_stay_out_of_documents_and_in_their_mappings() {
    // R53, R54
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    let mut mapping = row("app.example.com", 3000);
    mapping["requestHeaders"] = json!({"set": [{"name": "Authorization", "value": "Bearer topsecret"}]});
    assert_eq!(browser.post("/api/v1/mappings", mapping).await.status, 201);
    let mut exported = browser.get(EXPORT).await.json();
    assert!(!exported.to_string().contains("topsecret"), "{exported}");
    exported["mappings"][0]["internalPort"] = json!(3001);
    assert_eq!(browser.post(IMPORT, exported.clone()).await.status, 200);
    let kept = browser.get("/api/v1/mappings").await.json();
    assert_eq!(kept["mappings"][0]["requestHeaders"]["set"][0]["value"], "Bearer topsecret");
    let other = TestApi::start().await;
    let refused = other.signed_in().await.post(IMPORT, exported).await;
    assert_eq!(refused.status, 422);
    assert!(refused.json()["rows"][0]["errors"][0].as_str().unwrap().contains("authorization"), "{refused:?}");
}

#[tokio::test]
async fn what_is_no_export_is_refused() {
    // R53
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    for body in [
        json!([]),
        json!({"format": "other"}),
        json!({"format": "octoporty-export", "formatVersion": 2}),
        json!({"format": "octoporty-export", "formatVersion": 1, "mappings": {}}),
        json!({"format": "octoporty-export", "formatVersion": 1, "landingPage": ""}),
    ] {
        assert_eq!(browser.post(IMPORT, body.clone()).await.verdict(), (422, "validation-failed".to_owned()), "{body}");
    }
    let large = bytes::Bytes::from(" ".repeat(5 * 1024 * 1024 + 1));
    let answer = browser.send_bytes(Method::POST, IMPORT, Some("application/json"), large).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn the_backup_is_a_database() {
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    browser.post("/api/v1/mappings", row("app.example.com", 80)).await;
    let answer = browser.get("/api/v1/import-export/sqlite").await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.starts_with(b"SQLite format 3\0"));
    assert_eq!(answer.header("content-length"), answer.body.len().to_string());
    assert_eq!(answer.header("cache-control"), "no-store");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("copy.db");
    std::fs::write(&file, &answer.body).unwrap();
    let copy = Setup::new().database(file).start().await;
    assert_eq!(total(&mut copy.signed_in().await).await, 1);
}

const PASSPHRASE: &str = "a passphrase of some words";

#[tokio::test]
async fn a_document_with_secrets_is_sealed_and_opens_elsewhere() {
    // R54
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    let mut mapping = row("app.example.com", 80);
    mapping["requestHeaders"] = json!({"set": [{"name": "Authorization", "value": "Bearer topsecret"}]});
    browser.post("/api/v1/mappings", mapping).await;
    browser.put("/api/v1/settings/landing-page", json!({"html": "<p>hello</p>"})).await;
    let sealed = browser.post(EXPORT, json!({"password": PASSWORD, "passphrase": PASSPHRASE})).await;
    assert_eq!(sealed.status, 200, "{sealed:?}");
    assert_eq!(sealed.header("cache-control"), "no-store");
    assert!(sealed.header("content-disposition").ends_with(".sealed.json\""));
    assert!(!String::from_utf8_lossy(&sealed.body).contains("app.example.com"), "{sealed:?}");

    let other = TestApi::start().await;
    let mut browser = other.signed_in().await;
    let with = |passphrase: &str| {
        let mut document = sealed.json();
        document["passphrase"] = json!(passphrase);
        document
    };
    let refused = browser.post(IMPORT, with("another passphrase")).await;
    assert_eq!(refused.verdict(), (422, "validation-failed".to_owned()));
    assert!(refused.json()["errors"]["passphrase"].is_array(), "{refused:?}");
    assert_eq!(browser.post(IMPORT, sealed.json()).await.verdict(), (422, "validation-failed".to_owned()));
    assert_eq!(total(&mut browser).await, 0);
    let imported = browser.post(IMPORT, with(PASSPHRASE)).await.json();
    assert_eq!((&imported["created"], &imported["landingPage"]), (&json!(1), &json!("set")), "{imported}");
    let list = browser.get("/api/v1/mappings").await.json();
    assert_eq!(list["mappings"][0]["requestHeaders"]["set"][0]["value"], "Bearer topsecret");
}

#[tokio::test]
async fn secrets_leave_with_the_password_alone() {
    // R54
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    let ask = |password: &str| json!({"password": password, "passphrase": PASSPHRASE});
    let weak = browser.post(EXPORT, json!({"password": PASSWORD, "passphrase": "hunter2"})).await;
    assert!(weak.json()["errors"]["passphrase"].is_array(), "{weak:?}");
    for left in (0..5).rev() {
        let wrong = browser.post(EXPORT, ask("wrong")).await;
        assert_eq!(wrong.verdict(), (403, "wrong-password".to_owned()));
        assert_eq!(wrong.json()["triesLeft"], left);
    }
    assert_eq!(browser.post(EXPORT, ask(PASSWORD)).await.verdict(), (429, "locked-out".to_owned()));
    assert_eq!(browser.get("/api/v1/status").await.status, 200, "the session goes on");
    let mut again = api.signed_in().await;
    assert_eq!(again.post(EXPORT, ask(PASSWORD)).await.status, 200, "another session has tries of its own");
    assert_eq!(api.browser().post(EXPORT, ask(PASSWORD)).await.status, 401);
}
