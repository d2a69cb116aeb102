//! A listener whose connections come out of the tunnel: for servers that accept, such as `axum::serve`.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use octoporty_core::host::HostPattern;
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf},
    sync::mpsc,
};

use super::Visitor;
use crate::{Endpoint, upstream::UpstreamTarget};

/// Connections that wait to be accepted; further visitors wait for room. As many as listeners of sockets are commonly
/// given, so that a burst does not stall for want of a turn.
const BACKLOG: usize = 128;

/// Bytes that wait on a connection in either direction: one piece of the tunnel.
const CONNECTION_BYTES: usize = 64 << 10;

/// Accepts the connections of one endpoint. Each carries one request in HTTP/1.1, or one upgraded connection.
///
/// `axum::serve` takes it directly with the feature `axum-08`. A server that has no need of connections is better off
/// with [`EndpointBuilder::serve`](crate::EndpointBuilder::serve), which parses nothing twice.
///
/// Dropping it takes the endpoint offline.
#[derive(Debug)]
pub struct Listener {
    incoming: mpsc::Receiver<Conn>,
    endpoint: Endpoint,
}

impl Listener {
    pub(crate) const fn new(incoming: mpsc::Receiver<Conn>, endpoint: Endpoint) -> Self {
        Self { incoming, endpoint }
    }

    /// The next connection; `None` once the endpoint or the tunnel is closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a connection that was not given is given by the next call.
    pub async fn accept(&mut self) -> Option<Conn> {
        let closed = self.endpoint.closed();
        tokio::select! {
            biased;
            conn = self.incoming.recv() => conn,
            () = closed => None,
        }
    }

    /// The endpoint: its public address, and the way to close it.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.endpoint.withdraw();
    }
}

/// A visitor's connection, in memory. Dropping it aborts the exchange.
#[derive(Debug)]
pub struct Conn {
    io: DuplexStream,
    visitor: Visitor,
}

impl Conn {
    /// Who asks.
    #[must_use]
    pub const fn visitor(&self) -> &Visitor {
        &self.visitor
    }
}

/// The side that hands connections in.
#[derive(Debug, Clone)]
pub(crate) struct Accepting {
    sender: mpsc::Sender<Conn>,
    /// Stands for the listener in errors.
    pub(crate) target: Arc<UpstreamTarget>,
}

impl Accepting {
    /// A new connection for this visitor; `None` if nobody accepts any more. Waits while the backlog is full.
    ///
    /// Cancel safe: a connection that was not taken is gone.
    pub(crate) async fn connect(&self, visitor: Visitor) -> Option<DuplexStream> {
        let (ours, io) = memory_pair();
        self.sender.send(Conn { io, visitor }).await.ok().map(|()| ours)
    }
}

/// Both ends of a connection in memory.
pub(crate) fn memory_pair() -> (DuplexStream, DuplexStream) {
    tokio::io::duplex(CONNECTION_BYTES)
}

/// Both sides for an endpoint of this name.
pub(crate) fn connection_pair(host: &HostPattern) -> (Accepting, mpsc::Receiver<Conn>) {
    let (sender, receiver) = mpsc::channel(BACKLOG);
    (Accepting { sender, target: UpstreamTarget::local(&host.to_string()) }, receiver)
}

impl AsyncRead for Conn {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Conn {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}
