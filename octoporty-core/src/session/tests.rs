//! Two ends over an in-memory transport.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::time::Instant;

use super::{
    CallError, accept,
    testing::{self, pair},
};
use crate::{
    frame::{Kind, Message, StreamKind, put_handshake},
    limits::{ROOM_TIMEOUT, STREAMS_MAX},
    message::{GoAwayReason, Hello, encode},
    proto::{Config, ConnectionError, OpenError, ReadError, Received, Role},
    transport::{TransportError, duplex},
    version::WIRE_VERSION,
};

#[tokio::test(start_paused = true)]
async fn an_exchange_passes_both_ways() {
    let (gateway, agent, _drivers) = pair().await;
    let (_send, mut answer) = gateway.open(StreamKind::Http, b"get", b"body", true).await.unwrap();
    let mut incoming = agent.accept().await.unwrap();
    assert_eq!(incoming.head, "get");
    assert_eq!(incoming.recv.read().await.unwrap(), Some(Received::Data(Bytes::from_static(b"body"))));
    assert_eq!(incoming.recv.read().await.unwrap(), None);
    incoming.send.send_head(b"ok", b"", false).await.unwrap();
    let megabytes = Bytes::from(vec![7; 3 << 20]);
    #[expect(clippy::disallowed_methods, reason = "the test awaits it")]
    let writer = tokio::spawn(async move {
        incoming.send.write(megabytes).await.unwrap();
        incoming.send.finish(Some(Bytes::from_static(b"trailers"))).unwrap();
        incoming
    });
    assert_eq!(answer.read().await.unwrap(), Some(Received::Head(Bytes::from_static(b"ok"))));
    let mut bytes = 0;
    loop {
        match answer.read().await.unwrap() {
            Some(Received::Data(data)) => bytes += data.len(),
            Some(Received::Trailers(block)) => {
                assert_eq!(block, "trailers");
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(bytes, 3 << 20);
    assert_eq!(answer.read().await.unwrap(), None);
    writer.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lost_driver_fails_all_handles_at_once() {
    let (gateway, agent, [agent_driver, _]) = pair().await;
    let (_send, mut answer) = gateway.open(StreamKind::Http, b"get", b"", true).await.unwrap();
    agent_driver.abort();
    assert!(answer.read().await.is_err());
    assert!(matches!(gateway.closed().await, ConnectionError::TransportLost { .. }));
    assert!(agent.accept().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_call_is_answered_and_a_large_one_too() {
    let (gateway, agent, _drivers) = pair().await;
    for size in [10, 300_000] {
        let body = Bytes::from(vec![1; size]);
        let answer = agent.call("echo", body.clone(), 1 << 20);
        let serve = async {
            let mut call = super::IncomingCall::new(gateway.accept().await.unwrap()).unwrap();
            assert_eq!(call.call, "echo");
            let body = call.body(1 << 20).await.unwrap();
            call.answer(body).await.unwrap();
        };
        let (answer, ()) = tokio::join!(answer, serve);
        assert_eq!(answer.unwrap(), body);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_refused_before_it_is_read_says_why() {
    let (gateway, agent, _drivers) = pair().await;
    let asking = agent.call("too.much", Bytes::from(vec![1; 1 << 20]), 10);
    let refuse = async {
        let call = super::IncomingCall::new(gateway.accept().await.unwrap()).unwrap();
        call.fail("too-large", "that is too much").await.unwrap();
    };
    let (answer, ()) = tokio::join!(asking, refuse);
    let failed = CallError::Failed { code: "too-large".to_owned(), message: "that is too much".to_owned() };
    assert_eq!(answer, Err(failed));
}

#[tokio::test(start_paused = true)]
async fn leaving_waits_for_what_is_open() {
    let (gateway, agent, _drivers) = pair().await;
    let (send, mut answer) = gateway.open(StreamKind::Http, b"get", b"", true).await.unwrap();
    let mut incoming = agent.accept().await.unwrap();
    gateway.go_away(GoAwayReason::Shutdown, "bye", Duration::from_secs(1));
    let go_away = agent.peer_leaves().await.unwrap();
    assert_eq!((go_away.reason, go_away.spread_ms), (GoAwayReason::Shutdown, 1000));
    assert!(gateway.open(StreamKind::Http, b"late", b"", true).await.is_err());
    incoming.send.send_head(b"ok", b"", true).await.unwrap();
    assert!(answer.read().await.unwrap().is_some());
    drop((send, answer, incoming));
    gateway.drained().await;
    assert!(gateway.error().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_introduce_itself_is_given_up_after_ten_seconds() {
    // R23
    let (a, _kept_open) = duplex::pair(16);
    let (gateway, driver) = accept(a, Config::new(Role::Gateway));
    let begin = Instant::now();
    assert!(matches!(driver.await, ConnectionError::HandshakeTimeout { .. }));
    assert_eq!(begin.elapsed().as_secs(), 10);
    assert!(gateway.hello().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_given_up_after_fifteen_seconds() {
    // R30
    let (a, mut silent) = duplex::pair(16);
    let (gateway, driver) = accept(a, Config::new(Role::Gateway));
    let mut introduction = BytesMut::new();
    let hello = Hello { wire: WIRE_VERSION, streams: 1, ..testing::hello() };
    put_handshake(&mut introduction, Kind::Hello, &encode(&hello));
    silent.send(introduction.freeze().into()).await.unwrap();
    let begin = Instant::now();
    let opening = async {
        gateway.hello().await.unwrap();
        gateway.welcome(testing::welcome());
        gateway.open(StreamKind::Http, b"get", b"", true).await.unwrap()
    };
    let (ended, (_send, mut answer)) = tokio::join!(driver, opening);
    assert!(matches!(ended, ConnectionError::Silent { .. }), "{ended}");
    assert_eq!(begin.elapsed().as_secs(), 15);
    assert!(matches!(answer.read().await, Err(ReadError::Lost(_))));
}

#[tokio::test(start_paused = true)]
async fn a_full_lane_is_not_waited_for_without_end() {
    let (gateway, _agent, _drivers) = pair().await;
    let mut open = Vec::new();
    for _ in 0..STREAMS_MAX {
        open.push(gateway.open(StreamKind::Http, b"", b"", true).await.unwrap());
    }
    let begin = Instant::now();
    assert_eq!(gateway.open(StreamKind::Http, b"", b"", true).await.err(), Some(OpenError::NoRoom));
    assert!(begin.elapsed() >= ROOM_TIMEOUT && begin.elapsed() < 2 * ROOM_TIMEOUT);
    // One that ends makes room for one that waits.
    let waiting = gateway.open(StreamKind::Http, b"", b"", true);
    let ending = async { drop(open.pop()) };
    let (opened, ()) = tokio::join!(waiting, ending);
    assert!(opened.is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_waiting_for_room_leaves_nothing_behind() {
    struct Nobody;
    impl Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }
    let (gateway, _agent, _drivers) = pair().await;
    let mut open = Vec::new();
    for _ in 0..STREAMS_MAX {
        open.push(gateway.open(StreamKind::Http, b"", b"", true).await.unwrap());
    }
    let nobody = Arc::new(Nobody);
    let waker = Waker::from(Arc::clone(&nobody));
    for _ in 0..3 {
        let opening = pin!(gateway.open(StreamKind::Http, b"", b"", true));
        assert!(opening.poll(&mut Context::from_waker(&waker)).is_pending());
    }
    drop(waker);
    assert_eq!(Arc::strong_count(&nobody), 1, "the lane keeps wakers of requests that nobody waits for");
}

/// A transport that never closes.
struct Stuck(duplex::Duplex);

impl Stream for Stuck {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl Sink<Message> for Stuck {
    type Error = TransportError;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.0.poll_ready_unpin(context)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), TransportError> {
        self.0.start_send_unpin(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.0.poll_flush_unpin(context)
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_does_not_close_is_given_up() {
    let (end, _peer) = duplex::pair(16);
    let (gateway, driver) = accept(Stuck(end), Config::new(Role::Gateway));
    gateway.close();
    let begin = Instant::now();
    assert_eq!(driver.await, ConnectionError::Closed);
    assert_eq!(begin.elapsed().as_secs(), 3);
}
