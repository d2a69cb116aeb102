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
async fn early_hints_reach_visitors_before_the_answer() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    for method in ["GET", "PUT"] {
        let body = if method == "PUT" { "Content-Length: 4\r\n\r\nbody" } else { "\r\n" };
        visitor.send(format!("{method} /hints?ms=1 HTTP/1.1\r\nHost: {HOST}\r\n{body}")).await.unwrap();
        let early = visitor.receiver().next_head(method).await.unwrap();
        assert_eq!((early.status, early.fields.only("link")), (103, Some("</s.css>; rel=preload")));
        let answer = visitor.answer(method).await.unwrap();
        assert_eq!((answer.status(), answer.head.interim.len()), (200, 0));
        assert_eq!(answer.json().unwrap()["line"], format!("{method} /hints?ms=1 HTTP/1.1"));
    }
}

// R17
#[tokio::test]
async fn early_hints_do_no_harm_where_they_cannot_be_passed_on() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    // A body of unknown length takes another way.
    let chunked = [("Transfer-Encoding", "chunked")];
    let answer = visitor.request("PUT", "/hints?ms=1", &chunked, b"0\r\n\r\n").await.unwrap();
    assert_eq!((answer.status(), answer.head.interim.len()), (200, 0));
}
