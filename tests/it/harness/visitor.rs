//! The raw visitor: it sees exactly what was sent, and does not forgive.

use std::time::Duration;

use octoporty_tests::{AnswerError, BodyEnd, BodyFault, Framing, Gone, Visitor};
use tokio::io::AsyncReadExt;

use super::{SOON, pair, visitor_of};

const OK: &str = "HTTP/1.1 200 OK\r\n";

#[tokio::test]
async fn answer_keeps_order_case_and_duplicates_of_fields() {
    let raw = format!("{OK}B: 1\r\na: 2\r\nb:  3 \r\nContent-Length: 2\r\n\r\nhi");
    let (mut visitor, _peer) = visitor_of(raw.as_bytes()).await;
    let answer = visitor.answer("GET").await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.fields().all("B"), ["1", "3"]);
    let names: Vec<_> = answer.fields().iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["B", "a", "b", "Content-Length"]);
    assert_eq!(&answer.body[..], b"hi");
    assert!(answer.is_complete());
    assert_eq!(answer.head.raw.len(), raw.len() - 2);
}

#[tokio::test]
async fn answer_collects_interim_answers_and_trailers() {
    let raw = format!(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n\
         {OK}Transfer-Encoding: chunked\r\n\r\n2;ext=1\r\nhi\r\n3\r\n ho\r\n0\r\nX-T: 1\r\nX-T: 2\r\n\r\n"
    );
    let (mut visitor, _peer) = visitor_of(raw.as_bytes()).await;
    let answer = visitor.answer("GET").await.unwrap();
    let interim: Vec<_> = answer.head.interim.iter().map(|head| head.status).collect();
    assert_eq!(interim, [100, 103]);
    assert_eq!(answer.text(), "hi ho");
    assert_eq!(answer.trailers.all("x-t"), ["1", "2"]);
    assert!(answer.is_complete());
}

#[tokio::test]
async fn body_until_close_is_complete_only_after_an_orderly_end() {
    let raw = format!("{OK}\r\nabc");
    let (mut visitor, peer) = visitor_of(raw.as_bytes()).await;
    drop(peer);
    let answer = visitor.answer("GET").await.unwrap();
    assert_eq!(answer.head.framing, Framing::UntilClose);
    assert_eq!(answer.text(), "abc");
    assert!(answer.is_complete());

    let (mut visitor, peer) = visitor_of(raw.as_bytes()).await;
    let head = visitor.head("GET").await.unwrap();
    assert_eq!(head.status, 200);
    peer.set_zero_linger().unwrap();
    drop(peer);
    let summary = visitor.summary().await;
    assert_eq!(summary.end, BodyEnd::Bad(BodyFault::Cut(Gone::Reset)));
}

#[tokio::test]
async fn cut_bodies_are_told_apart_from_complete_ones() {
    for framing in ["Content-Length: 9", "Transfer-Encoding: chunked"] {
        let raw = format!("{OK}{framing}\r\n\r\n5\r\nhello\r\n");
        let (mut visitor, peer) = visitor_of(raw.as_bytes()).await;
        drop(peer);
        let answer = visitor.answer("GET").await.unwrap();
        let complete = framing == "Content-Length: 9";
        // Nine bytes are all of the first, whatever they look like; of the second the last chunk is missing.
        assert_eq!(answer.is_complete(), complete, "{framing}");
    }
}

#[tokio::test]
async fn head_204_and_304_have_no_body() {
    let (_upstream, mut visitor) = pair().await;
    let answer = visitor.request("HEAD", "/headsize", &[], &[]).await.unwrap();
    assert_eq!(answer.fields().only("Content-Length"), Some("4321"));
    assert!(answer.body.is_empty());
    for (path, status) in [("/status/204", 204), ("/status/304", 304), ("/status/500", 500)] {
        let answer = visitor.get(path).await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.body.is_empty(), status < 400);
    }
}

#[tokio::test]
async fn bad_heads_are_refused() {
    let bad = [
        "HTTP/1.1 200\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 20x OK\r\n\r\n",
        "HTTP/1.1 200 OK\nA: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    ];
    for raw in bad {
        let (mut visitor, _peer) = visitor_of(raw.as_bytes()).await;
        let error = visitor.answer("GET").await.unwrap_err();
        assert!(matches!(error, AnswerError::BadHead { .. }), "{raw:?}: {error}");
    }
}

#[tokio::test]
async fn bad_chunks_are_refused() {
    for chunks in ["zz\r\n", "+1\r\na\r\n", "\r\n", "1\na\r\n", "1\r\nab\r\n", "fffffffffffffffff\r\n"] {
        let raw = format!("{OK}Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
        let (mut visitor, _peer) = visitor_of(raw.as_bytes()).await;
        let answer = visitor.answer("GET").await.unwrap();
        let is_malformed = matches!(answer.end, BodyEnd::Bad(BodyFault::ChunkSize(_) | BodyFault::ChunkEnd(_)));
        assert!(is_malformed, "{chunks:?}: {answer:?}");
    }
}

#[tokio::test]
async fn missing_answer_says_what_came_of_it() {
    let (mut visitor, peer) = visitor_of(b"HTTP/1.1 20").await;
    drop(peer);
    let error = visitor.answer("GET").await.unwrap_err();
    let AnswerError::Gone { how, received } = error else {
        panic!("{error}");
    };
    assert_eq!((how, received.as_str()), (Gone::Closed, "HTTP/1.1 20"));
}

#[tokio::test]
async fn silence_ends_after_the_patience() {
    let (visitor, _peer) = visitor_of(b"").await;
    let mut visitor = visitor.with_patience(Duration::from_millis(20));
    let error = visitor.answer("GET").await.unwrap_err();
    assert!(matches!(error, AnswerError::Silent { .. }), "{error}");
}

#[tokio::test]
async fn closed_within_tells_open_closed_and_reset() {
    let (mut visitor, peer) = visitor_of(b"whatever").await;
    assert!(!visitor.closed_within(Duration::from_millis(20)).await);
    drop(peer);
    assert_eq!(visitor.gone_within(SOON).await, Some(Gone::Closed));

    let (mut visitor, peer) = visitor_of(b"whatever").await;
    peer.set_zero_linger().unwrap();
    drop(peer);
    assert_eq!(visitor.gone_within(SOON).await, Some(Gone::Reset));
}

#[tokio::test]
async fn reset_reaches_the_peer_as_a_reset() {
    let (visitor, mut peer) = visitor_of(b"").await;
    visitor.reset().unwrap();
    let error = peer.read(&mut [0; 1]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn requests_share_a_connection() {
    let (upstream, mut visitor) = pair().await;
    for number in 1..=3_u8 {
        let answer = visitor.request("POST", "/echo", &[("X-N", "1")], &[number]).await;
        assert_eq!(answer.unwrap().json().unwrap()["body_bytes"], 1);
    }
    assert_eq!((upstream.requests(), upstream.connections_total()), (3, 1));
}

#[tokio::test]
async fn early_answer_is_read_while_the_body_is_still_sent() {
    let (_upstream, mut visitor) = pair().await;
    let body = vec![0; 32 << 20];
    let answer = visitor.request("POST", "/early", &[], &body).await.unwrap();
    assert_eq!(answer.status(), 413);
}

#[tokio::test]
async fn body_parts_come_one_by_one_as_they_are_sent() {
    let (upstream, mut visitor) = pair().await;
    let (sender, receiver) = visitor.halves();
    sender.send_request("GET", "/steps?n=3&tag=a", &[], &[]).await.unwrap();
    assert_eq!(receiver.head("GET").await.unwrap().status, 200);
    let mut last = None;
    for index in 0..3 {
        upstream.step("a");
        let part = receiver.part().await.unwrap().expect("a chunk for each step");
        assert_eq!(part.bytes, format!("step {index}\n"));
        assert!(last.is_none_or(|last| last <= part.at));
        last = Some(part.at);
    }
    assert!(receiver.part().await.unwrap().is_none());
}

#[tokio::test]
async fn chunks_and_trailers_are_sent_as_given() {
    let (upstream, mut visitor) = pair().await;
    let (sender, receiver) = visitor.halves();
    let fields = [("Transfer-Encoding", "chunked"), ("X-Tag", "t")];
    sender.send_request("POST", "/echo", &fields, &[]).await.unwrap();
    sender.send_chunk(b"ab").await.unwrap();
    sender.send_chunk(b"").await.unwrap();
    sender.send_chunk(b"c").await.unwrap();
    sender.send_last_chunk(&[("X-T", "1")]).await.unwrap();
    assert!(receiver.answer("POST").await.unwrap().is_complete());
    let record = upstream.tagged("t").pop().unwrap();
    assert_eq!(&record.body_start[..], b"abc");
    assert_eq!(record.trailers.only("x-t"), Some("1"));
    assert!(record.anomalies.is_empty(), "{:?}", record.anomalies);
}

#[tokio::test]
async fn connect_from_uses_the_source_address() {
    let (upstream, _visitor) = pair().await;
    let source = "127.0.0.9".parse().unwrap();
    let visitor = Visitor::connect_from(source, upstream.address(), "h").await.unwrap();
    assert_eq!(visitor.address().unwrap().ip(), source);
}
