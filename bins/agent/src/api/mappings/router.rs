//! The addresses of mappings, below `/mappings`.

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{changes, listing, probe};
use crate::api::state::ApiState;

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(listing::list, changes::create))
        .routes(routes!(listing::get, changes::update, changes::delete))
        .routes(routes!(changes::toggle))
        .routes(routes!(probe::test))
}
