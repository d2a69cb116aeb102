//! Bodies of plain requests: as long as they are said to be, or no request at all; asked for where they are held back.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use octoporty_core::{
    frame::StreamKind,
    id::{AgentId, MappingId, RequestId, SessionId},
    message::{Hello, Welcome},
    proto::{Config, Role},
    proxy::{HeadWriter, HeaderPolicy, RawRequestHead},
    session::{self, Lane, RecvStream, SendStream},
    transport::duplex,
};
use tokio_util::task::TaskTracker;

use super::harness::{TestClient, TestUpstream, eventually, ok, soon};
use crate::upstream::plain::{PlainRequest, UploadError};

/// The stream of one request, from the Gateway's end.
struct Gateway {
    send: SendStream,
    /// Held, since dropping it would cancel the request.
    _recv: RecvStream,
    /// The same stream at the Agent's end, and the lanes.
    _agent: (SendStream, Lane, Lane),
}

/// Opens a stream whose body begins with `inline`; gives what the Agent reads it from.
async fn stream(tasks: &TaskTracker, inline: &[u8], whole: bool) -> (Gateway, RecvStream) {
    let (a, b) = duplex::pair(16);
    let hello = Hello {
        wire: 0,
        capabilities: Vec::new(),
        window: 0,
        streams: 0,
        agent: AgentId::from_u128(1),
        instance: 1,
        session: None,
        name: String::new(),
        version: "0".to_owned(),
    };
    let welcome = Welcome {
        wire: 0,
        capabilities: Vec::new(),
        window: 0,
        streams: 0,
        session: SessionId::from_u128(1),
        lanes: 1,
        name: String::new(),
        version: "0".to_owned(),
        uptime_s: 0,
        share_domain: None,
    };
    let (agent, agent_driver) = session::dial(a, Config::new(Role::Agent), hello);
    let (gateway, gateway_driver) = session::accept(b, Config::new(Role::Gateway));
    tasks.spawn(agent_driver);
    tasks.spawn(gateway_driver);
    soon(gateway.hello()).await.unwrap();
    gateway.welcome(welcome);
    soon(agent.welcomed()).await.unwrap();
    let (send, recv) = soon(gateway.open(StreamKind::Http, b"head", inline, whole)).await.unwrap();
    let incoming = soon(agent.accept()).await.unwrap();
    (Gateway { send, _recv: recv, _agent: (incoming.send, gateway, agent) }, incoming.recv)
}

/// A request that says to have a body of five bytes.
fn request(target: &Arc<crate::upstream::UpstreamTarget>, more: &[(&str, &str)]) -> PlainRequest {
    let mut head = HeadWriter::request(MappingId::from_u128(1), RequestId::from_u128(2), b"PUT", b"/");
    for (name, value) in [("host", "a"), ("content-length", "5")].iter().chain(more) {
        head.field(name.as_bytes(), value.as_bytes());
    }
    let head = head.finish();
    PlainRequest::new(&RawRequestHead::read(&head).unwrap(), true, target, &HeaderPolicy::new()).unwrap()
}

#[tokio::test]
async fn body_in_pieces_goes_out_and_its_connection_serves_again() {
    let upstream = TestUpstream::start(|_, mut peer| async move {
        while peer.head().await.is_some() {
            let body = peer.until(b"o").await.unwrap();
            peer.send(&ok(body)).await;
        }
    })
    .await;
    let (client, target) = (TestClient::new(), upstream.target());
    for _ in 0..3 {
        let (mut gateway, recv) = stream(&client.tasks, b"he", false).await;
        let (answering, upload) = client.client.begin_plain(&target, &request(&target, &[]), recv).await.unwrap();
        let progress = answering.progress();
        let feeding = async {
            gateway.send.write(Bytes::from_static(b"ll")).await.unwrap();
            gateway.send.write(Bytes::from_static(b"o")).await.unwrap();
            gateway.send.finish(None).unwrap();
        };
        let (uploaded, answer, ()) =
            soon(async { tokio::join!(upload.run(|| panic!("nobody waits")), answering.answer(&|_head| {}), feeding) })
                .await;
        assert_eq!(uploaded, Ok(()));
        assert_eq!(answer.unwrap().inline, "hello");
        assert_eq!(progress.bytes(), 5);
    }
    assert_eq!((upstream.accepted(), client.client.pooled()), (1, 1));
}

// R36: a Gateway may be hostile.
#[tokio::test]
async fn body_of_another_length_is_cut_off() {
    let broken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&broken);
    let upstream = TestUpstream::start(move |_, mut peer| {
        let count = Arc::clone(&count);
        async move {
            peer.head().await;
            // What was too much must not reach the next request's place.
            assert_eq!(peer.until(b"GET").await, None);
            count.fetch_add(1, Ordering::SeqCst);
        }
    })
    .await;
    let (client, target) = (TestClient::new(), upstream.target());
    for (at, (inline, more)) in
        [(&b"hell"[..], &b""[..]), (b"hell", b"oGET / HTTP/1.1\r\n"), (b"", b"hell")].iter().enumerate()
    {
        let (mut gateway, recv) = stream(&client.tasks, inline, false).await;
        let (answering, upload) = client.client.begin_plain(&target, &request(&target, &[]), recv).await.unwrap();
        if !more.is_empty() {
            soon(gateway.send.write(Bytes::from_static(more))).await.unwrap();
        }
        gateway.send.finish(None).unwrap();
        assert_eq!(soon(upload.run(|| ())).await, Err(UploadError::Malformed), "{at}");
        drop(answering);
        eventually(|| broken.load(Ordering::SeqCst) == at + 1).await;
    }
    assert_eq!(client.client.pooled(), 0);
}

// R17
#[tokio::test]
async fn held_back_body_is_asked_for_once_the_upstream_does() {
    let upstream = TestUpstream::start(|_, mut peer| async move {
        assert!(peer.head().await.unwrap().contains("expect: 100-continue\r\n"));
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n").await;
        let body = peer.until(b"hello").await.unwrap();
        peer.send(&ok(body)).await;
        peer.gone().await;
    })
    .await;
    let (client, target) = (TestClient::new(), upstream.target());
    let (mut gateway, recv) = stream(&client.tasks, b"", false).await;
    let request = request(&target, &[("expect", "100-continue")]);
    let (answering, upload) = client.client.begin_plain(&target, &request, recv).await.unwrap();
    let (asked, was_asked) = tokio::sync::oneshot::channel();
    let feeding = async {
        was_asked.await.unwrap();
        gateway.send.write(Bytes::from_static(b"hello")).await.unwrap();
        gateway.send.finish(None).unwrap();
    };
    let ask = move || asked.send(()).unwrap();
    let (uploaded, answer, ()) =
        soon(async { tokio::join!(upload.run(ask), answering.answer(&|_head| {}), feeding) }).await;
    assert_eq!((uploaded, &answer.unwrap().inline[..]), (Ok(()), &b"hello"[..]));
}

// R17
#[tokio::test]
async fn held_back_body_is_not_asked_for_after_a_refusal() {
    let upstream = TestUpstream::start(|_, mut peer| async move {
        peer.head().await;
        peer.send(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno").await;
        assert_eq!(peer.until(b"h").await, None, "a byte of the body came");
    })
    .await;
    let (client, target) = (TestClient::new(), upstream.target());
    // It is there all the same: the visitor did not wait.
    let (_gateway, recv) = stream(&client.tasks, b"hello", true).await;
    let request = request(&target, &[("expect", "100-continue")]);
    let (answering, upload) = client.client.begin_plain(&target, &request, recv).await.unwrap();
    let run = upload.run(|| panic!("it was refused"));
    let (uploaded, answer) = soon(async { tokio::join!(run, answering.answer(&|_head| {})) }).await;
    assert_eq!((uploaded, answer.unwrap().head.status), (Ok(()), 417));
    assert_eq!(client.client.pooled(), 0);
}
