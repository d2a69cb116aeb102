//! A chat over WebSockets, through a tunnel, with its page.

mod page;
mod room;

use std::{path::PathBuf, time::Duration};

use axum::{Router, routing::get};
use clap::Parser;
use octoporty_client::Tunnel;
use octoporty_examples::{DRAIN_PERIOD, GatewayArgs, say, stop_signal};

use crate::{page::Page, room::Room};

/// A Gateway that is not there by then is more likely misspelt than slow.
const CONNECT_PERIOD: Duration = Duration::from_secs(30);

/// Serves a chat through a tunnel.
#[derive(Debug, Parser)]
struct Args {
    /// Reads the page from this file at each request, so that a change is seen at the next one
    #[arg(long, value_name = "FILE")]
    dev: Option<PathBuf>,
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
    let room = Room::default();
    let app = Router::new()
        .route("/", get(page::show).with_state(Page::new(args.dev)))
        .route("/chat", get(room::join).with_state(room.clone()));
    let endpoint = tunnel.serve(args.gateway.host, app).await?;
    say(format_args!("online at {}", endpoint.url()))?;

    stop.await;
    // Chats are open for ever; they are told to end, so that the drain need not cut them.
    room.close();
    tunnel.drain(DRAIN_PERIOD).await;
    Ok(())
}
