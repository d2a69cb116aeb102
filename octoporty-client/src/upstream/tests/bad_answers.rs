//! Answers that break the rules (R16): refused, and their connections gone.

use super::harness::{TestClient, TestUpstream, eventually, ok};
use crate::upstream::UpstreamError;

/// What a client makes of these bytes as an answer.
async fn error_of(bytes: &[u8]) -> UpstreamError {
    let bytes = bytes.to_vec();
    let upstream = TestUpstream::answering(move |_, _| bytes.clone()).await;
    let client = TestClient::new();
    let error = client.get(&upstream.target(), "/").await.unwrap_err();
    eventually(|| client.client.pooled() == 0 && client.tasks.is_empty()).await;
    error
}

#[tokio::test]
async fn malformed_answers_are_refused() {
    let huge = [b"HTTP/1.1 200 OK\r\nX-Big: ", &*vec![b'h'; 600_000], b"\r\nContent-Length: 2\r\n\r\nok"].concat();
    for bad in [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\
          HTTP/1.1 200 OK\r\nX-Smuggled: 1\r\nContent-Length: 4\r\n\r\nEVIL"
            .as_slice(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nX-A: b\rX-Inject: 1\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX-A: b\nX-Inject: 1\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        &huge,
    ] {
        let error = error_of(bad).await;
        assert!(matches!(error, UpstreamError::BadAnswer { .. }), "{error}");
    }
}

#[tokio::test]
async fn other_protocols_are_named() {
    for other in [b"BANANA\r\n\r\n".as_slice(), b"SSH-2.0-OpenSSH_9.2\r\n"] {
        let error = error_of(other).await;
        assert!(matches!(error, UpstreamError::NotHttp { .. }), "{error}");
    }
    let error = error_of(b"\x15\x03\x01\x00\x02\x02\x46").await;
    assert!(matches!(error, UpstreamError::SpeaksHttps { .. }), "{error}");
}

#[tokio::test]
async fn service_that_speaks_first_is_named() {
    let upstream = TestUpstream::start(|_, mut peer| async move {
        peer.send(b"220 mail.example.com ESMTP\r\n").await;
        peer.gone().await;
    })
    .await;
    let error = TestClient::new().get(&upstream.target(), "/").await.unwrap_err();
    let is_named = matches!(error, UpstreamError::NotHttp { .. } | UpstreamError::BadAnswer { .. });
    assert!(is_named, "{error}");
}

#[tokio::test]
async fn upstream_that_hangs_up_is_an_error() {
    let upstream = TestUpstream::start(|_, peer| async move { drop(peer) }).await;
    let error = TestClient::new().get(&upstream.target(), "/").await.unwrap_err();
    assert!(matches!(error, UpstreamError::Reset { .. }), "{error}");
    assert!(upstream.accepted() <= 2);
}

#[tokio::test]
async fn bytes_behind_an_answer_are_not_the_next_answer() {
    let upstream = TestUpstream::answering(|number, _| {
        let mut answer = ok(number.to_string());
        if number == 1 {
            answer.extend_from_slice(b"HTTP/1.1 200 OK\r\nX-Smuggled: 1\r\nContent-Length: 4\r\n\r\nEVIL");
        }
        answer
    })
    .await;
    let (client, target) = (TestClient::new(), upstream.target());
    assert_eq!(client.text(&target, "/").await, "1");
    assert_eq!(client.text(&target, "/").await, "2");
}
