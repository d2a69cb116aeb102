//! What is asked of the Gateway besides its log: Caddy's configuration, and an update.

mod caddy;
mod error;
mod update;

use utoipa_axum::{router::OpenApiRouter, routes};

use super::state::ApiState;

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(caddy::config)).routes(routes!(update::update))
}
