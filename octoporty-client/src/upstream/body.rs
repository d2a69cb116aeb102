//! The body of an answer, and what becomes of its connection when it ends.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::{body::Incoming, client::conn::http1::SendRequest};

use super::{
    connection::{H1Connection, Shared},
    dial::name,
    error::UpstreamError,
    exchange::{Exchange, RequestBody},
    pool::PoolInner,
    target::UpstreamTarget,
};

/// The body of an answer, as it comes in; trailers are its last frame.
///
/// Dropping it before its end closes the HTTP/1 connection at once, or resets the HTTP/2 stream. An error means
/// that the answer was cut off; it must not be shown as complete (R16).
pub struct UpstreamBody {
    /// `None`: there is no body, or no more of it.
    incoming: Option<Incoming>,
    lease: Option<Lease>,
    target: Arc<UpstreamTarget>,
}

impl UpstreamBody {
    /// `incoming` is the body of an answer that came over the connection of `lease`.
    pub(super) fn new(incoming: Incoming, lease: Lease, target: Arc<UpstreamTarget>) -> Self {
        let mut this = Self { incoming: Some(incoming), lease: Some(lease), target };
        this.end_if_complete();
        this
    }

    /// The empty body of an upgrade.
    pub(super) const fn empty(target: Arc<UpstreamTarget>) -> Self {
        Self { incoming: None, lease: None, target }
    }

    fn end_if_complete(&mut self) {
        if self.incoming.as_ref().is_some_and(Body::is_end_stream) {
            self.end();
        }
    }

    fn end(&mut self) {
        self.incoming = None;
        if let Some(lease) = self.lease.take() {
            lease.complete(&self.target);
        }
    }
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        let this = self.get_mut();
        let Some(incoming) = &mut this.incoming else {
            return Poll::Ready(None);
        };
        match ready!(Pin::new(incoming).poll_frame(cx)) {
            Some(Ok(frame)) => {
                this.end_if_complete();
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                this.incoming = None;
                this.lease = None;
                let upstream = name(&this.target);
                Poll::Ready(Some(Err(UpstreamError::AnswerBody { upstream, source: error.into() })))
            }
            None => {
                this.end();
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl fmt::Debug for UpstreamBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamBody").field("size", &self.size_hint()).finish_non_exhaustive()
    }
}

/// The use of a connection by one exchange. Dropping it says that the exchange was broken off.
#[derive(Debug)]
pub(super) struct Lease {
    held: Held,
    exchange: Option<Arc<Exchange>>,
    is_reusable: bool,
}

#[derive(Debug)]
enum Held {
    H1 { connection: H1Connection, pool: Arc<PoolInner> },
    H2(Arc<Shared>),
    Nothing,
}

impl Lease {
    pub(super) const fn http1(connection: H1Connection, pool: Arc<PoolInner>, exchange: Option<Arc<Exchange>>) -> Self {
        Self { held: Held::H1 { connection, pool }, exchange, is_reusable: true }
    }

    pub(super) const fn http2(connection: Arc<Shared>, exchange: Option<Arc<Exchange>>) -> Self {
        Self { held: Held::H2(connection), exchange, is_reusable: true }
    }

    /// The means to send over an HTTP/1 connection.
    pub(super) const fn http1_sender(&mut self) -> Option<&mut SendRequest<RequestBody>> {
        match &mut self.held {
            Held::H1 { connection, .. } => Some(&mut connection.sender),
            Held::H2(_) | Held::Nothing => None,
        }
    }

    /// Lets the connection end with its exchange.
    pub(super) const fn forbid_reuse(&mut self) {
        self.is_reusable = false;
    }

    /// The answer was read to its end. The connection serves again if the request was sent to its end too;
    /// otherwise the rest of the request is of no use to anyone.
    fn complete(mut self, target: &Arc<UpstreamTarget>) {
        let was_sent = self.exchange.as_ref().is_none_or(|exchange| exchange.is_finished());
        if !was_sent || !self.is_reusable {
            return;
        }
        match std::mem::replace(&mut self.held, Held::Nothing) {
            Held::H1 { connection, pool } => pool.put(target, connection),
            Held::H2(connection) => connection.end(),
            Held::Nothing => {}
        }
    }

    /// The connection is not HTTP any more; its task ends by itself.
    pub(super) fn upgraded(mut self) {
        if let Held::H1 { connection, .. } = std::mem::replace(&mut self.held, Held::Nothing) {
            connection.shared.end();
        }
    }

    /// The request was not sent, and its body may go over another connection yet.
    pub(super) fn given_back(mut self) {
        self.exchange = None;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        match &self.held {
            Held::H1 { connection, .. } => {
                connection.shared.kill();
                connection.shared.end();
            }
            Held::H2(connection) => {
                if let Some(exchange) = &self.exchange {
                    exchange.abandon();
                }
                connection.end();
            }
            Held::Nothing => {}
        }
    }
}
