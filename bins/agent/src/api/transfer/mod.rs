//! Moving what was set up: as one JSON document, out and in, and as a copy of the database.

mod document;
mod export;
mod import;
mod sealed;
mod secrets;
mod sqlite;

use axum::extract::DefaultBodyLimit;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};

use super::state::ApiState;

/// Bytes of a document (R53).
const IMPORT_BYTES_MAX: usize = 5 * 1024 * 1024;

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(export::export, export::export_sealed))
        .routes(routes!(import::import).layer(DefaultBodyLimit::max(IMPORT_BYTES_MAX)))
        .routes(routes!(sqlite::sqlite))
}
