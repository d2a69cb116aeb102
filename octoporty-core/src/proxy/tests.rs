//! Both roles over an in-memory lane.

use std::{sync::Mutex, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::*;
use crate::{
    frame::{Reset, ResetCode, Side, StreamKind},
    id::{MappingId, RequestId},
    limits::ENCODED_HEAD_BYTES_MAX,
    session::{Lane, testing},
};

/// A body that a test feeds.
struct Fed(mpsc::Receiver<Frame<Bytes>>);

impl http_body::Body for Fed {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(context).map(|frame| frame.map(Ok))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

fn fed() -> (mpsc::Sender<Frame<Bytes>>, Fed) {
    let (sender, receiver) = mpsc::channel(4);
    (sender, Fed(receiver))
}

fn data(bytes: &'static [u8]) -> Frame<Bytes> {
    Frame::data(Bytes::from_static(bytes))
}

fn request() -> RequestHead {
    RequestHead {
        mapping: MappingId::from_u128(1),
        request: RequestId::from_u128(2),
        method: Method::POST,
        target: Bytes::from_static(b"/"),
        headers: HeaderMap::new(),
        version: None,
    }
}

/// Answers each request with what is in the slot.
struct Slot<B>(Mutex<Option<Result<Reply<B>, Reset>>>);

impl<B> Handler for Slot<B>
where
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send,
{
    type Body = B;

    async fn handle(&self, _: RequestHead, _: Body, _: bool, _: Interim) -> Result<Reply<B>, Reset> {
        let reply = self.0.lock().unwrap().take();
        match reply {
            Some(reply) => reply,
            None => std::future::pending().await,
        }
    }
}

fn slot<B>(reply: Result<Reply<B>, Reset>) -> Slot<B> {
    Slot(Mutex::new(Some(reply)))
}

fn ok<B>(body: B) -> Result<Reply<B>, Reset> {
    let mut headers = HeaderMap::new();
    headers.insert("x-answer", HeaderValue::from_static("yes"));
    Ok(Reply::Response { head: ResponseHead { status: StatusCode::OK, headers }, body, idle: None })
}

async fn ask(lane: &Lane, tracker: &TaskTracker) -> Result<Answer, ExchangeError> {
    let mut outgoing = Outgoing::new(Body::full(Bytes::from_static(b"ping")), false).await.unwrap();
    let head = request().encode();
    initiate(lane, StreamKind::Http, &head, &mut outgoing, tracker).await
}

async fn read_all(mut body: Body) -> Result<(Vec<u8>, Option<HeaderMap>), BodyError> {
    let mut bytes = Vec::new();
    let mut trailers = None;
    while let Some(frame) = std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context)).await {
        match frame?.into_data() {
            Ok(data) => bytes.extend_from_slice(&data),
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
    }
    Ok((bytes, trailers))
}

#[tokio::test(start_paused = true)]
async fn a_small_exchange_needs_one_frame_each_way() {
    let (gateway, agent, _drivers) = testing::pair().await;
    let tracker = TaskTracker::new();
    let handler = slot(ok(Body::full(Bytes::from_static(b"pong"))));
    let serve = async { respond(&handler, agent.accept().await.unwrap()).await };
    let (answer, finished) = tokio::join!(ask(&gateway, &tracker), serve);
    let Answer::Response { head, body } = answer.unwrap() else { panic!("a response") };
    assert_eq!((head.status, head.headers["x-answer"].as_bytes()), (StatusCode::OK, &b"yes"[..]));
    assert!(!body.is_end_stream());
    assert_eq!(read_all(body).await.unwrap().0, b"pong");
    assert!(matches!(finished, Finished { status: Some(StatusCode::OK), bytes_out: 4, end: End::Complete, .. }));
    // Neither end keeps anything of it.
    assert_eq!(gateway.open_streams(), 0);
}

#[tokio::test(start_paused = true)]
async fn trailers_come_behind_the_body() {
    let (gateway, agent, _drivers) = testing::pair().await;
    let tracker = TaskTracker::new();
    let (feed, body) = fed();
    let handler = slot(ok(body));
    let serve = async { respond(&handler, agent.accept().await.unwrap()).await };
    let visit = async {
        let Answer::Response { body, .. } = ask(&gateway, &tracker).await.unwrap() else { panic!("a response") };
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        trailers.insert("content-length", HeaderValue::from_static("9"));
        feed.send(data(b"one ")).await.unwrap();
        feed.send(data(b"two")).await.unwrap();
        feed.send(Frame::trailers(trailers)).await.unwrap();
        read_all(body).await.unwrap()
    };
    let (_finished, (bytes, trailers)) = tokio::join!(serve, visit);
    assert_eq!(bytes, b"one two");
    let trailers = trailers.unwrap();
    assert_eq!(trailers["grpc-status"], "0");
    // R05
    assert!(!trailers.contains_key("content-length"));
}

#[tokio::test(start_paused = true)]
async fn a_failing_upstream_is_told_with_its_side() {
    let (gateway, agent, _drivers) = testing::pair().await;
    let tracker = TaskTracker::new();
    let failure = Reset::with_detail(ResetCode::Unreachable, Side::Upstream, "refused");
    let handler: Slot<Body> = slot(Err(failure.clone()));
    let serve = async { respond(&handler, agent.accept().await.unwrap()).await };
    let (answer, _finished) = tokio::join!(ask(&gateway, &tracker), serve);
    assert_eq!(answer.unwrap_err(), ExchangeError::Reset(failure));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_pauses_too_long_is_cut_and_not_completed() {
    let (gateway, agent, _drivers) = testing::pair().await;
    let tracker = TaskTracker::new();
    let (feed, body) = fed();
    feed.send(data(b"half")).await.unwrap();
    let mut reply = ok(body);
    if let Ok(Reply::Response { idle, .. }) = &mut reply {
        *idle = Some(Duration::from_secs(5));
    }
    let handler = slot(reply);
    let serve = async { respond(&handler, agent.accept().await.unwrap()).await };
    let visit = async {
        let Answer::Response { body, .. } = ask(&gateway, &tracker).await.unwrap() else { panic!("a response") };
        read_all(body).await
    };
    let (finished, outcome) = tokio::join!(serve, visit);
    assert!(matches!(outcome, Err(BodyError::Cut(_))), "{outcome:?}");
    assert!(matches!(finished.end, End::Failed(Reset { code: ResetCode::Timeout, .. })));
}

#[tokio::test(start_paused = true)]
async fn a_visitor_who_leaves_stops_the_handler() {
    let (gateway, agent, _drivers) = testing::pair().await;
    let tracker = TaskTracker::new();
    let handler: Slot<Body> = Slot(Mutex::new(None));
    let serve = async { respond(&handler, agent.accept().await.unwrap()).await };
    let visit = async {
        let asking = ask(&gateway, &tracker);
        assert!(tokio::time::timeout(Duration::from_secs(1), asking).await.is_err());
    };
    let (finished, ()) = tokio::join!(serve, visit);
    assert!(matches!(finished.end, End::Abandoned(_)));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_must_be_asked_for_is_not_touched_before() {
    let (gateway, agent, _drivers) = testing::pair().await;
    let tracker = TaskTracker::new();
    let (feed, body) = fed();
    let mut outgoing = Outgoing::new(body, true).await.unwrap();
    let head = request().encode();
    let asking = initiate(&gateway, StreamKind::Http, &head, &mut outgoing, &tracker);
    let serve = async {
        let mut incoming = agent.accept().await.unwrap();
        feed.send(data(b"upload")).await.unwrap();
        let early = tokio::time::timeout(Duration::from_secs(1), incoming.recv.read()).await;
        assert!(early.is_err(), "the body came unasked");
        let hundred = ResponseHead { status: StatusCode::CONTINUE, headers: HeaderMap::new() };
        incoming.send.send_head(&hundred.encode(), &[], false).await.unwrap();
        assert!(incoming.recv.read().await.unwrap().is_some());
        let done = ResponseHead { status: StatusCode::NO_CONTENT, headers: HeaderMap::new() };
        incoming.send.send_head(&done.encode(), &[], true).await.unwrap();
    };
    let (answer, ()) = tokio::join!(asking, serve);
    let Answer::Response { head, .. } = answer.unwrap() else { panic!("a response") };
    assert_eq!(head.status, StatusCode::NO_CONTENT);
}

#[tokio::test(start_paused = true)]
async fn a_head_behind_the_final_one_is_no_answer_and_no_loss() {
    let (gateway, agent, _drivers) = testing::pair().await;
    let tracker = TaskTracker::new();
    let serve = async {
        let mut incoming = agent.accept().await.unwrap();
        let head = ResponseHead { status: StatusCode::OK, headers: HeaderMap::new() }.encode();
        incoming.send.send_head(&head, &[], false).await.unwrap();
        incoming.send.send_head(&head, &[], true).await.unwrap();
        incoming
    };
    let (answer, _incoming) = tokio::join!(ask(&gateway, &tracker), serve);
    let error = answer.unwrap_err();
    assert!(error == ExchangeError::NoAnswer && !error.was_lost(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn heads_that_are_larger_than_what_travels_are_the_upstreams_doing() {
    // R16: an upstream that speaks HTTP/2 may send such heads.
    let long = HeaderMap::from_iter([(
        HeaderName::from_static("x-long"),
        HeaderValue::try_from("v".repeat(ENCODED_HEAD_BYTES_MAX)).unwrap(),
    )]);
    let many: HeaderMap = (0..=wire::WIRE_FIELDS_MAX)
        .map(|n| (HeaderName::try_from(format!("x-{n}")).unwrap(), HeaderValue::from_static("v")))
        .collect();
    for headers in [long, many] {
        let (gateway, agent, _drivers) = testing::pair().await;
        let tracker = TaskTracker::new();
        let head = ResponseHead { status: StatusCode::OK, headers };
        let handler = slot(Ok(Reply::Response { head, body: Body::empty(), idle: None }));
        let serve = async { respond(&handler, agent.accept().await.unwrap()).await };
        let (answer, finished) = tokio::join!(ask(&gateway, &tracker), serve);
        let Err(ExchangeError::Reset(reset)) = answer else { panic!("a reset") };
        assert_eq!((reset.code, reset.side), (ResetCode::BadAnswer, Side::Upstream));
        assert!(matches!(finished.end, End::Failed(_)));
    }
}
