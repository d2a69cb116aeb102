//! The HTTP/2 visitor and the HTTP/2 upstream against each other.

use http::{HeaderMap, HeaderValue, Method};
use octoporty_tests::{BodyProgress, H2Error, TestUpstreamH2, VisitorH2, VisitorWebSocket, pattern, sha256_hex};
use tokio::net::TcpListener;
use tungstenite::Message;

use super::SOON;

async fn pair() -> (TestUpstreamH2, VisitorH2) {
    let upstream = TestUpstreamH2::start().expect("a free port");
    let visitor = VisitorH2::connect(upstream.address(), "app.example.test").await;
    (upstream, visitor.expect("the upstream listens"))
}

#[tokio::test]
async fn request_is_echoed_and_recorded() {
    let (upstream, mut visitor) = pair().await;
    let body = pattern(300_000);
    let fields = [("x-a", "1"), ("x-tag", "x")];
    let answer = visitor.request(Method::PUT, "/p?q=1", &fields, body.clone()).await.unwrap();
    assert_eq!(answer.status, 200);
    let echoed: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(echoed["path"], "/p?q=1");
    assert_eq!(echoed["authority"], "app.example.test");
    let record = upstream.wait_for("x", |record| record.answered.is_some(), SOON).await.unwrap();
    assert_eq!(record.body_sha256, sha256_hex(&body));
    assert_eq!(record.fields["x-a"], "1");
}

#[tokio::test]
async fn pieces_and_trailers_go_both_ways_at_once() {
    let (_upstream, mut visitor) = pair().await;
    let mut exchange = visitor.open(Method::POST, "/stream-echo", &[]).unwrap();
    assert_eq!(exchange.head().await.unwrap().status, 200);
    for piece in ["one", "two", "three"] {
        exchange.send(piece).await.unwrap();
        assert_eq!(exchange.part().await.unwrap().unwrap(), piece);
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("x-t", HeaderValue::from_static("1"));
    exchange.send_trailers(trailers.clone()).await.unwrap();
    assert!(exchange.part().await.unwrap().is_none());
    assert_eq!(exchange.trailers(), &trailers);
}

#[tokio::test]
async fn trailers_follow_the_body() {
    let (_upstream, mut visitor) = pair().await;
    let answer = visitor.get("/trailers").await.unwrap();
    assert_eq!(&answer.body[..], b"hello");
    assert_eq!(answer.trailers["grpc-status"], "0");
}

#[tokio::test]
async fn abort_resets_the_stream_and_spares_the_connection() {
    let (upstream, mut visitor) = pair().await;
    let mut exchange = visitor.open(Method::POST, "/stream-echo?tag=x", &[]).unwrap();
    exchange.send("a").await.unwrap();
    exchange.part().await.unwrap();
    exchange.abort();
    let record = upstream.wait_for("x", |record| record.gone.is_some(), SOON).await.unwrap();
    assert_eq!(record.body, BodyProgress::Broken);
    assert_eq!(visitor.get("/").await.unwrap().status, 200);
    assert_eq!(upstream.connections_total(), 1);
}

#[tokio::test]
async fn dropped_exchange_is_seen_by_a_hanging_upstream() {
    let (upstream, mut visitor) = pair().await;
    let exchange = visitor.open(Method::GET, "/hang?tag=x", &[]).unwrap();
    upstream.wait_for("x", |_| true, SOON).await.unwrap();
    drop(exchange);
    upstream.wait_for("x", |record| record.gone.is_some(), SOON).await.unwrap();
}

#[tokio::test]
async fn extended_connect_carries_a_websocket() {
    let (_upstream, mut visitor) = pair().await;
    let tunnel = visitor.extended_connect("websocket", "/ws", &[]).await.unwrap();
    let mut socket = VisitorWebSocket::over(tunnel).await;
    let message = Message::from(vec![9; 100_000]);
    socket.send(message.clone()).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), message);
    socket.close(1000, "").await.unwrap();
    assert_eq!(socket.next_close().await.unwrap(), Some((1000, String::new())));
}

#[tokio::test]
async fn extended_connect_fails_where_it_is_refused_or_not_offered() {
    let (_upstream, mut visitor) = pair().await;
    let error = visitor.extended_connect("other", "/", &[]).await.unwrap_err();
    assert!(matches!(error, H2Error::Refused(status) if status == 501), "{error}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut visitor = VisitorH2::connect(address, "h").await.unwrap();
    // A server that leaves has offered nothing.
    drop(listener.accept().await.unwrap());
    let error = visitor.extended_connect("websocket", "/", &[]).await.unwrap_err();
    assert!(matches!(error, H2Error::NoExtendedConnect), "{error}");
}
