//! All addresses, and the layers that each request passes on its way in.

use axum::{Router, extract::DefaultBodyLimit, middleware};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    assets, auth, dns, events, gateway, health, hosts, inspect, logs, mappings, openapi, origin, peer, rate_limit,
    request_id, settings, state::ApiState, status, traffic, transfer,
};

/// Where the API is.
pub(crate) const BASE: &str = "/api/v1";

/// Where mappings are too, as they were before there was a version.
pub(crate) const MAPPINGS_ALIAS: &str = "/api/mappings";

/// For probes, outside of the API.
pub(crate) const HEALTH: &str = "/health";

/// Bytes of a body, where nothing else is said: a mapping with all its headers has some 100 KiB.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// The addresses with their documentation.
fn documented() -> OpenApiRouter<ApiState> {
    let api = OpenApiRouter::new()
        .merge(auth::router())
        .merge(status::router())
        .nest("/mappings", mappings::router())
        .merge(traffic::router())
        .merge(logs::agent_router())
        .merge(logs::gateway_router())
        .merge(gateway::router())
        .merge(settings::router())
        .merge(transfer::router())
        .routes(routes!(inspect::diagnose))
        .routes(routes!(dns::dns))
        .routes(routes!(events::events))
        .routes(routes!(openapi::openapi));
    OpenApiRouter::with_openapi(openapi::base()).nest(BASE, api).routes(routes!(health::health))
}

/// The OpenAPI document, which is also the list of addresses.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    openapi::finish(documented().into_openapi())
}

/// Everything that the management port answers. The layers run from the last to the first: an id and a net below,
/// who asks, for which name, how often, from which page, and whether signed in.
pub(crate) fn router(state: ApiState) -> Router {
    let (router, _document) = documented().split_for_parts();
    let with = |state: &ApiState| state.clone();
    let (mappings, _document) = mappings::router().split_for_parts();
    router
        .nest(MAPPINGS_ALIAS, mappings)
        .fallback(assets::serve)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(with(&state), auth::layer))
        .layer(middleware::from_fn(origin::layer))
        .layer(middleware::from_fn_with_state(with(&state), rate_limit::layer))
        .layer(middleware::from_fn_with_state(with(&state), hosts::layer))
        .layer(middleware::from_fn_with_state(with(&state), peer::layer))
        .layer(middleware::from_fn_with_state(with(&state), request_id::layer))
        .with_state(state)
}
