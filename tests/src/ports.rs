//! Listeners on loopback, and ports for programs that must be told one.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::sleep,
};

/// Connections that may wait to be accepted: bursts of a load test come at once.
const BACKLOG: u32 = 4096;

/// Pause after a failed accept, so that a test which runs out of descriptors does not spin.
const FAILED_ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// A loopback address whose port was free a moment ago.
///
/// Another process can take it before its user does; the kernel hands out ports in random order, so this is rare.
///
/// # Errors
/// No port is left.
pub fn free_address() -> io::Result<SocketAddr> {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// A listener that a successor can replace at once.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The next connection, without Nagle's delay. Cancel-safe.
pub(crate) async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        // An error belongs to a peer that left already, or says that descriptors ran out.
        let accepted = listener.accept().await.and_then(|(stream, _)| {
            stream.set_nodelay(true)?;
            Ok(stream)
        });
        match accepted {
            Ok(stream) => return stream,
            Err(_) => sleep(FAILED_ACCEPT_PAUSE).await,
        }
    }
}
