//! Gives `axum::serve` a listener that is a tunnel: what `listen` is for. Nothing of the server changes but the line that
//! made its `TcpListener`.

use std::time::Duration;

use axum::{Router, extract::ConnectInfo, routing::get};
use clap::Parser;
use octoporty_client::{Tunnel, Visitor};
use octoporty_examples::{DRAIN_PERIOD, GatewayArgs, say, stop_signal};
use tokio_util::task::TaskTracker;

/// A Gateway that is not there by then is more likely misspelt than slow.
const CONNECT_PERIOD: Duration = Duration::from_secs(30);

/// Runs an axum server whose listener is a tunnel.
#[derive(Debug, Parser)]
struct Args {
    #[command(flatten)]
    gateway: GatewayArgs,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let stop = stop_signal()?;
    let gateway = args.gateway.find().await?;

    let builder = Tunnel::builder().gateway(gateway.url).api_key(gateway.key).give_up_after(CONNECT_PERIOD);
    let tunnel = builder.connect().await?;
    let listener = tunnel.listen(args.gateway.host).await?;
    say(format_args!("online at {}", listener.endpoint().url()))?;

    let app = Router::new().route("/", get(hello)).into_make_service_with_connect_info::<Visitor>();
    let tasks = TaskTracker::new();
    let serving = tasks.spawn(axum::serve(listener, app).with_graceful_shutdown(tunnel.closed()).into_future());

    stop.await;
    // Begins to close the tunnel, which ends the server too.
    tunnel.drain(DRAIN_PERIOD).await;
    serving.await??;
    Ok(())
}

async fn hello(ConnectInfo(visitor): ConnectInfo<Visitor>) -> String {
    format!("hello {} at {}\n", visitor.ip(), visitor.host())
}
