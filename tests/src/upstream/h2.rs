//! An HTTP/2 upstream with prior knowledge (h2c) that records requests; what it answers is in `h2_routes`.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use http::{HeaderMap, Request};
use hyper::{body::Incoming, server::conn::http2::Builder, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, time::Instant};

use super::{BodyProgress, h2_routes};
use crate::{
    ledger::{Ledger, NotSeen, Tagged},
    ports,
    running::{Running, Tasks},
};

/// Streams that one connection may have open: far above every test, so that the product's own limit is felt.
const STREAMS_MAX: u32 = 10_000;

/// One request as it reached the HTTP/2 upstream.
#[derive(Debug, Clone)]
pub struct RecordH2 {
    /// Counts requests of this upstream, from 1.
    pub number: u64,
    /// Counts connections of this upstream, from 1.
    pub connection: u64,
    /// From the query parameter `tag` or the field `x-tag`; empty without.
    pub tag: String,
    /// `:method`.
    pub method: String,
    /// `:path`.
    pub path: String,
    /// `:authority`; empty without.
    pub authority: String,
    /// `:scheme`; empty without.
    pub scheme: String,
    /// The fields.
    pub fields: HeaderMap,
    /// When the head came.
    pub arrived: Instant,
    /// How far the body has come.
    pub body: BodyProgress,
    /// Body bytes read so far.
    pub body_bytes: u64,
    /// SHA-256 of the body in lower-case hexadecimal; empty until its end.
    pub body_sha256: String,
    /// The trailers.
    pub trailers: HeaderMap,
    /// When the answer, or what the stream took of it, was handed over.
    pub answered: Option<Instant>,
    /// When the peer was seen to have reset the stream or left.
    pub gone: Option<Instant>,
}

impl Tagged for RecordH2 {
    fn tag(&self) -> &str {
        &self.tag
    }
}

/// A recording HTTP/2 server on loopback, without TLS, whose behaviour is chosen by path.
///
/// | Path | Behaviour |
/// | --- | --- |
/// | all unknown | JSON: `method`, `path`, `authority`, `fields`, `body_bytes`, `body_sha256`, `trailers` |
/// | `/stream-echo` | sends each piece back as it comes; request trailers come back as trailers |
/// | `/trailers` | `hello` with `grpc-status: 0` |
/// | `/hang` | no answer |
/// | extended CONNECT with `websocket` | WebSocket echo; with another protocol, 501 |
/// | `/echo.Echo/Unary` | gRPC: the message back |
/// | `/echo.Echo/ClientStream` | gRPC: all messages joined in one |
/// | `/echo.Echo/ServerStream` | gRPC: the message back as often as `x-count` says, 3 by default |
/// | `/echo.Echo/Bidi` | gRPC: each message back as it comes |
/// | `/echo.Echo/Fail` | gRPC: status 5 in an answer of nothing but a head |
/// | `/echo.Echo/FailLate` | gRPC: the first message back, then status 13 |
///
/// Dropping it closes the listener and all connections.
#[derive(Debug)]
pub struct TestUpstreamH2 {
    address: SocketAddr,
    ledger: Ledger<RecordH2>,
    _running: Running,
}

impl TestUpstreamH2 {
    /// Starts on a free port.
    ///
    /// # Errors
    /// There is no port.
    pub fn start() -> io::Result<Self> {
        let listener = ports::listen((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = listener.local_addr()?;
        let ledger = Ledger::default();
        let running = Running::default();
        let tasks = running.tasks();
        tasks.spawn(accept(listener, ledger.clone(), tasks.clone()));
        Ok(Self { address, ledger, _running: running })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All requests so far, in order of arrival.
    #[must_use]
    pub fn records(&self) -> Vec<RecordH2> {
        self.ledger.records()
    }

    /// The requests with `tag` so far.
    #[must_use]
    pub fn tagged(&self, tag: &str) -> Vec<RecordH2> {
        self.ledger.tagged(tag)
    }

    /// Requests ever.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.ledger.requests()
    }

    /// Connections ever.
    #[must_use]
    pub fn connections_total(&self) -> u64 {
        self.ledger.connections().0
    }

    /// Connections open now.
    #[must_use]
    pub fn connections_open(&self) -> u64 {
        self.ledger.connections().1
    }

    /// Waits until a request with `tag` satisfies `predicate`, and gives its record as it is then. Cancel-safe.
    ///
    /// # Errors
    /// That did not happen within `deadline`; the error shows the records of the tag.
    pub async fn wait_for(
        &self,
        tag: &str,
        predicate: impl Fn(&RecordH2) -> bool,
        deadline: Duration,
    ) -> Result<RecordH2, NotSeen> {
        self.ledger.wait_for(tag, predicate, deadline).await
    }
}

async fn accept(listener: TcpListener, ledger: Ledger<RecordH2>, tasks: Tasks) {
    loop {
        let stream = ports::accept(&listener).await;
        let (ledger, tasks) = (ledger.clone(), tasks.clone());
        tasks.clone().spawn(async move {
            let connection = Arc::new(ConnectionH2::new(ledger, tasks.clone()));
            let service = service_fn(|request: Request<Incoming>| {
                let connection = Arc::clone(&connection);
                async move { Ok::<_, io::Error>(h2_routes::route(request, &connection).await) }
            });
            let served = Builder::new(tasks)
                .timer(TokioTimer::new())
                .max_concurrent_streams(STREAMS_MAX)
                .enable_connect_protocol()
                .serve_connection(TokioIo::new(stream), service)
                .await;
            // How a connection ends is the visitor's doing, and seen there.
            served.ok();
        });
    }
}

/// What the exchanges of one connection share. Dropping it counts the connection as closed.
#[derive(Debug)]
pub(super) struct ConnectionH2 {
    pub(super) number: u64,
    pub(super) ledger: Ledger<RecordH2>,
    pub(super) tasks: Tasks,
}

impl ConnectionH2 {
    fn new(ledger: Ledger<RecordH2>, tasks: Tasks) -> Self {
        Self { number: ledger.connected(), ledger, tasks }
    }

    /// Records the head of a request.
    pub(super) fn record(&self, head: &http::request::Parts) -> u64 {
        let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
        let tag = head.uri.query().and_then(|query| {
            let mut pairs = query.split('&');
            pairs.find_map(|pair| pair.strip_prefix("tag="))
        });
        let field = head.headers.get("x-tag");
        let tag = tag.or_else(|| field?.to_str().ok());
        self.ledger.push(|number| RecordH2 {
            number,
            connection: self.number,
            tag: text(tag),
            method: head.method.to_string(),
            path: text(head.uri.path_and_query().map(|path| path.as_str())),
            authority: text(head.uri.authority().map(|authority| authority.as_str())),
            scheme: text(head.uri.scheme_str()),
            fields: head.headers.clone(),
            arrived: Instant::now(),
            body: BodyProgress::Unread,
            body_bytes: 0,
            body_sha256: String::new(),
            trailers: HeaderMap::new(),
            answered: None,
            gone: None,
        })
    }
}

impl Drop for ConnectionH2 {
    fn drop(&mut self) {
        self.ledger.disconnected();
    }
}
