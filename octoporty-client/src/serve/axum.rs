//! What `axum` 0.8 needs to know of listeners and visitors.

use std::{future::pending, io, net::SocketAddr};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener as AxumListener},
};

use super::{Conn, Listener, Visitor};

/// The address is the visitor's, see [`Visitor::socket_addr`]: what reads `ConnectInfo<SocketAddr>` works on, through
/// `axum`'s `tap_io`.
impl AxumListener for Listener {
    type Io = Conn;
    type Addr = SocketAddr;

    /// Waits for ever once the endpoint is closed: `axum` ends by its `with_graceful_shutdown`, for which
    /// [`Endpoint::closed`](crate::Endpoint::closed) is made.
    async fn accept(&mut self) -> (Conn, SocketAddr) {
        match Self::accept(self).await {
            Some(conn) => {
                let address = conn.visitor().socket_addr();
                (conn, address)
            }
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "a tunnel's listener has a public name and no address"))
    }
}

impl Connected<IncomingStream<'_, Listener>> for Visitor {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        stream.io().visitor().clone()
    }
}
