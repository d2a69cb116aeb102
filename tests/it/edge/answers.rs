//! Answers of upstreams that break the rules: 502, and what is cut never looks complete (R16).

use octoporty_tests::{AnswerError, Gone, HOST, TestUpstream, World};

use crate::SOON;

// R16
#[tokio::test]
async fn malformed_answers_become_502() {
    let world = World::start().await;
    for name in [
        "clte",
        "dupcl",
        "signedcl",
        "crhdr",
        "nul",
        "fold",
        "spacecolon",
        "huge",
        "nostatus",
        "te10",
        "oddte",
        "switch",
    ] {
        let mut visitor = world.visitor().await;
        let answer = visitor.get(&format!("/bad/{name}")).await.unwrap();
        assert_eq!(answer.status(), 502, "{name}: {answer:?}");
        assert!(!answer.text().contains("127.0.0.1"), "{name}: an internal address in {}", answer.text());
        // The visitor did nothing wrong, so its connection goes on; and nothing of the bad answer is left over.
        let next = visitor.get("/status/201").await.unwrap();
        assert_eq!(next.text(), "s201", "{name}");
    }
}

// R16
#[tokio::test]
async fn answers_over_a_limit_become_502() {
    let world = World::start().await;
    for name in ["manyfields", "hintflood"] {
        let answer = world.visitor().await.get(&format!("/bad/{name}")).await.unwrap();
        assert_eq!(answer.status(), 502, "{name}: {answer:?}");
    }
    let many = |count: usize| format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "X-F: 1\r\n".repeat(count - 1));
    let limit = octoporty_core::limits::ANSWER_FIELDS_MAX;
    world.upstream.answer_raw("/at-the-limit", many(limit));
    world.upstream.answer_raw("/past-the-limit", many(limit + 1));
    let answer = world.visitor().await.get("/at-the-limit").await.unwrap();
    assert_eq!((answer.status(), answer.fields().all("x-f").len()), (200, limit - 1));
    assert_eq!(world.visitor().await.get("/past-the-limit").await.unwrap().status(), 502);
}

// R16
#[tokio::test]
async fn bytes_behind_an_answer_never_answer_the_next_request() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    for _ in 0..5 {
        let answer = visitor.get("/bad/tail").await.unwrap();
        assert!(!answer.fields().has("x-smuggled"), "{answer:?}");
        let answer = visitor.get("/echo").await.unwrap();
        assert!(!answer.fields().has("x-smuggled"), "{answer:?}");
        assert_eq!(answer.json().unwrap()["line"], "GET /echo HTTP/1.1");
    }
}

// R16
#[tokio::test]
async fn broken_chunks_of_an_answer_never_look_complete() {
    let world = World::start().await;
    for name in ["badchunk", "hugechunk"] {
        let answer = world.visitor().await.get(&format!("/bad/{name}")).await.unwrap();
        assert!(answer.status() == 502 || !answer.is_complete(), "{name}: {answer:?}");
    }
}

// R16
#[tokio::test]
async fn answer_that_is_cut_never_looks_complete() {
    let world = World::start().await;
    for path in ["/cut?ms=1", "/cut?ms=1&chunked", "/cut?ms=200", "/cut?ms=200&chunked"] {
        let mut visitor = world.visitor().await;
        let answer = visitor.get(path).await.unwrap();
        assert!(answer.status() == 502 || !answer.is_complete(), "{path}: {answer:?}");
        if answer.status() == 200 {
            assert!(visitor.closed_within(SOON).await, "{path}");
        }
    }
}

// R16
#[tokio::test]
async fn answer_that_is_cut_never_looks_complete_to_http_1_0() {
    let world = World::start().await;
    // Without a length only the end of the connection ends it, so that end must be a reset.
    for path in ["/cut?ms=200", "/cut?ms=200&chunked", "/cut?ms=1&chunked"] {
        let mut visitor = world.visitor().await;
        visitor.send(format!("GET {path} HTTP/1.0\r\nHost: {HOST}\r\n\r\n")).await.unwrap();
        match visitor.answer("GET").await {
            Ok(answer) => assert!(answer.status() == 502 || !answer.is_complete(), "{path}: {answer:?}"),
            // The reset may overtake what was sent before it.
            Err(error) => assert!(matches!(error, AnswerError::Gone { how: Gone::Reset, .. }), "{path}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn upstream_that_says_nothing_becomes_502() {
    let world = World::start().await;
    world.upstream.answer_raw("/mute", "");
    let mut visitor = world.visitor().await;
    visitor.sender().send_request("POST", "/mute?tag=mute", &[], b"body").await.unwrap();
    world.upstream.wait_for("mute", |record| record.answered.is_some(), SOON).await.unwrap();
    world.upstream.close_connections();
    let answer = visitor.answer("POST").await.unwrap();
    assert_eq!((answer.status(), world.upstream.tagged("mute").len()), (502, 1), "{answer:?}");
}

#[tokio::test]
async fn error_pages_come_in_the_form_that_is_asked_for() {
    let world = World::start().await;
    let address = world.upstream.address();
    let mut visitor = world.visitor().await;
    drop(world.upstream);
    let answer = visitor.request("GET", "/", &[("Accept", "application/json")], b"").await.unwrap();
    assert_eq!(answer.status(), 502, "{answer:?}");
    let json = answer.json().unwrap();
    assert!(json.is_object(), "{json}");
    let id = answer.fields().only("x-octoporty-request-id").unwrap();
    assert!(answer.text().contains(id), "{json}");
    let answer = visitor.request("GET", "/", &[("Accept", "text/html")], b"").await.unwrap();
    assert!(answer.text().contains("<html"), "{answer:?}");
    assert!(!answer.text().contains(&address.to_string()));
    // The same address serves again as soon as there is someone.
    let _upstream = TestUpstream::start_at(address).unwrap();
    assert_eq!(visitor.get("/status/201").await.unwrap().status(), 201);
}
