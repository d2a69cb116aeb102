//! The WebSocket visitor and the WebSocket behaviours of the raw upstream.

use octoporty_tests::{VisitorWebSocket, WebSocketError};
use tokio::net::TcpStream;
use tungstenite::Message;

use super::{SOON, pair};

const HOST: &str = "app.example.test";

#[tokio::test]
async fn messages_come_back_and_frames_are_recorded() {
    let (upstream, _) = pair().await;
    let mut socket = VisitorWebSocket::connect(upstream.address(), HOST, "/ws?tag=x").await.unwrap();
    for length in [0, 1, 125, 126, 65_535, 65_536] {
        let message = Message::from(vec![7; length]);
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap(), message);
    }
    socket.send("text").await.unwrap();
    assert_eq!(socket.next().await.unwrap(), Message::text("text"));
    socket.close(4002, "bye").await.unwrap();
    assert_eq!(socket.next_close().await.unwrap(), Some((4002, "bye".to_owned())));
    let record = upstream.wait_for("x", |record| record.frames.len() == 8, SOON).await.unwrap();
    assert!(record.frames.iter().all(|frame| frame.is_masked && frame.is_final));
    assert_eq!(&record.frames[6].payload_start[..], b"text");
}

#[tokio::test]
async fn upgrade_takes_subprotocol_cookie_and_early_message() {
    let (upstream, _) = pair().await;
    let stream = TcpStream::connect(upstream.address()).await.unwrap();
    let fields = [("Sec-WebSocket-Protocol", "a, b")];
    let mut socket = VisitorWebSocket::upgrade(stream, HOST, "/ws?early&cookie", &fields).await.unwrap();
    assert_eq!(socket.head()["sec-websocket-protocol"], "b");
    assert_eq!(socket.head()["set-cookie"], "ws=1");
    assert_eq!(socket.next().await.unwrap(), Message::text("hello-with-101"));
}

#[tokio::test]
async fn upstream_pings_closes_and_resets() {
    let (upstream, _) = pair().await;
    let address = upstream.address();
    let mut socket = VisitorWebSocket::connect(address, HOST, "/ws/ping").await.unwrap();
    assert_eq!(socket.next().await.unwrap(), Message::Ping("up-ping".into()));
    let mut socket = VisitorWebSocket::connect(address, HOST, "/ws/close4001?ms=1").await.unwrap();
    assert_eq!(socket.next_close().await.unwrap(), Some((4001, "bye-now".to_owned())));
    let mut socket = VisitorWebSocket::connect(address, HOST, "/ws/rst?ms=1").await.unwrap();
    let error = socket.next().await.unwrap_err();
    assert!(matches!(error, WebSocketError::Protocol(_)), "{error}");
}

#[tokio::test]
async fn refused_upgrade_shows_its_status() {
    let (upstream, mut visitor) = pair().await;
    for path in ["/ws-refuse", "/ws/reject"] {
        let error = VisitorWebSocket::connect(upstream.address(), HOST, path).await.unwrap_err();
        assert_eq!(error.refused_with(), Some(403));
    }
    assert_eq!(visitor.get("/ws").await.unwrap().status(), 403);
}
