//! The page: built in, or read from a file at each request while one works on it.

use std::path::PathBuf;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};

/// Nothing is loaded from elsewhere. The page's own script and style stand in it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// Where the page comes from.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    file: Option<PathBuf>,
}

impl Page {
    pub(crate) const fn new(file: Option<PathBuf>) -> Self {
        Self { file }
    }
}

/// `GET /`.
pub(crate) async fn show(State(page): State<Page>) -> Response {
    let headers = [(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY), (header::CACHE_CONTROL, "no-store")];
    let Some(file) = page.file else {
        return (headers, Html(include_str!("page.html"))).into_response();
    };
    match tokio::fs::read_to_string(&file).await {
        Ok(html) => (headers, Html(html)).into_response(),
        Err(error) => {
            (StatusCode::INTERNAL_SERVER_ERROR, format!("cannot read {}: {error}\n", file.display())).into_response()
        }
    }
}
