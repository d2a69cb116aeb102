//! The raw upstream when it misbehaves.

use octoporty_tests::{AnswerError, BodyEnd, BodyFault, Gone};

use super::{SOON, pair};

#[tokio::test]
async fn cut_resets_in_the_middle_of_the_body() {
    for path in ["/cut?ms=1", "/cut?ms=1&chunked"] {
        let (_upstream, mut visitor) = pair().await;
        let answer = visitor.get(path).await.unwrap();
        assert_eq!(answer.end, BodyEnd::Bad(BodyFault::Cut(Gone::Reset)), "{path}");
        assert_eq!(answer.body.len(), 500, "{path}");
    }
}

#[tokio::test]
async fn refuse_answers_before_the_body_and_closes() {
    let (_upstream, mut visitor) = pair().await;
    let head = "POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    visitor.send(head).await.unwrap();
    assert_eq!(visitor.answer("POST").await.unwrap().status(), 417);
    assert!(visitor.closed_within(SOON).await);
}

#[tokio::test]
async fn eofbody_ends_with_the_connection() {
    let (_upstream, mut visitor) = pair().await;
    let answer = visitor.get("/eofbody").await.unwrap();
    assert_eq!(answer.text(), "read-until-close");
    assert!(answer.is_complete());
}

#[tokio::test]
async fn slowread_reads_and_then_resets() {
    let (upstream, mut visitor) = pair().await;
    let head = "POST /slowread?tag=x&bps=100&sec=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\n";
    visitor.send(head.to_owned() + &"b".repeat(50)).await.unwrap();
    upstream.wait_for("x", |record| record.body_bytes == 50, SOON).await.unwrap();
    drop(visitor);
    upstream.wait_for("x", |record| record.gone.is_some(), SOON).await.unwrap();
}

#[tokio::test]
async fn bad_heads_do_not_pass_the_strict_visitor() {
    for name in ["clte", "dupcl", "signedcl", "crhdr", "nul", "fold", "spacecolon", "nostatus", "oddte"] {
        let (_upstream, mut visitor) = pair().await;
        let error = visitor.get(&format!("/bad/{name}")).await.unwrap_err();
        assert!(matches!(error, AnswerError::BadHead { .. }), "{name}: {error}");
    }
    for name in ["badchunk", "hugechunk"] {
        let (_upstream, mut visitor) = pair().await;
        let answer = visitor.get(&format!("/bad/{name}")).await.unwrap();
        assert!(matches!(answer.end, BodyEnd::Bad(BodyFault::ChunkSize(_))), "{name}");
    }
    for name in ["huge", "manyfields", "te10", "switch", "unknown"] {
        let (_upstream, mut visitor) = pair().await;
        visitor.get(&format!("/bad/{name}")).await.unwrap();
    }
}

#[tokio::test]
async fn tail_leaves_a_smuggled_answer_behind() {
    let (_upstream, mut visitor) = pair().await;
    assert_eq!(visitor.get("/bad/tail").await.unwrap().text(), "ok");
    let smuggled = visitor.answer("GET").await.unwrap();
    assert_eq!(smuggled.fields().only("x-smuggled"), Some("1"));
}

#[tokio::test]
async fn raw_answer_of_the_test_replaces_the_behaviour() {
    let (upstream, mut visitor) = pair().await;
    upstream.answer_raw("/echo", "HTTP/1.1 299 Mine\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(visitor.get("/echo?x=1").await.unwrap().status(), 299);
}
