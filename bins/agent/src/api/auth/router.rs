//! The addresses of signing in.

use axum::extract::DefaultBodyLimit;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};

use super::{session, sign_in, sign_out};
use crate::api::state::ApiState;

/// Bytes of a sign-in: a password of 256 bytes, escaped in JSON, and room.
const LOGIN_BYTES_MAX: usize = 4 * 1024;

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(sign_in::login).layer(DefaultBodyLimit::max(LOGIN_BYTES_MAX)))
        .routes(routes!(sign_in::refresh))
        .routes(routes!(sign_out::logout))
        .merge(session::router())
}
