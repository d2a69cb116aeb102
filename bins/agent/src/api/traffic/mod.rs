//! What passed: each request, each connection of the tunnel, and the statistics of both.

mod connections;
mod event;
mod failures;
mod points;
mod requests;
mod stats;
mod totals;
mod view;

pub(crate) use event::RequestEvent;
pub(crate) use points::StatsPoint;

use utoipa_axum::{router::OpenApiRouter, routes};

use super::state::ApiState;

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(requests::list))
        .routes(routes!(requests::get))
        .routes(routes!(connections::list))
        .routes(routes!(stats::stats))
        .routes(routes!(totals::totals))
        .routes(routes!(failures::failures))
}
