//! The guard of connections to upstreams: framing of answers, tails, upgrades and what is not HTTP.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::support::PIPE_BYTES;
use crate::http1::{AnswerExpect, AnswerGuard, ChunkError, HeadError, RequestKind};

struct Asked {
    upstream: DuplexStream,
    guard: AnswerGuard<DuplexStream>,
    expect: AnswerExpect,
}

fn asked(kind: RequestKind) -> Asked {
    let (upstream, io) = tokio::io::duplex(PIPE_BYTES);
    let expect = AnswerExpect::new();
    expect.request(kind);
    Asked { upstream, guard: AnswerGuard::new(io, expect.clone()), expect }
}

impl Asked {
    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.upstream.write_all(bytes.as_ref()).await.expect("the guard's side is open");
    }

    async fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; 8192];
        let count = self.guard.read(&mut bytes).await?;
        bytes.truncate(count);
        Ok(bytes)
    }

    async fn waits(&mut self) -> bool {
        tokio::select! {
            biased;
            _ = self.read() => false,
            () = tokio::task::yield_now() => true,
        }
    }

    async fn error(&mut self) -> HeadError {
        let error = self.read().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        *error.get_ref().and_then(|inner| inner.downcast_ref()).expect("the cause is a head error")
    }
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn answers_pass_as_they_came() {
    let mut asked = asked(RequestKind::Other);
    for _ in 0..2 {
        asked.expect.request(RequestKind::Other);
        asked.send(OK).await;
        assert_eq!(asked.read().await.unwrap(), OK);
        assert!(asked.waits().await);
    }
}

#[tokio::test]
async fn an_answer_cut_anywhere_passes_whole() {
    let chunked: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: v\r\n\r\n";
    let interim: &[u8] = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100\r\n\r\nHTTP/1.1 204 No\r\n\r\n";
    for answer in [OK, chunked, interim] {
        for cut in 1..answer.len() {
            let mut asked = asked(RequestKind::Other);
            asked.send(&answer[..cut]).await;
            let mut seen = Vec::new();
            tokio::select! {
                biased;
                early = asked.read() => seen.extend(early.unwrap()),
                () = tokio::task::yield_now() => {}
            }
            asked.send(&answer[cut..]).await;
            while seen.len() < answer.len() {
                seen.extend(asked.read().await.unwrap());
            }
            assert_eq!(seen, answer);
            asked.send(b"x").await;
            assert_eq!(asked.error().await, HeadError::Tail);
        }
    }
}

// R16
#[tokio::test]
async fn bytes_behind_an_answer_are_an_error() {
    let mut asked = asked(RequestKind::Other);
    asked.send([OK, b"HTTP/1.1 200 OK\r\nX-Smuggled: 1\r\nContent-Length: 4\r\n\r\nEVIL"].concat()).await;
    assert_eq!(asked.read().await.unwrap(), OK);
    // Even if another request follows before it is noticed.
    asked.expect.request(RequestKind::Other);
    assert_eq!(asked.error().await, HeadError::Tail);
    assert_eq!(asked.error().await, HeadError::Tail);
}

// R16
#[tokio::test]
async fn an_answer_without_a_request_is_an_error() {
    let mut asked = asked(RequestKind::Head);
    asked.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n").await;
    assert!(asked.read().await.is_ok());
    asked.send(b"ok").await;
    assert_eq!(asked.error().await, HeadError::Tail);
}

// R16
#[tokio::test]
async fn bad_answers_are_errors_and_show_nothing() {
    let huge = [b"HTTP/1.1 200 OK\r\nX-Big: ".as_slice(), &[b'h'; 600_000], b"\r\n\r\n"].concat();
    for (answer, error) in [
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".as_slice(),
            HeadError::LengthAndCoding,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello", HeadError::ContentLengthRepeated),
        (b"HTTP/1.1 200 OK\r\nX-A: b\rX-Inject: 1\r\nContent-Length: 2\r\n\r\nok", HeadError::BareCr),
        (&huge, HeadError::HeadTooLarge { limit: crate::limits::ANSWER_HEAD_BYTES_MAX }),
        (b"BANANA\r\n\r\n", HeadError::NotHttp),
        (b"SSH-2.0-x\r\n", HeadError::NotHttp),
        (b"\x15\x03\x01\0\x02\x02\x16", HeadError::TlsInstead),
    ] {
        let mut asked = asked(RequestKind::Other);
        asked.send(answer).await;
        assert_eq!(asked.error().await, error);
    }
}

#[tokio::test]
async fn tls_is_told_even_when_it_comes_byte_by_byte() {
    let mut asked = asked(RequestKind::Other);
    asked.send(b"\x15").await;
    assert!(asked.waits().await);
    asked.send(b"\x03").await;
    assert_eq!(asked.error().await, HeadError::TlsInstead);
}

// R16
#[tokio::test]
async fn a_broken_chunk_comes_behind_what_was_good() {
    let good: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut asked = asked(RequestKind::Other);
    asked.send([good, b"5\r\nhello\nx"].concat()).await;
    assert_eq!(asked.read().await.unwrap(), good);
    assert_eq!(asked.error().await, HeadError::Body(ChunkError::LineEnd));
}

// R16
#[tokio::test]
async fn interim_answers_have_a_number() {
    let most = usize::from(crate::limits::HEADS_PER_STREAM_MAX) - 1;
    let hints = |count| b"HTTP/1.1 103 Early\r\n\r\n".repeat(count);
    let mut honest = asked(RequestKind::Other);
    honest.send([hints(most), OK.to_vec()].concat()).await;
    assert!(honest.read().await.unwrap().ends_with(b"ok"));
    let mut endless = asked(RequestKind::Other);
    endless.send(hints(most + 1)).await;
    assert_eq!(endless.read().await.unwrap(), hints(most));
    assert_eq!(endless.error().await, HeadError::TooManyInterim);
}

// R14
#[tokio::test]
async fn after_an_upgrade_everything_passes() {
    let head: &[u8] = b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let mut asked = asked(RequestKind::Upgrade);
    asked.send([head, b"\x81\x05hello"].concat()).await;
    assert_eq!(asked.read().await.unwrap(), [head, b"\x81\x05hello"].concat());
    asked.send(b"\0\r\r\n").await;
    assert_eq!(asked.read().await.unwrap(), b"\0\r\r\n");
}

// R16: what is cut off is seen to be cut off by the reader, which knows the length.
#[tokio::test]
async fn the_end_of_the_connection_passes() {
    let mut open = asked(RequestKind::Other);
    open.send(b"HTTP/1.0 200 OK\r\n\r\nall until").await;
    assert!(open.read().await.unwrap().ends_with(b"until"));
    open.send(b" close").await;
    assert_eq!(open.read().await.unwrap(), b" close");
    open.upstream.shutdown().await.unwrap();
    assert_eq!(open.read().await.unwrap(), b"");

    let mut half = asked(RequestKind::Other);
    half.send(b"HTTP/1.1 200 O").await;
    half.upstream.shutdown().await.unwrap();
    assert_eq!(half.read().await.unwrap(), b"");
}
