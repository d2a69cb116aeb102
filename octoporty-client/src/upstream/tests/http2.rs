//! HTTP/2 in plain text, against hyper's server.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Version};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody, combinators::BoxBody};
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::{Notify, mpsc};

use super::harness::{Peer, TestClient, TestUpstream, fed_body, get, ok, post, request, soon, text};
use crate::upstream::UpstreamError;

type Answer = Response<BoxBody<Bytes, Infallible>>;

async fn serve<F, S>(peer: Peer, service: S)
where
    S: Fn(Request<Incoming>) -> F,
    F: Future<Output = Answer> + Send + 'static,
{
    let service = service_fn(|request| {
        let answer = service(request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let _ended = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(peer.tcp), service).await;
}

/// Says the request back, and its trailers.
async fn echo(request: Request<Incoming>) -> Answer {
    assert_eq!(request.version(), Version::HTTP_2);
    assert!(!request.headers().contains_key("host") && !request.headers().contains_key("expect"));
    let line = format!("{} {}", request.method(), request.uri());
    let body = request.into_body().collect().await.unwrap();
    let trailers = body.trailers().cloned().unwrap_or_default();
    let body = [Bytes::from(line), body.to_bytes()].concat();
    let frames = [Ok(Frame::data(Bytes::from(body))), Ok(Frame::trailers(trailers))];
    Response::new(BodyExt::boxed(StreamBody::new(futures::stream::iter(frames))))
}

#[tokio::test]
async fn trailers_pass_both_ways_on_one_connection() {
    let upstream = TestUpstream::start(|_, peer| serve(peer, echo)).await;
    let (client, target) = (TestClient::new(), upstream.h2c_target());
    for _ in 0..3 {
        let (feeder, body) = fed_body();
        let mut request = request(Method::POST, "/rpc?a=1", body);
        request.headers_mut().insert("expect", HeaderValue::from_static("100-continue"));
        let feed = async move {
            feeder.data(" and a body").await;
            let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from_static("7"))]);
            feeder.frames.send(Ok(Frame::trailers(trailers))).await.unwrap();
        };
        let (answer, ()) = tokio::join!(soon(client.client.send(&target, request)), feed);
        let body = soon(answer.unwrap().into_body().collect()).await.unwrap();
        assert_eq!(body.trailers().unwrap()["x-sum"], "7");
        assert_eq!(body.to_bytes(), "POST http://app.example.com/rpc?a=1 and a body");
    }
    assert_eq!((upstream.accepted(), client.client.pooled()), (1, 1));
}

#[tokio::test]
async fn exchanges_share_a_connection_at_the_same_time() {
    let upstream = TestUpstream::start(|_, peer| serve(peer, echo)).await;
    let (client, target) = (TestClient::new(), upstream.h2c_target());
    drop(client.get(&target, "/").await.unwrap());
    let (one, two) = (client.client.send(&target, get("/1")), client.client.send(&target, get("/2")));
    let (one, two) = tokio::join!(soon(one), soon(two));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(upstream.accepted(), 1);
}

#[tokio::test]
async fn dropping_the_body_resets_the_stream_alone() {
    let (resets, mut seen) = mpsc::channel(1);
    let upstream = TestUpstream::start(move |_, peer| {
        let resets = resets.clone();
        serve(peer, move |request: Request<Incoming>| {
            let resets = resets.clone();
            async move {
                if request.uri().path() != "/endless" {
                    return echo(request).await;
                }
                let (sender, frames) = mpsc::channel(1);
                sender.send(Ok(Frame::data(Bytes::from_static(b"x")))).await.unwrap();
                tokio_util::task::TaskTracker::new().spawn(async move {
                    // Held until the stream of the answer is dropped.
                    sender.closed().await;
                    resets.send(()).await.unwrap();
                });
                let frames = futures::stream::unfold(frames, |mut frames| async {
                    frames.recv().await.map(|frame: Result<Frame<Bytes>, Infallible>| (frame, frames))
                });
                Response::new(BodyExt::boxed(SyncBody(Box::pin(StreamBody::new(frames)))))
            }
        })
    })
    .await;
    let (client, target) = (TestClient::new(), upstream.h2c_target());
    let mut answer = client.get(&target, "/endless").await.unwrap();
    assert!(soon(answer.body_mut().frame()).await.unwrap().unwrap().is_data());
    drop(answer);
    assert_eq!(soon(seen.recv()).await, Some(()));
    assert!(client.get(&target, "/").await.is_ok());
    assert_eq!(upstream.accepted(), 1);
}

/// Connections that end right behind an answer race with the next request. One that never took it spent no body.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_close_spends_no_body() {
    const ROUNDS: usize = 300;
    let upstream = TestUpstream::start(|_, peer| async move {
        let answered = Arc::new(Notify::new());
        let told = Arc::clone(&answered);
        let service = service_fn(move |request| {
            let told = Arc::clone(&told);
            async move {
                let answer = echo(request).await;
                told.notify_one();
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(peer.tcp), service);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            _ended = connection.as_mut() => return,
            () = answered.notified() => connection.as_mut().graceful_shutdown(),
        }
        let _ended = connection.await;
    })
    .await;
    let (client, target) = (TestClient::new(), upstream.h2c_target());
    for _ in 0..ROUNDS {
        match soon(client.client.send(&target, post("/", " paid"))).await {
            Ok(answer) => assert_eq!(text(answer).await.unwrap(), "POST http://app.example.com/ paid"),
            Err(error) => assert!(matches!(error, UpstreamError::Reset { .. }), "{error}"),
        }
    }
}

#[tokio::test]
async fn http1_service_is_named() {
    let upstream = TestUpstream::start(|_, mut peer| async move {
        peer.until(b"\r\n\r\n").await;
        peer.send(&ok("who are you")).await;
        peer.gone().await;
    })
    .await;
    let error = TestClient::new().get(&upstream.h2c_target(), "/").await.unwrap_err();
    assert!(matches!(error, UpstreamError::SpeaksHttp1 { .. }), "{error}");
}

#[tokio::test]
async fn upgrade_over_http2_is_refused() {
    let upstream = TestUpstream::start(|_, peer| serve(peer, echo)).await;
    let mut request = get("/ws");
    request.headers_mut().insert("upgrade", HeaderValue::from_static("websocket"));
    let error = soon(TestClient::new().client.send(&upstream.h2c_target(), request)).await.unwrap_err();
    assert!(matches!(error, UpstreamError::UpgradeUnsupported { .. }), "{error}");
    assert_eq!(upstream.accepted(), 0);
}

/// A body that is shared by nobody, behind a type that could be.
struct SyncBody<B>(B);

impl<B: http_body::Body + Unpin> http_body::Body for SyncBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        std::pin::Pin::new(&mut self.0).poll_frame(cx)
    }
}
