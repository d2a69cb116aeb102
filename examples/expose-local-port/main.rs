//! Puts a port of this machine online: what `forward` is for.

use std::{net::Ipv4Addr, time::Duration};

use axum::{Router, routing::get};
use clap::Parser;
use octoporty_client::{Tunnel, Upstream};
use octoporty_examples::{DRAIN_PERIOD, GatewayArgs, say, stop_signal};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

/// A Gateway that is not there by then is more likely misspelt than slow.
const CONNECT_PERIOD: Duration = Duration::from_secs(30);

/// Puts a port of this machine online.
#[derive(Debug, Parser)]
struct Args {
    /// The port; if not given, that of a small service in this program
    port: Option<u16>,
    #[command(flatten)]
    gateway: GatewayArgs,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let stop = stop_signal()?;
    let gateway = args.gateway.find().await?;
    let port = match args.port {
        Some(port) => port,
        None => start_service().await?,
    };

    let builder = Tunnel::builder().gateway(gateway.url).api_key(gateway.key).give_up_after(CONNECT_PERIOD);
    let tunnel = builder.connect().await?;
    let endpoint = tunnel.forward(args.gateway.host, Upstream::http("127.0.0.1", port)?).await?;
    say(format_args!("online at {}, from port {port} here", endpoint.url()))?;

    stop.await;
    let report = tunnel.drain(DRAIN_PERIOD).await;
    say(format_args!("offline; {} open requests finished, {} were cut", report.finished, report.aborted))?;
    Ok(())
}

/// Something to see, for those who have nothing on a port.
async fn start_service() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    let app = Router::new().route("/", get(|| async { "hello from a local port\n" }));
    TaskTracker::new().spawn(async move { axum::serve(listener, app).await });
    Ok(port)
}
