//! A Gateway inside a server of one's own: own pages at one host, the tunnel's endpoint beside them, and everything else
//! to the Agents.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use axum::{
    Json, Router,
    extract::{Request, State},
    http::header,
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
};
use clap::Parser;
use octoporty_client::{Secret, Tunnel};
use octoporty_examples::{KeyArgs, say, stop_signal};
use octoporty_server::Gateway;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tower_service::Service as _;

/// How long visitors' open requests have at the end.
const DRAIN_PERIOD: Duration = Duration::from_secs(5);

/// Agents that were told to go come back within this time, not all at once.
const RETURN_SPREAD: Duration = Duration::from_secs(1);

/// The host whose pages are this server's own.
const OWN_HOST: &str = "gateway.localhost";

/// Runs a server with a Gateway inside.
#[derive(Debug, Parser)]
struct Args {
    /// Where to listen; port 0 lets the system choose one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    #[command(flatten)]
    key: KeyArgs,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let stop = stop_signal()?;
    let key = args.key.key()?;
    let gateway = Gateway::builder().api_key(key.clone()).own_host(OWN_HOST.parse()?).build()?;

    let own = Router::new()
        .route("/", get(|| async { "my own page\n" }))
        .route("/agents", get(agents))
        .with_state(gateway.clone())
        .merge(gateway.agent_route());
    let app = Router::new()
        .fallback_service(gateway.clone().into_service())
        .layer(middleware::from_fn_with_state(own, by_host));

    let listener = TcpListener::bind(args.listen).await.with_context(|| format!("cannot listen on {}", args.listen))?;
    let address = listener.local_addr()?;
    let tasks = TaskTracker::new();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tasks.spawn(axum::serve(listener, app).into_future());

    // Something to see behind the Gateway; otherwise Agents come from elsewhere.
    let tunnel = if args.key.self_contained { Some(agent(address, key).await?) } else { None };
    say(format_args!("own pages at http://{OWN_HOST}:{}/", address.port()))?;

    stop.await;
    if let Some(tunnel) = tunnel {
        tunnel.drain(DRAIN_PERIOD).await;
    }
    gateway.shutdown(DRAIN_PERIOD, RETURN_SPREAD).await;
    Ok(())
}

/// Requests for the own host, and Agents who dial any host, go to the own router; visitors' to the Gateway.
async fn by_host(State(mut own): State<Router>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    if name.eq_ignore_ascii_case(OWN_HOST) {
        return own.call(request).await.into_response();
    }
    next.run(request).await
}

/// Who is connected.
async fn agents(State(gateway): State<Gateway>) -> Json<serde_json::Value> {
    Json(serde_json::json!({ "agents": gateway.agents().len(), "hosts": gateway.routes() }))
}

/// An Agent in this program.
async fn agent(gateway: SocketAddr, key: Secret) -> anyhow::Result<Tunnel> {
    let tunnel = Tunnel::builder().gateway(format!("ws://{gateway}/tunnel")).api_key(key).connect().await?;
    let app = Router::new().route("/", get(|| async { "from behind the tunnel\n" }));
    let endpoint = tunnel.serve("app.localhost", app).await?;
    say(format_args!("online at {}", endpoint.url()))?;
    Ok(tunnel)
}
