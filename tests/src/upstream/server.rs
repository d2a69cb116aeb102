//! The raw upstream itself: starts, is asked about what it saw, stops.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::Instant,
};
use tokio_rustls::TlsAcceptor;

use super::{RequestRecord, connection, exchange::Transport, floor::Floor};
use crate::{
    ledger::NotSeen,
    ports,
    running::{Running, Tasks},
};

/// Most connections served at a time; more wait in the backlog.
const CONNECTIONS_MAX: usize = 4096;

/// A recording HTTP/1.1 server on loopback whose behaviour is chosen by path.
///
/// | Path | Behaviour |
/// | --- | --- |
/// | `/echo` and all unknown | JSON: `line`, `fields`, `body_bytes`, `body_sha256`, `body`, `trailers` |
/// | `/hang?sec=` | no answer |
/// | `/gate` | as `/echo`, after one [`Self::step`] |
/// | `/steps?n=&size=` | a chunk for each [`Self::step`] |
/// | `/stream?size=&sec=&fast` | chunks without end |
/// | `/big?n=` | `n` bytes of [`pattern`](crate::pattern) |
/// | `/sse?n=&ms=` | events: index and microseconds since [`Self::started`] |
/// | `/cookies`, `/hop`, `/headsize`, `/status/N` | special fields and statuses |
/// | `/trailers` | `hello` with `grpc-status: 0` |
/// | `/continue?ms=`, `/hints?ms=` | 100 if expected, 103; then as `/echo` |
/// | `/early`, `/refuse` | 413 or 417 without reading the body |
/// | `/cut?chunked&ms=` | 500 bytes of 1,000, then a reset |
/// | `/eofbody` | a body that ends with the connection |
/// | `/slowread?bps=&sec=` | reads slowly, then resets |
/// | `/bad/NAME` | `clte dupcl signedcl crhdr nul fold spacecolon huge manyfields nostatus te10 oddte badchunk hugechunk hintflood switch tail` |
/// | `/ws?early&cookie`, `/ws/close4001`, `/ws/ping`, `/ws/rst` | WebSocket echo |
/// | `/ws/reject`, `/ws-refuse` | 403 |
///
/// Requests are found again by their tag: the query parameter `tag`, or the field `X-Tag`. Dropping the
/// upstream closes its listener and all connections.
#[derive(Debug)]
pub struct TestUpstream {
    address: SocketAddr,
    floor: Arc<Floor>,
    _running: Running,
}

impl TestUpstream {
    /// Starts on a free port. Called within a tokio runtime, as all that starts here.
    ///
    /// # Errors
    /// There is no port.
    pub fn start() -> io::Result<Self> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into())
    }

    /// Starts at `address`, say that of an upstream which was dropped.
    ///
    /// # Errors
    /// The address is in use.
    pub fn start_at(address: SocketAddr) -> io::Result<Self> {
        Self::start_with(address, None)
    }

    pub(super) fn start_with(address: SocketAddr, tls: Option<TlsAcceptor>) -> io::Result<Self> {
        let listener = ports::listen(address)?;
        let address = listener.local_addr()?;
        let floor = Arc::new(Floor::new());
        let running = Running::default();
        let tasks = running.tasks().clone();
        let accept = accept(listener, tls, Arc::clone(&floor), tasks.clone());
        tasks.spawn(accept);
        Ok(Self { address, floor, _running: running })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// When it started; `/sse` counts from then.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.floor.started
    }

    /// All requests so far, in order of arrival.
    #[must_use]
    pub fn records(&self) -> Vec<RequestRecord> {
        self.floor.ledger.records()
    }

    /// The requests with `tag` so far.
    #[must_use]
    pub fn tagged(&self, tag: &str) -> Vec<RequestRecord> {
        self.floor.ledger.tagged(tag)
    }

    /// Requests ever, also those beyond what is recorded.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.floor.ledger.requests()
    }

    /// Connections ever.
    #[must_use]
    pub fn connections_total(&self) -> u64 {
        self.floor.ledger.connections().0
    }

    /// Connections open now.
    #[must_use]
    pub fn connections_open(&self) -> u64 {
        self.floor.ledger.connections().1
    }

    /// Waits until a request with `tag` satisfies `predicate`, and gives its record as it is then. Cancel-safe.
    ///
    /// # Errors
    /// That did not happen within `deadline`; the error shows the records of the tag.
    pub async fn wait_for(
        &self,
        tag: &str,
        predicate: impl Fn(&RequestRecord) -> bool,
        deadline: Duration,
    ) -> Result<RequestRecord, NotSeen> {
        self.floor.ledger.wait_for(tag, predicate, deadline).await
    }

    /// Waits until `predicate` holds for the connections ever and those open. Cancel-safe.
    ///
    /// # Errors
    /// That did not happen within `deadline`.
    pub async fn wait_for_connections(
        &self,
        predicate: impl Fn(u64, u64) -> bool,
        deadline: Duration,
    ) -> Result<(), NotSeen> {
        let ledger = &self.floor.ledger;
        ledger.wait_for_connections(predicate, deadline).await
    }

    /// Lets `/gate` answer, or `/steps` send one more chunk, for the request with `tag`. Steps may be given
    /// ahead.
    pub fn step(&self, tag: &str) {
        self.floor.steps(tag).add_permits(1);
    }

    /// From now on, answers requests for exactly `path` (without query) with these bytes, whatever they are.
    pub fn answer_raw(&self, path: &str, answer: impl Into<Bytes>) {
        self.floor.set_raw_answer(path, answer.into());
    }

    /// Closes the connections of now at once, idle or not, and goes on accepting.
    pub fn close_connections(&self) {
        self.floor.close_connections();
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, floor: Arc<Floor>, tasks: Tasks) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let place = place.expect("the places are never closed");
        let stream = ports::accept(&listener).await;
        let (tls, floor) = (tls.clone(), Arc::clone(&floor));
        tasks.spawn(async move {
            let closing = floor.closing();
            if let Some(transport) = transport(stream, tls).await {
                let serve = connection::serve(transport, &floor);
                closing.run_until_cancelled(serve).await;
            }
            drop(place);
        });
    }
}

/// The connection, behind TLS if there is any; `None` when that fails.
async fn transport(stream: TcpStream, tls: Option<TlsAcceptor>) -> Option<Box<dyn Transport>> {
    Some(match tls {
        Some(tls) => Box::new(tls.accept(stream).await.ok()?),
        None => Box::new(stream),
    })
}
