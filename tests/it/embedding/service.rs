//! `serve`: a tower service behind the tunnel, with no socket between.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Body as AxumBody,
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use futures::StreamExt;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use octoporty_client::{
    Visitor,
    testkit::{Answer, World},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
};

use super::in_background;

/// A visitor's body that is sent as the test likes.
fn channel_body() -> (mpsc::Sender<&'static str>, impl http_body::Body<Data = Bytes, Error = Infallible> + Send) {
    let (sender, receiver) = mpsc::channel::<&'static str>(1);
    let pieces = futures::stream::unfold(receiver, |mut receiver| async move {
        let piece = receiver.recv().await?;
        Some((Ok(Frame::data(Bytes::from_static(piece.as_bytes()))), receiver))
    });
    (sender, StreamBody::new(pieces.boxed()))
}

#[tokio::test(start_paused = true)]
async fn a_service_sees_the_visitor_and_answers() {
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    let app = Router::new().route(
        "/{*path}",
        get(
            |ConnectInfo(visitor): ConnectInfo<Visitor>,
             ConnectInfo(address): ConnectInfo<SocketAddr>,
             request: Request| async move {
                format!("{} {} {} {}", visitor.ip(), visitor.host(), address, request.uri())
            },
        ),
    );
    let endpoint = tunnel.serve("app.test", app).await.unwrap();
    assert!(endpoint.is_open());
    let answer = world.visitor().get("http://app.test/a/b?c=%2F").await.unwrap();
    assert_eq!(answer.text(), "192.0.2.1 app.test 192.0.2.1:0 /a/b?c=%2F");
    assert_eq!(answer.headers()[header::CONTENT_LENGTH], answer.body().len().to_string());
    assert!(answer.headers().contains_key("x-octoporty-request-id"));
}

#[tokio::test(start_paused = true)]
async fn bodies_stream_in_both_directions_at_once() {
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    let echo =
        Router::new().route("/", post(|body: AxumBody| async move { AxumBody::from_stream(body.into_data_stream()) }));
    tunnel.serve("app.test", echo).await.unwrap();
    let (sender, body) = channel_body();
    let request = http::Request::post("http://app.test/").body(body).unwrap();
    let mut answer = world.visitor().send(request).await.unwrap().into_body();
    for piece in ["one", "two", "three"] {
        sender.send(piece).await.unwrap();
        let frame = answer.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), piece, "it comes back before the next one is sent");
    }
    drop(sender);
    assert!(answer.frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn answers_are_framed_as_a_server_would() {
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    let app = Router::new()
        .route("/empty", get(|| async { StatusCode::NO_CONTENT }))
        .route("/hop", get(|| async { ([("connection", "x-secret"), ("x-secret", "1"), ("x-open", "2")], "hop") }))
        .route("/hello", get(|| async { "hello" }));
    tunnel.serve("app.test", app).await.unwrap();
    let head = http::Request::head("http://app.test/hello").body(String::new()).unwrap();
    let answer = Answer::read(world.visitor().send(head).await.unwrap()).await.unwrap();
    assert_eq!((answer.status(), answer.body().len()), (StatusCode::OK, 0));
    assert_eq!(answer.headers()[header::CONTENT_LENGTH], "5");
    let answer = world.visitor().get("http://app.test/empty").await.unwrap();
    assert_eq!((answer.status(), answer.headers().get(header::CONTENT_LENGTH)), (StatusCode::NO_CONTENT, None));
    let answer = world.visitor().get("http://app.test/hop").await.unwrap();
    assert_eq!((answer.headers().get("x-secret"), answer.headers().contains_key("x-open")), (None, true));
    assert_eq!(world.visitor().get("http://app.test/missing").await.unwrap().status(), StatusCode::NOT_FOUND);
}

/// Upgrades to a protocol that says everything back in capitals.
async fn shouting(mut request: Request) -> Response {
    let upgrade = hyper::upgrade::on(&mut request);
    in_background(async move {
        let mut io = hyper_util::rt::TokioIo::new(upgrade.await.expect("the answer of 101 goes out"));
        let mut read = [0; 64];
        while let Ok(bytes @ 1..) = io.read(&mut read).await {
            io.write_all(read[..bytes].to_ascii_uppercase().as_slice()).await.expect("the visitor is there");
        }
    });
    let mut headers = HeaderMap::new();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

#[tokio::test(start_paused = true)]
async fn a_service_can_upgrade() {
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    let app = Router::new().route("/ws", get(shouting)).route("/plain", get(|| async { "no" }));
    tunnel.serve("app.test", app).await.unwrap();
    let mut io = world.visitor().upgrade("http://app.test/ws").await.unwrap();
    for text in ["hello", "again"] {
        io.write_all(text.as_bytes()).await.unwrap();
        let mut read = [0; 5];
        io.read_exact(&mut read).await.unwrap();
        assert_eq!(read, text.to_ascii_uppercase().as_bytes());
    }
    io.shutdown().await.unwrap();
    assert_eq!(io.read(&mut [0; 1]).await.unwrap(), 0, "the end comes through too");
    let refused = world.visitor().upgrade("http://app.test/plain").await.err().unwrap();
    assert_eq!(refused.to_string(), "the answer was 200 OK, not 101");
}

#[tokio::test(start_paused = true)]
async fn a_panic_costs_its_request_alone() {
    // R62
    async fn panics() -> &'static str {
        panic!("as the test wants it")
    }
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    tunnel.serve("app.test", Router::new().route("/panic", get(panics)).merge(super::naming("fine"))).await.unwrap();
    let broken = world.visitor().get("http://app.test/panic").await.unwrap();
    assert_eq!(broken.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(world.visitor().get("http://app.test/").await.unwrap().text(), "fine");
}

#[tokio::test(start_paused = true)]
async fn a_visitor_who_leaves_ends_the_service_s_work() {
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    let (begun, mut has_begun) = mpsc::channel(1);
    let (ended, mut has_ended) = mpsc::channel::<()>(1);
    let slow = Router::new().route(
        "/",
        get(move || {
            let (begun, ended) = (begun.clone(), ended.clone());
            async move {
                let _dropped_with_the_work = ended;
                begun.send(()).await.unwrap();
                std::future::pending::<()>().await;
            }
        }),
    );
    tunnel.serve("app.test", slow).await.unwrap();
    let visitor = world.visitor();
    let asking = in_background(async move { visitor.get("http://app.test/").await.map(|answer| answer.status()) });
    has_begun.recv().await.unwrap();
    asking.abort();
    // The router holds one sender for as long as it is served.
    tunnel.drain(Duration::from_secs(1)).await;
    drop(tunnel);
    assert_eq!(has_ended.recv().await, None);
}
