//! `Expect: 100-continue`, which the upstream decides, and other interim answers (RFC 9110, section 10.1.1).

use octoporty_tests::{HOST, World};

use crate::SOON;

/// A request that waits for a 100.
fn waiting(path: &str) -> String {
    format!("PUT {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
}

// R17
#[tokio::test]
async fn continue_comes_from_the_upstream() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    visitor.send(waiting("/continue?ms=1&tag=go")).await.unwrap();
    let interim = visitor.receiver().next_head("PUT").await.unwrap();
    assert_eq!(interim.status, 100);
    assert_eq!(world.upstream.tagged("go")[0].fields.only("expect"), Some("100-continue"));
    visitor.send("body").await.unwrap();
    let answer = visitor.answer("PUT").await.unwrap();
    assert_eq!((answer.status(), answer.head.interim.len()), (200, 0), "one 100 is enough");
    assert_eq!(answer.json().unwrap()["body"], "body");
    assert_eq!(visitor.get("/status/201").await.unwrap().status(), 201);
}

// R17
#[tokio::test]
async fn refusal_comes_instead_of_continue_and_the_body_is_never_asked_for() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    visitor.send(waiting("/refuse?tag=no")).await.unwrap();
    let answer = visitor.answer("PUT").await.unwrap();
    assert_eq!((answer.status(), answer.text(), answer.head.interim.len()), (417, "no".to_owned(), 0));
    assert_eq!(world.upstream.tagged("no")[0].body_bytes, 0);
    // Whether the body comes or not cannot be told, so nothing more may be read from here (R06).
    assert!(visitor.closed_within(SOON).await);
}

// R17
#[tokio::test]
async fn upstream_that_ignores_the_expectation_gets_the_body_all_the_same() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    visitor.send(waiting("/echo")).await.unwrap();
    assert_eq!(visitor.receiver().next_head("PUT").await.unwrap().status, 100);
    visitor.send("body").await.unwrap();
    assert_eq!(visitor.answer("PUT").await.unwrap().json().unwrap()["body"], "body");
}

#[tokio::test]
async fn body_that_does_not_wait_for_continue_is_fine() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    for path in ["/continue?ms=1", "/echo"] {
        let answer = visitor.request("PUT", path, &[("Expect", "100-continue")], b"body").await.unwrap();
        assert_eq!((answer.status(), &answer.json().unwrap()["body"]), (200, &"body".into()), "{path}");
    }
    assert_eq!(visitor.get("/status/201").await.unwrap().status(), 201);
}

#[tokio::test]
async fn unknown_expectation_is_refused() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let answer = visitor.request("PUT", "/echo?tag=odd", &[("Expect", "the-unexpected")], b"body").await.unwrap();
    assert_eq!(answer.status(), 417);
    assert!(world.upstream.tagged("odd").is_empty());
}

// R17
#[tokio::test]
async fn early_hints_do_no_harm() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    for _ in 0..3 {
        let answer = visitor.get("/hints?ms=1").await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.head.interim.iter().all(|interim| interim.status == 103), "{answer:?}");
        assert_eq!(answer.json().unwrap()["line"], "GET /hints?ms=1 HTTP/1.1");
    }
}
