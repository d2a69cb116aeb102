//! `POST /gateway/update`: asks the Gateway to update itself to this Agent's version (R37).

use axum::{Json, extract::State};
use octoporty_client::control::Force;
use octoporty_core::message::UpdateStatus;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    api::{auth::Who, error::Answer, json::Body, state::ApiState, status::audit},
    observe::Topic,
};

/// Whether to go on where the Agent is not newer.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateRequest {
    #[serde(default)]
    force: bool,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateResult {
    success: bool,
    message: String,
    /// Why not.
    error: Option<String>,
    agent_version: String,
    gateway_version: String,
    status: UpdateStatusView,
}

/// `Queued`: the host was told, and the Gateway will restart.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = UpdateStatus)]
pub(crate) enum UpdateStatusView {
    Queued,
    Rejected,
    AlreadyQueued,
}

/// Ask the Gateway to update itself to this Agent's version.
#[utoipa::path(post, path = "/gateway/update", tag = "gateway", operation_id = "update_gateway",
    request_body = UpdateRequest, responses((status = 200, body = UpdateResult)))]
pub(crate) async fn update(
    State(state): State<ApiState>,
    Who(actor): Who,
    Body(UpdateRequest { force }): Body<UpdateRequest>,
) -> Answer<Json<UpdateResult>> {
    let force = if force { Force::Yes } else { Force::No };
    let outcome = state.agent.control().request_update(force).await?;
    let status = match outcome.status {
        UpdateStatus::Queued => UpdateStatusView::Queued,
        UpdateStatus::AlreadyQueued => UpdateStatusView::AlreadyQueued,
        _ => UpdateStatusView::Rejected,
    };
    let success = !matches!(status, UpdateStatusView::Rejected);
    if success {
        audit(&state, &actor, "gateway-update-asked").await;
        state.hub.tell(Topic::Status, "update", &json!({"step": status}));
    }
    Ok(Json(UpdateResult {
        success,
        error: (!success).then_some(outcome.code),
        message: outcome.message,
        agent_version: outcome.agent_version,
        gateway_version: outcome.gateway_version,
        status,
    }))
}
