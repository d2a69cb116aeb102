//! What the Gateway does between its start and the signal that ends it.

use std::{net::IpAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use ipnet::IpNet;
use octoporty_server::{
    Drained, Gateway,
    edge::{Edge, EdgeOptions, caddy::Caddy},
    trusted_proxies::TrustedProxies,
};
use octoporty_shell::{Shards, logging::LogRing, process, service};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::{
    config::{CaddyConfig, GatewayConfig},
    listen::listen,
    logs::RingLogs,
};

/// How long looking up Caddy's address may hold the start up.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

/// Agents come back at a random moment within this time after a stop, so that not all come at once.
const RECONNECT_SPREAD: Duration = Duration::from_secs(2);

/// How long shards have to end once everything on them has.
const SHARDS_TIMEOUT: Duration = Duration::from_millis(500);

/// Runs until a signal asks for the end.
pub(crate) async fn run(config: GatewayConfig, ring: LogRing) -> anyhow::Result<()> {
    // Polled once, so that a signal during the start is not the end of it.
    let mut told = Box::pin(octoporty_shell::shutdown_signal());
    let _not_yet = futures::poll!(&mut told);
    let shards = Shards::start(config.shards, "shard").context("no threads for the shards (Gateway__Shards)")?;
    let gateway = build(&config, &shards, ring).await?;
    let beside = TaskTracker::new();
    let listeners = listen(config.listen, shards.handles().len(), &config.tcp)
        .with_context(|| format!("{} cannot be listened on (Gateway__Port, Gateway__BindAddress)", config.listen))?;
    for ((index, handle), listener) in shards.handles().iter().enumerate().zip(listeners.sockets) {
        let gateway = gateway.clone();
        // The shards end with this function, and everything on them.
        handle.spawn(async move {
            match TcpListener::from_std(listener) {
                Ok(listener) => gateway.serve(listener, index).await,
                Err(error) => tracing::error!(%error, "a shard cannot listen"),
            }
        });
    }
    if let Some(address) = config.metrics_address {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("{address} cannot be listened on (Gateway__MetricsAddress)"))?;
        let gateway = gateway.clone();
        // Beside the data path, and until the program ends.
        beside.spawn(async move { gateway.serve_metrics(listener).await });
        tracing::info!(%address, "metrics are served");
    }
    let (listen, inherited) = (listeners.address, listeners.inherited);
    tracing::info!(%listen, inherited, shards = shards.handles().len(), "listening");
    if let Some(caddy) = &config.caddy {
        serve_caddy(&gateway, caddy, &beside).await;
    }
    service::notify_ready();
    let drained = tokio::select! {
        drained = serve_until_told(&gateway, told, config.drain_period) => drained,
        never = service::watch(shards.handles()) => match never {},
    };
    if drained.cut > 0 {
        tracing::warn!(cut = drained.cut, "what did not finish in time was cut");
    }
    shards.shutdown(SHARDS_TIMEOUT);
    Ok(())
}

/// Waits for the signal that asks for the end, and lets what is in flight finish.
async fn serve_until_told(
    gateway: &Gateway,
    told: impl Future<Output = &'static str>,
    drain_period: Duration,
) -> Drained {
    let signal = told.await;
    tracing::info!(signal, "stopping");
    service::notify_stopping();
    gateway.shutdown(drain_period, RECONNECT_SPREAD).await
}

/// Keeps Caddy's routes, and answers what it asks, until the Gateway stops.
async fn serve_caddy(gateway: &Gateway, caddy: &CaddyConfig, background: &TaskTracker) {
    let keeping = gateway.clone();
    background.spawn(async move { keeping.keep_edge().await });
    let Some(address) = caddy.ask else {
        return;
    };
    match TcpListener::bind(address).await {
        Ok(listener) => {
            let answering = gateway.clone();
            background.spawn(async move { answering.serve_ask(listener).await });
        }
        Err(error) => tracing::warn!(
            %address, %error,
            "Caddy cannot ask which domains are mapped, so it fetches no certificate on demand (Gateway__CaddyAskAddress)"
        ),
    }
}

async fn build(config: &GatewayConfig, shards: &Shards, ring: LogRing) -> anyhow::Result<Gateway> {
    let mut trusted = config.trusted_proxies.clone();
    trusted.extend(caddy_addresses(config).await);
    let trusted = TrustedProxies::new(trusted).context("Gateway__TrustedProxies")?;
    let mut builder = Gateway::builder()
        .api_key(config.api_key.clone())
        .name(process::host_name())
        .trusted_proxies(trusted)
        .grace_period(config.grace_period)
        .startup_hold(config.startup_hold)
        .state_path(&config.state_path)
        .connections_max(config.max_connections)
        .connections_per_address_max(config.max_connections_per_address)
        .exchanges_per_mapping_max(config.max_exchanges_per_mapping)
        .landing_path(landing_path(config))
        .logs(Arc::new(RingLogs(ring)))
        .shards(shards.handles().to_vec());
    if config.allow_remote_update {
        builder = builder.remote_update(&config.update_signal_path);
    }
    if let Some(fqdn) = &config.fqdn {
        builder = builder.own_host(fqdn.clone());
    }
    if let Some(wildcard) = &config.share_domain {
        builder = builder.share_domain(wildcard.clone());
    }
    if let Some(caddy) = &config.caddy {
        builder = builder.edge(edge(caddy, config.remove_routes_on_tunnel_unavailable));
    }
    builder.build().context("Gateway__ApiKey")
}

/// Beside the state, under a name that follows from it, so that two Gateways with states of their own share nothing.
fn landing_path(config: &GatewayConfig) -> PathBuf {
    config.state_path.with_extension("landing.json")
}

fn edge(config: &CaddyConfig, removes_when_away: bool) -> Edge {
    let mut caddy = Caddy::new(config.admin.clone(), &config.upstream);
    if let Some(server) = &config.server {
        caddy = caddy.server(server);
    }
    let mut options = EdgeOptions::new();
    if removes_when_away {
        options = options.remove_routes_on_tunnel_unavailable();
    }
    Edge::new(Arc::new(caddy), options)
}

/// Where the configured Caddy is, since it is a trusted proxy. Not knowing costs only that.
async fn caddy_addresses(config: &GatewayConfig) -> Vec<IpNet> {
    let Some(host) = config.caddy.as_ref().and_then(|caddy| caddy.admin.host()) else {
        return Vec::new();
    };
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
