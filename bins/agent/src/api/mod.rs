//! The management port: health for now; the API and the dashboard come to live here.

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use octoporty_client::{Agent, ConnectionState};
use serde::Serialize;
use tokio::net::TcpListener;

/// What a browser sees as long as there is no dashboard in the program.
const NO_DASHBOARD: &str =
    "Octoporty Agent\n\nThis build has no dashboard. GET /health tells how the tunnel is doing.\n";

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// Serves the management port until the program ends.
pub(crate) async fn serve(listener: TcpListener, agent: Agent) -> std::io::Result<()> {
    let router = Router::new().route("/health", get(health)).fallback(no_dashboard).with_state(agent);
    axum::serve(listener, router).await
}

/// `healthy` when the tunnel is up, else `degraded`. Always 200: the program works, and says how.
async fn health(State(agent): State<Agent>) -> impl IntoResponse {
    let is_up = agent.status().borrow().state == ConnectionState::Connected;
    let status = if is_up { "healthy" } else { "degraded" };
    ([(header::CACHE_CONTROL, "no-store")], Json(Health { status }))
}

async fn no_dashboard() -> impl IntoResponse {
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], NO_DASHBOARD)
}
