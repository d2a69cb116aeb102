//! `GET /health`, for probes. It names nothing and needs no session (R61).

use axum::{Json, extract::State};
use octoporty_client::ConnectionState;
use serde::Serialize;
use utoipa::ToSchema;

use super::state::ApiState;

/// How the Agent is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `healthy` when the tunnel is up, else `degraded`.
    #[schema(example = "healthy")]
    status: &'static str,
}

/// Always 200: the program works, and says how.
#[utoipa::path(get, path = "/health", tag = "status", responses((status = 200, body = Health)), security(()))]
pub(crate) async fn health(State(state): State<ApiState>) -> Json<Health> {
    let is_up = state.agent.status().borrow().state == ConnectionState::Connected;
    Json(Health { status: if is_up { "healthy" } else { "degraded" } })
}
