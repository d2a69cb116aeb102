//! Ports for programs that must be told one. What runs inside the test binds port 0 instead.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

/// A loopback address whose port was free a moment ago.
///
/// Another process can take it before its user does; the kernel hands out ports in random order, so this is rare.
///
/// # Errors
/// No port is left.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
