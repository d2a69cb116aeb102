//! Both ends: what opens transports, and what takes them.

use std::{
    fs::Permissions,
    io,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use axum::{Router, routing::get};
use octoporty_client::{
    Endpoint, Tunnel,
    connect::{BoxedTransport, OpenTransport},
    transport::Framed,
};
use octoporty_server::{AgentScope, Gateway, NoKeys};
use tokio::{
    net::{TcpListener, UnixListener, UnixStream},
    sync::Semaphore,
};
use tokio_util::task::TaskTracker;

/// Lanes at a time; further ones wait in the socket's queue. An Agent has eight at most.
const LANES_MAX: usize = 64;

/// An Agent's end waits so long for the Gateway's end to be there.
const CONNECT_PERIOD: Duration = Duration::from_secs(30);

/// Opens lanes at a socket.
struct OverSocket(PathBuf);

impl OpenTransport for OverSocket {
    async fn open(&self) -> io::Result<BoxedTransport> {
        let stream = UnixStream::connect(&self.0).await?;
        Ok(Box::new(Framed::new(stream)))
    }

    fn address(&self) -> String {
        format!("unix:{}", self.0.display())
    }
}

/// The Agent's end, with something to see.
pub(crate) async fn agent(socket: &Path, host: &str) -> anyhow::Result<Endpoint> {
    let builder = Tunnel::builder().transport(OverSocket(socket.to_owned())).give_up_after(CONNECT_PERIOD);
    let tunnel = builder.connect().await?;
    let app = Router::new().route("/", get(|| async { "hello over a Unix socket\n" }));
    Ok(tunnel.serve(host, app).await?)
}

/// The Gateway's end. Dropping it takes the socket's file away.
pub(crate) struct GatewayEnd {
    /// Where visitors go.
    pub(crate) visitors: SocketAddr,
    socket: PathBuf,
}

impl Drop for GatewayEnd {
    fn drop(&mut self) {
        // Gone already is as good.
        std::fs::remove_file(&self.socket).ok();
    }
}

/// Starts the Gateway's end: visitors on a free port of loopback, lanes at the socket.
pub(crate) async fn gateway(socket: &Path) -> anyhow::Result<GatewayEnd> {
    // Nobody comes in by `/tunnel`: lanes come over the socket alone.
    let gateway = Gateway::builder().authenticator(NoKeys).build()?;
    let lanes = UnixListener::bind(socket).with_context(|| format!("cannot listen at {}", socket.display()))?;
    // Only this user's programs are let in.
    std::fs::set_permissions(socket, Permissions::from_mode(0o600))?;
    let visitors = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let end = GatewayEnd { visitors: visitors.local_addr()?, socket: socket.to_owned() };
    let tasks = TaskTracker::new();
    tasks.spawn(take_lanes(lanes, gateway.clone(), tasks.clone()));
    tasks.spawn(async move { gateway.serve(visitors, 0).await });
    Ok(end)
}

async fn take_lanes(listener: UnixListener, gateway: Gateway, tasks: TaskTracker) {
    let places = Arc::new(Semaphore::new(LANES_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let Ok((stream, _peer)) = listener.accept().await else {
            // Out of descriptors, say: the next lane may have better luck, a little later.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let gateway = gateway.clone();
        tasks.spawn(async move {
            gateway.serve_transport(Framed::new(stream), AgentScope::shared()).await;
            drop(place);
        });
    }
}
