//! Counts exchanges at both ends and shows the figures to Prometheus.

mod figures;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{Router, http::header, response::IntoResponse, routing::get};
use clap::Parser;
use octoporty_client::Tunnel;
use octoporty_examples::{DRAIN_PERIOD, GatewayArgs, say, stop_signal};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::figures::Figures;

/// A Gateway that is not there by then is more likely misspelt than slow.
const CONNECT_PERIOD: Duration = Duration::from_secs(30);

/// Shows figures of a tunnel to Prometheus.
#[derive(Debug, Parser)]
struct Args {
    /// Where Prometheus asks; not through the tunnel
    #[arg(long, default_value = "127.0.0.1:0")]
    metrics: SocketAddr,
    #[command(flatten)]
    gateway: GatewayArgs,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let stop = stop_signal()?;
    let (agent, gateway) = (Arc::new(Figures::default()), Arc::new(Figures::default()));

    let observer = Arc::clone(&gateway);
    let address = args.gateway.find_or_start(|builder| builder.observer(observer)).await?;
    let builder = Tunnel::builder().gateway(address.url).api_key(address.key).give_up_after(CONNECT_PERIOD);
    let observer = Arc::clone(&agent);
    let tunnel = builder.observer(observer).connect().await?;
    let app = Router::new().route("/", get(|| async { "hello, and counted\n" }));
    let endpoint = tunnel.serve(args.gateway.host, app).await?;

    let listener = TcpListener::bind(args.metrics).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", args.metrics))?;
    say(format_args!("metrics at http://{}/metrics", listener.local_addr()?))?;
    let metrics = Router::new().route("/metrics", get(move || async move { show(&agent, &gateway) }));
    TaskTracker::new().spawn(axum::serve(listener, metrics).into_future());
    say(format_args!("online at {}", endpoint.url()))?;

    stop.await;
    tunnel.drain(DRAIN_PERIOD).await;
    Ok(())
}

/// The Gateway's figures stay 0 where the Gateway is not in this program.
fn show(agent: &Figures, gateway: &Figures) -> impl IntoResponse + use<> {
    let mut text = String::new();
    agent.write("agent", &mut text);
    gateway.write("gateway", &mut text);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}
