//! Taking visitors' connections from a listener.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use octoporty_core::transport::Transport;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};

use crate::{
    AgentScope, Gateway,
    tunnel::{self, Admitted},
    visitor,
};

/// Pause after the system had no descriptor or memory for a connection (R20): long enough for some to end, short enough
/// not to be noticed.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

impl Gateway {
    /// Serves visitors and Agents that connect to `listener`, until [`Gateway::shutdown`]. Call it once for each
    /// shard, on that shard's runtime, with the shard's number; with one listener that is shard 0.
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes the listener; connections that were taken go on.
    pub async fn serve(&self, listener: TcpListener, shard: usize) {
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.inner.stopping.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.take(stream, peer, shard),
                Err(error) if is_about_one_connection(&error) => {
                    tracing::debug!(%error, "connection lost before it was taken");
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection can be taken at the moment");
                    tokio::time::sleep(EXHAUSTED_PAUSE).await;
                }
            }
        }
    }

    /// Serves one connection that another accept loop took, to its end: HTTP/1.1 or HTTP/2 by prior knowledge, read as
    /// strictly as by [`Gateway::serve`]. For sockets that were accepted elsewhere, TLS streams, and memory. Connections
    /// over the limits are closed at once.
    ///
    /// # Cancel safety
    ///
    /// Dropping it cuts the connection, and what is open on it.
    pub async fn serve_stream<IO>(&self, stream: IO, peer: SocketAddr)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limited = (!self.inner.trusted_proxies.contains(peer.ip())).then(|| peer.ip());
        let metrics = self.inner.metrics.shard(0);
        let Some(place) = self.inner.limiter.admit(limited) else {
            metrics.connections_refused.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(%peer, "too many connections");
            return;
        };
        metrics.connections.fetch_add(1, Ordering::Relaxed);
        let token = self.inner.visitors.token();
        visitor::serve_stream(Arc::clone(&self.inner), stream, peer, 0, place).await;
        drop(token);
    }

    /// Serves one lane over a transport that was opened in another way than by `/tunnel`, to its end: in memory, or over
    /// something else than WebSocket. Whoever calls it has authenticated the Agent; `scope` says what it may do.
    ///
    /// # Cancel safety
    ///
    /// Dropping it leaves the lane open until the Gateway stops.
    pub async fn serve_transport<T: Transport>(&self, transport: T, scope: AgentScope) {
        let admitted = Admitted { scope, shard: 0 };
        tunnel::serve(Arc::clone(&self.inner), transport, admitted).await;
    }

    fn take(&self, stream: TcpStream, peer: SocketAddr, shard: usize) {
        // A proxy's address stands for many visitors.
        let limited = (!self.inner.trusted_proxies.contains(peer.ip())).then(|| peer.ip());
        let metrics = self.inner.metrics.shard(shard);
        let Some(place) = self.inner.limiter.admit(limited) else {
            metrics.connections_refused.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(%peer, "too many connections");
            return;
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, %error, "connection lost before it was taken");
            return;
        }
        let inner = Arc::clone(&self.inner);
        metrics.connections.fetch_add(1, Ordering::Relaxed);
        self.inner.visitors.spawn(visitor::serve(inner, stream, peer, shard, place));
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
