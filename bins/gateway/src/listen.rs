//! Where visitors and Agents arrive: sockets of our own, or the one that systemd holds over restarts.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use listenfd::ListenFd;
use octoporty_shell::tcp::TcpOptions;
use socket2::{Domain, Protocol, Socket, Type};

/// Connections that wait to be taken: a burst of visitors while a shard is busy.
const BACKLOG: i32 = 4096;

/// Listeners, one for each shard.
#[derive(Debug)]
pub(crate) struct Listeners {
    /// In order of the shards.
    pub(crate) sockets: Vec<TcpListener>,
    /// Where they listen.
    pub(crate) address: SocketAddr,
    /// Whether systemd opened the socket, and keeps it open while this program restarts.
    pub(crate) inherited: bool,
}

/// The socket that was handed over, if one was; else new ones at `address`.
///
/// # Errors
///
/// When the address is in use or not this machine's, what was handed over is no TCP listener, or the system refuses the
/// options.
pub(crate) fn listen(address: SocketAddr, shards: usize, options: &TcpOptions) -> io::Result<Listeners> {
    let listeners = match ListenFd::from_env().take_tcp_listener(0)? {
        Some(socket) => share(&socket, shards)?,
        None => Listeners { sockets: open(address, shards)?, address, inherited: false },
    };
    for socket in &listeners.sockets {
        // The connections that it takes have them too.
        options.apply(socket).map_err(io::Error::other)?;
    }
    Ok(listeners)
}

/// One socket for all shards: whichever is free takes the next connection.
fn share(socket: &TcpListener, shards: usize) -> io::Result<Listeners> {
    socket.set_nonblocking(true)?;
    let sockets = (0..shards).map(|_| socket.try_clone()).collect::<io::Result<_>>()?;
    Ok(Listeners { sockets, address: socket.local_addr()?, inherited: true })
}

/// A listener of its own for each shard: the system spreads connections over those that share a port.
fn open(address: SocketAddr, shards: usize) -> io::Result<Vec<TcpListener>> {
    if shards > 1 {
        // Sockets that share a port would share it with another Gateway too. One that shares nothing finds it.
        let _free = bind(address, false)?;
    }
    let sockets = (0..shards).map(|_| {
        let socket = bind(address, shards > 1)?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    });
    sockets.collect()
}

fn bind(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}
