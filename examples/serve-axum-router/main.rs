//! Serves an `axum::Router` through a tunnel, with no port of its own: what `serve` is for.

use std::time::Duration;

use axum::{
    Json, Router,
    body::Body,
    extract::{ConnectInfo, Path},
    http::{HeaderName, HeaderValue},
    routing::{get, post},
};
use clap::Parser;
use futures::StreamExt as _;
use octoporty_client::{Event, Tunnel, Visitor};
use octoporty_examples::{DRAIN_PERIOD, GatewayArgs, say, stop_signal};

/// A Gateway that is not there by then is more likely misspelt than slow.
const CONNECT_PERIOD: Duration = Duration::from_secs(30);

/// Serves an axum router through a tunnel.
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
    let tunnel = builder.name("serve-axum-router").connect().await?;
    let mut events = tunnel.events();
    let endpoint = tunnel
        .http(args.gateway.host)
        .response_header(HeaderName::from_static("x-frame-options"), HeaderValue::from_static("DENY"))?
        .serve(app())
        .await?;
    say(format_args!("online at {}", endpoint.url()))?;

    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            event = events.next() => match event {
                // The tunnel comes back by itself; this is for whoever looks at the terminal.
                Some(Event::SessionDown { failure }) => say(format_args!("tunnel lost: {failure}"))?,
                Some(Event::SessionUp { gateway, .. }) => say(format_args!("tunnel up again at {gateway}"))?,
                Some(_) => {}
                None => break,
            }
        }
    }
    tunnel.drain(DRAIN_PERIOD).await;
    Ok(())
}

fn app() -> Router {
    Router::new()
        .route("/", get(|| async { "hello from a router\n" }))
        .route("/greet/{name}", get(greet))
        .route("/who", get(who))
        .route("/echo", post(echo))
}

async fn greet(Path(name): Path<String>) -> String {
    format!("hello, {name}\n")
}

/// Tells visitors what the Gateway says of them.
async fn who(ConnectInfo(visitor): ConnectInfo<Visitor>) -> Json<serde_json::Value> {
    Json(serde_json::json!({
        "ip": visitor.ip().to_string(),
        "host": visitor.host(),
        "request": visitor.request_id().to_string(),
    }))
}

/// Sends a body back while it comes, whatever its size.
async fn echo(body: Body) -> Body {
    Body::from_stream(body.into_data_stream())
}
