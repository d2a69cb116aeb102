//! `GET /gateway/caddy-config`: Caddy's present configuration, with its secrets left out by the Gateway (R63).

use axum::{Json, extract::State, http::StatusCode};
use octoporty_client::control::ControlError;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    api::{
        error::{Answer, Problem},
        state::ApiState,
    },
    clock::Timestamp,
};

/// Caddy's configuration.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CaddyConfigView {
    /// As Caddy gave it; null if there is none to be had.
    #[schema(value_type = Option<Object>)]
    config: Option<Value>,
    read_at: Timestamp,
    available: bool,
    /// Why there is none.
    message: Option<String>,
}

/// Caddy's present configuration.
#[utoipa::path(get, path = "/gateway/caddy-config", tag = "gateway", operation_id = "caddy_config",
    responses((status = 200, body = CaddyConfigView)))]
pub(crate) async fn config(State(state): State<ApiState>) -> Answer<Json<CaddyConfigView>> {
    match state.agent.control().caddy_config().await {
        Ok(config) => {
            let value = serde_json::from_slice(&config.json).map_err(|error| {
                tracing::warn!(%error, "what the gateway gave as caddy's configuration is no JSON");
                let message = "The Gateway's answer cannot be used. The log tells more.";
                Problem::new(StatusCode::BAD_GATEWAY, "gateway-answer-malformed", message)
            })?;
            let read_at = Timestamp::from_unsigned_ms(config.read_at_ms);
            Ok(Json(CaddyConfigView { config: Some(value), read_at, available: true, message: None }))
        }
        Err(ControlError::Unavailable(message)) => {
            let read_at = Timestamp::now();
            Ok(Json(CaddyConfigView { config: None, read_at, available: false, message: Some(message) }))
        }
        Err(error) => Err(error.into()),
    }
}
