//! Upgrades to WebSocket: the raw connection, and refusals.

use http::{HeaderValue, Method, Request};
use http_body_util::Empty;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::harness::{TestClient, TestUpstream, ok, request, soon, text};
use crate::upstream::{UpstreamError, into_upgraded};

fn upgrade() -> Request<Empty<bytes::Bytes>> {
    let mut request = request(Method::GET, "/ws", Empty::new());
    for (name, value) in [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ] {
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    request
}

const SWITCHING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                           Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

#[tokio::test]
async fn upgraded_connection_carries_raw_bytes_both_ways() {
    let upstream = TestUpstream::start(|_, mut peer| async move {
        let head = peer.head().await.unwrap();
        assert!(head.contains("upgrade: websocket\r\n") && head.contains("connection: upgrade\r\n"), "{head}");
        let mut start = SWITCHING.to_vec();
        start.extend_from_slice(b"with the head");
        peer.send(&start).await;
        let said = peer.until(b"!").await.unwrap();
        peer.send(said.as_bytes()).await;
        // The client half-closes; what is said after that must still arrive.
        peer.gone().await;
        peer.send(b" and the last word").await;
    })
    .await;
    let client = TestClient::new();
    let answer = soon(client.client.send(&upstream.target(), upgrade())).await.unwrap();
    assert_eq!(answer.status().as_u16(), 101);
    let (mut io, early) = soon(into_upgraded(answer)).await.unwrap();
    // Bytes after a head may come with it or behind it.
    let mut said = early.to_vec();
    while said.len() < b"with the head".len() {
        assert_ne!(soon(io.read_buf(&mut said)).await.unwrap(), 0);
    }
    assert_eq!(said, b"with the head");
    soon(io.write_all(b"ping \x00\xff!")).await.unwrap();
    soon(io.shutdown()).await.unwrap();
    let mut rest = Vec::new();
    soon(io.read_to_end(&mut rest)).await.unwrap();
    assert!(rest.ends_with(b"! and the last word"), "{rest:?}");
    assert_eq!(client.client.pooled(), 0);
    client.tasks.close();
    soon(client.tasks.wait()).await;
}

#[tokio::test]
async fn refused_upgrade_is_a_plain_answer() {
    // R14
    let upstream =
        TestUpstream::answering(|_, _| b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno".to_vec()).await;
    let client = TestClient::new();
    let answer = soon(client.client.send(&upstream.target(), upgrade())).await.unwrap();
    assert_eq!(answer.status().as_u16(), 403);
    assert_eq!(text(answer).await.unwrap(), "no");
    assert_eq!(client.client.pooled(), 1);
}

#[tokio::test]
async fn unasked_upgrade_is_refused() {
    let upstream = TestUpstream::answering(|_, _| SWITCHING.to_vec()).await;
    let error = TestClient::new().get(&upstream.target(), "/").await.unwrap_err();
    assert!(matches!(error, UpstreamError::BadAnswer { .. }), "{error}");
}

#[tokio::test]
async fn plain_answer_can_not_be_taken_over() {
    let upstream = TestUpstream::answering(|_, _| ok("x")).await;
    let answer = TestClient::new().get(&upstream.target(), "/").await.unwrap();
    assert!(matches!(into_upgraded(answer).await, Err(UpstreamError::UpgradeLost { .. })));
}
