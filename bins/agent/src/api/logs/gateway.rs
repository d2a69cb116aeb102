//! `GET /gateway/logs` and its histogram: asked of the Gateway through the tunnel.

use axum::{Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::view::{HistogramQuery, HistogramView, LogPageView, LogsQuery};
use crate::api::{error::Answer, query::Parameters, state::ApiState};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(logs)).routes(routes!(histogram))
}

/// The Gateway's log lines, newest first.
#[utoipa::path(get, path = "/gateway/logs", tag = "logs", operation_id = "gateway_logs", params(LogsQuery),
    responses((status = 200, body = LogPageView)))]
async fn logs(State(state): State<ApiState>, Parameters(query): Parameters<LogsQuery>) -> Answer<Json<LogPageView>> {
    let page = state.agent.control().logs(query.read()?).await?;
    Ok(Json(page.into()))
}

/// The Gateway's log lines a minute, by level.
#[utoipa::path(get, path = "/gateway/logs/histogram", tag = "logs", operation_id = "gateway_logs_histogram",
    params(HistogramQuery), responses((status = 200, body = HistogramView)))]
async fn histogram(
    State(state): State<ApiState>,
    Parameters(query): Parameters<HistogramQuery>,
) -> Answer<Json<HistogramView>> {
    query.view(state.agent.control().log_histogram().await?).map(Json)
}
