//! A Gateway under test, embedded, with real sockets.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use octoporty_server::{ConfigError, Drained, Gateway, GatewayBuilder};
use socket2::{Domain, Socket, Type};
use thiserror::Error;
use tokio::net::TcpListener;

use crate::{logging, runtime::TestRuntime};

/// The key that every Gateway and Agent under test shares, unless told otherwise.
pub const TEST_KEY: &str = "0123456789abcdef0123456789abcdef";

/// Connections that may wait to be taken.
const BACKLOG: i32 = 1024;

/// Why a Gateway under test did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TestGatewayError {
    /// No port, or the one asked for is in use.
    #[error("the gateway cannot listen")]
    Listen(#[from] io::Error),
    /// Settings that cannot be.
    #[error("the gateway cannot be built")]
    Build(#[from] ConfigError),
}

/// A [`Gateway`] on a loopback port, on threads of its own. Dropping it kills it: all its connections end at once.
#[derive(Debug)]
pub struct TestGateway {
    gateway: Gateway,
    address: SocketAddr,
    _shards: Vec<TestRuntime>,
}

impl TestGateway {
    /// Starts on a free port with the defaults, on one shard.
    ///
    /// # Errors
    /// There is no port.
    pub fn start() -> Result<Self, TestGatewayError> {
        Self::start_with(|builder| builder)
    }

    /// Starts on a free port; `change` has the last word on the settings.
    ///
    /// # Errors
    /// There is no port, or the settings cannot be.
    pub fn start_with(change: impl FnOnce(GatewayBuilder) -> GatewayBuilder) -> Result<Self, TestGatewayError> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), 1, change)
    }

    /// Starts at `address`, say that of a Gateway which was dropped, on so many shards: each has a thread, and a
    /// listener on the shared port.
    ///
    /// # Errors
    /// The address is in use, or the settings cannot be.
    pub fn start_at(
        address: SocketAddr,
        shards: usize,
        change: impl FnOnce(GatewayBuilder) -> GatewayBuilder,
    ) -> Result<Self, TestGatewayError> {
        logging::start();
        let names = (0..shards.max(1)).map(|index| format!("gateway-{index}"));
        let shards = names.map(|name| TestRuntime::start(&name)).collect::<io::Result<Vec<_>>>()?;
        let handles: Vec<_> = shards.iter().map(|shard| shard.handle().clone()).collect();
        let builder = Gateway::builder().api_key(TEST_KEY).name("test-gateway").shards(handles.clone());
        let gateway = change(builder).build()?;
        let mut listen_at = address;
        for (index, handle) in handles.iter().enumerate() {
            let listener = listen(listen_at, handles.len() > 1)?;
            listen_at = listener.local_addr()?;
            let _entered = handle.enter();
            let listener = TcpListener::from_std(listener)?;
            let gateway = gateway.clone();
            handle.spawn(async move { gateway.serve(listener, index).await });
        }
        Ok(Self { gateway, address: listen_at, _shards: shards })
    }

    /// Where visitors and Agents arrive.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The Gateway itself.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Stops in good order: what is in flight may finish within `period`.
    pub async fn shutdown(&self, period: Duration) -> Drained {
        self.gateway.shutdown(period, Duration::ZERO).await
    }
}

/// A listener that a successor can replace at once, and that other shards can share.
fn listen(address: SocketAddr, is_shared: bool) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(is_shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
