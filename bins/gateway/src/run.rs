//! What the Gateway does between its start and the signal that ends it.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use ipnet::IpNet;
use octoporty_server::{Gateway, trusted_proxies::TrustedProxies};
use octoporty_shell::{Shards, logging::LogRing, process};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use crate::{config::GatewayConfig, logs::RingLogs};

/// Connections that wait to be taken: a burst of visitors while a shard is busy.
const BACKLOG: i32 = 4096;

/// How long looking up Caddy's address may hold the start up.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

/// Agents come back at a random moment within this time after a stop, so that not all come at once.
const RECONNECT_SPREAD: Duration = Duration::from_secs(2);

/// How long shards have to end once everything on them has.
const SHARDS_TIMEOUT: Duration = Duration::from_millis(500);

/// Runs until a signal asks for the end.
pub(crate) async fn run(config: GatewayConfig, ring: LogRing) -> anyhow::Result<()> {
    let shards = Shards::start(config.shards, "shard").context("no threads for the shards (Gateway__Shards)")?;
    let gateway = build(&config, &shards, ring).await?;
    let listeners = listen(config.listen, shards.handles().len())
        .with_context(|| format!("{} cannot be listened on (Gateway__Port, Gateway__BindAddress)", config.listen))?;
    for ((index, handle), listener) in shards.handles().iter().enumerate().zip(listeners) {
        let gateway = gateway.clone();
        // The shards end with this function, and everything on them.
        handle.spawn(async move {
            match TcpListener::from_std(listener) {
                Ok(listener) => gateway.serve(listener, index).await,
                Err(error) => tracing::error!(%error, "a shard cannot listen"),
            }
        });
    }
    tracing::info!(listen = %config.listen, shards = shards.handles().len(), "listening");
    let signal = octoporty_shell::shutdown_signal().await;
    tracing::info!(signal, "stopping");
    let drained = gateway.shutdown(config.drain_period, RECONNECT_SPREAD).await;
    if drained.cut > 0 {
        tracing::warn!(cut = drained.cut, "what did not finish in time was cut");
    }
    shards.shutdown(SHARDS_TIMEOUT);
    Ok(())
}

async fn build(config: &GatewayConfig, shards: &Shards, ring: LogRing) -> anyhow::Result<Gateway> {
    let mut trusted = config.trusted_proxies.clone();
    trusted.extend(caddy_addresses(config).await);
    let trusted = TrustedProxies::new(trusted).context("Gateway__TrustedProxies")?;
    let mut builder = Gateway::builder(config.api_key.clone())
        .name(process::host_name())
        .trusted_proxies(trusted)
        .grace_period(config.grace_period)
        .startup_hold(config.startup_hold)
        .state_path(&config.state_path)
        .connections_max(config.max_connections)
        .connections_per_address_max(config.max_connections_per_address)
        .landing_path(landing_path(config))
        .logs(Arc::new(RingLogs(ring)))
        .shards(shards.handles().to_vec());
    if config.allow_remote_update {
        builder = builder.remote_update(&config.update_signal_path);
    }
    if let Some(fqdn) = &config.fqdn {
        builder = builder.own_host(fqdn.clone());
    }
    builder.build().context("Gateway__ApiKey")
}

/// Beside the state, under a name that follows from it, so that two Gateways with states of their own share nothing.
fn landing_path(config: &GatewayConfig) -> PathBuf {
    config.state_path.with_extension("landing.json")
}

/// Where the configured Caddy is, since it is a trusted proxy. Not knowing costs only that.
async fn caddy_addresses(config: &GatewayConfig) -> Vec<IpNet> {
    let Some(host) = config.caddy_admin_url.as_ref().and_then(|url| url.host()) else {
        return Vec::new();
    };
    let host = host.trim_matches(['[', ']']);
    if let Ok(address) = host.parse::<IpAddr>() {
        return vec![address.into()];
    }
    match tokio::time::timeout(LOOKUP_TIMEOUT, tokio::net::lookup_host((host, 0))).await {
        Ok(Ok(found)) => found.map(|address| IpNet::from(address.ip())).collect(),
        Ok(Err(error)) => {
            tracing::debug!(host, %error, "Caddy's address is not known, so it is not trusted as a proxy");
            Vec::new()
        }
        Err(_elapsed) => Vec::new(),
    }
}

/// A listener of its own for each shard: the system spreads connections over those that share a port.
fn listen(address: SocketAddr, shards: usize) -> io::Result<Vec<std::net::TcpListener>> {
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
