//! The guard of visitors' connections: order, pipelining, bodies, upgrades and closing.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::support::{PLACEHOLDER, visited, visited_with};
use crate::http1::{BodyError, BodyFraming, ChunkError, HeadError, Verdict};

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
const UPGRADE: &[u8] = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn framing(verdict: Verdict) -> BodyFraming {
    match verdict {
        Verdict::Accepted(facts) => facts.body,
        Verdict::Refused(error) => panic!("refused: {error}"),
    }
}

#[tokio::test]
async fn a_whole_head_passes_as_it_came() {
    let mut visited = visited();
    visited.send(GET).await;
    assert_eq!(visited.read().await.unwrap(), GET);
    assert_eq!(framing(visited.verdict().0), BodyFraming::None);
    assert!(visited.waits().await);
}

#[tokio::test]
async fn bytes_that_were_read_before_are_checked_first() {
    let mut visited = visited_with(b"GET / HTTP/1.1\r\nHo");
    visited.send(b"st: a\r\n\r\n").await;
    assert_eq!(visited.read().await.unwrap(), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

// One head at a time bounds what pipelining can make the gateway hold.
#[tokio::test]
async fn pipelined_heads_pass_one_by_one_as_verdicts_are_taken() {
    let mut visited = visited();
    visited.send([GET, GET, GET].concat()).await;
    for _ in 0..3 {
        assert_eq!(visited.read().await.unwrap(), GET);
        assert!(visited.waits().await);
        assert_eq!(framing(visited.verdict().0), BodyFraming::None);
    }
    assert!(visited.waits().await);
    assert!(visited.verdicts.take().is_none());
}

#[tokio::test]
async fn taking_a_verdict_wakes_the_reader() {
    let mut visited = visited();
    visited.send([GET, GET].concat()).await;
    assert_eq!(visited.read().await.unwrap(), GET);
    let verdicts = visited.verdicts.clone();
    let (next, taken) = tokio::join!(visited.read(), async move { verdicts.take() });
    assert_eq!(next.unwrap(), GET);
    assert!(taken.is_some());
}

#[tokio::test]
async fn a_body_passes_and_the_head_behind_it_is_held() {
    let head: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
    let mut visited = visited();
    visited.send([head, b"hel"].concat()).await;
    assert_eq!(visited.read().await.unwrap(), [head, b"hel"].concat());
    visited.send([b"lo", GET].concat()).await;
    assert_eq!(visited.read().await.unwrap(), b"lo");
    assert!(visited.waits().await);
    assert_eq!(framing(visited.verdict().0), BodyFraming::Length(5));
    assert_eq!(visited.read().await.unwrap(), GET);
}

#[tokio::test]
async fn a_chunked_body_cut_anywhere_ends_where_it_ends() {
    let head: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let body: &[u8] = b"5;x\r\nhello\r\n0\r\nT: v\r\n\r\n";
    let all = [head, body, GET].concat();
    for cut in head.len()..all.len() {
        let mut visited = visited();
        visited.send(&all[..cut]).await;
        let mut seen = visited.read().await.unwrap();
        visited.send(&all[cut..]).await;
        while seen.len() < head.len() + body.len() {
            seen.extend(visited.read().await.unwrap());
        }
        assert_eq!(seen, [head, body].concat());
        assert_eq!(framing(visited.verdict().0), BodyFraming::Chunked);
        assert_eq!(visited.read().await.unwrap(), GET);
    }
}

#[tokio::test]
async fn a_reader_with_little_room_sees_the_same() {
    let mut visited = visited();
    let request = [b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", GET].concat();
    visited.send(&request).await;
    let mut seen = Vec::new();
    while seen.len() < request.len() {
        let mut one = [0];
        assert_eq!(visited.guard.read(&mut one).await.unwrap(), 1);
        seen.extend(one);
        drop(visited.verdicts.take());
    }
    assert_eq!(seen, request);
}

// R01, R03, R06
#[tokio::test]
async fn behind_a_refused_head_nothing_is_read_as_http() {
    let mut visited = visited();
    visited.send([GET, b"GET / HTTP/1.1\nHost: a\n\n", GET].concat()).await;
    assert_eq!(visited.read().await.unwrap(), GET);
    let (first, _in_service) = visited.verdict();
    assert_eq!(framing(first), BodyFraming::None);
    assert_eq!(visited.read().await.unwrap(), PLACEHOLDER);
    assert_eq!(visited.verdict().0, Verdict::Refused(HeadError::BareLf));
    visited.send(GET).await;
    assert!(visited.waits().await);
}

// R06
#[tokio::test]
async fn a_refusal_is_answered_before_the_connection_closes() {
    let mut visited = visited();
    visited.send([b"BAD\r\n\r\n".as_slice(), &[b'x'; 10_000]].concat()).await;
    assert_eq!(visited.read().await.unwrap(), PLACEHOLDER);
    visited.guard.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let (mut visitor, mut guard) = (visited.visitor, visited.guard);
    let (closed, read) = tokio::join!(guard.shutdown(), async {
        let read = visitor.read_to_end(&mut answer).await;
        visitor.shutdown().await.unwrap();
        read
    });
    closed.unwrap();
    read.unwrap();
    assert_eq!(answer, b"HTTP/1.1 400 Bad Request\r\n\r\n");
}

// R15
#[tokio::test]
async fn an_endless_head_is_refused_at_the_limit() {
    let mut visited = visited();
    visited.send(b"GET / HTTP/1.1\r\nHost: a\r\n").await;
    assert!(visited.waits().await);
    visited.send(b"X: y\r\n".repeat(20_000)).await;
    assert_eq!(visited.read().await.unwrap(), PLACEHOLDER);
    assert!(matches!(visited.verdict().0, Verdict::Refused(error) if error.status() == 431));
}

// R04
#[tokio::test]
async fn a_broken_chunk_fails_the_body_and_is_told_to_the_service() {
    let head: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut visited = visited();
    visited.send([head, b"5\r\nhello\r\n"].concat()).await;
    assert_eq!(visited.read().await.unwrap(), [head, b"5\r\nhello\r\n"].concat());
    visited.send(b"0x5\r\n").await;
    for _ in 0..2 {
        let error = visited.read().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<BodyError>());
        assert_eq!(inner, Some(&BodyError::Chunk(ChunkError::Size)));
    }
    let told = visited.verdicts.body_error().unwrap();
    assert_eq!((told, told.status()), (BodyError::Chunk(ChunkError::Size), 400));
}

// R04
#[tokio::test]
async fn a_broken_chunk_beside_its_head_lets_the_head_pass() {
    let head: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut visited = visited();
    visited.send([head, b"zz\r\n"].concat()).await;
    assert_eq!(visited.read().await.unwrap(), head);
    assert!(visited.read().await.is_err());
}

// R14
#[tokio::test]
async fn bytes_behind_an_upgrade_are_held_until_it_is_accepted() {
    let mut visited = visited();
    visited.send([UPGRADE, b"early"].concat()).await;
    assert_eq!(visited.read().await.unwrap(), UPGRADE);
    let (_verdict, in_service) = visited.verdict();
    assert!(visited.waits().await);
    let verdicts = visited.verdicts.clone();
    let (raw, ()) = tokio::join!(visited.read(), async move { verdicts.upgraded() });
    assert_eq!(raw.unwrap(), b"early");
    drop(in_service);
    visited.send(b"\0\x01not http\n").await;
    assert_eq!(visited.read().await.unwrap(), b"\0\x01not http\n");
}

// R14
#[tokio::test]
async fn the_parts_of_an_upgraded_connection_have_the_held_bytes() {
    let mut visited = visited();
    visited.send(UPGRADE).await;
    assert_eq!(visited.read().await.unwrap(), UPGRADE);
    let (_verdict, _in_service) = visited.verdict();
    visited.send(b"frame").await;
    assert!(visited.waits().await);
    visited.verdicts.upgraded();
    let (_io, held) = visited.guard.into_parts();
    assert_eq!(held, b"frame".as_slice());
}

// R14
#[tokio::test]
async fn bytes_behind_a_refused_upgrade_are_checked_as_a_request() {
    for behind in [GET, b"not http at all\r\n\r\n"] {
        let mut visited = visited();
        visited.send([UPGRADE, behind].concat()).await;
        assert_eq!(visited.read().await.unwrap(), UPGRADE);
        let (_verdict, in_service) = visited.verdict();
        assert!(visited.waits().await);
        // Not deciding is refusing.
        drop(in_service);
        let expected = if behind == GET { GET } else { PLACEHOLDER };
        assert_eq!(visited.read().await.unwrap(), expected);
    }
}

#[tokio::test]
async fn an_answer_to_an_earlier_request_decides_no_upgrade() {
    let mut visited = visited();
    visited.send([GET, UPGRADE, b"early"].concat()).await;
    assert_eq!(visited.read().await.unwrap(), GET);
    let (_first, first_in_service) = visited.verdict();
    assert_eq!(visited.read().await.unwrap(), UPGRADE);
    drop(first_in_service);
    assert!(visited.waits().await);
    let (_second, _in_service) = visited.verdict();
    visited.verdicts.upgraded();
    assert_eq!(visited.read().await.unwrap(), b"early");
}

#[tokio::test]
async fn a_visitor_who_leaves_is_noticed() {
    for sent in [b"".as_slice(), GET, UPGRADE, b"GET / HT"] {
        let mut visited = visited();
        visited.send(sent).await;
        let whole = sent.ends_with(b"\r\n\r\n");
        if whole {
            assert_eq!(visited.read().await.unwrap(), sent);
        }
        let _in_service = visited.verdicts.take();
        assert!(visited.waits().await);
        visited.visitor.shutdown().await.unwrap();
        assert_eq!(visited.read().await.unwrap(), b"", "after {} bytes", sent.len());
    }
}
