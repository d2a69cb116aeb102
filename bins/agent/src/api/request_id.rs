//! The outermost layer: gives each request an id, renders problems with it, and contains panics (R57, R62).

use std::panic::AssertUnwindSafe;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use futures::FutureExt;
use octoporty_core::id::RequestId;
use tracing::Instrument;

use super::{error::Problem, security_headers, state::ApiState};

/// The field that carries the id of an exchange, here as at the Gateway.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-octoporty-request-id");

/// Runs everything else.
pub(crate) async fn layer(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let id = RequestId::from_u128(rand::random());
    let path = request.uri().path().to_owned();
    let is_api = path.starts_with("/api");
    let is_head = request.method() == Method::HEAD;
    let span = tracing::debug_span!("api", request = %id, method = %request.method(), path);
    let outcome = AssertUnwindSafe(next.run(request).instrument(span)).catch_unwind().await;
    let mut response = match outcome {
        Ok(response) => response,
        Err(_panic) => {
            // The panic hook has logged where and why.
            state.count_panic();
            tracing::error!(request = %id, "a request panicked");
            Problem::internal().render(&id.to_string())
        }
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let headers = std::mem::take(response.headers_mut());
        response = problem.render(&id.to_string());
        for (name, value) in &headers {
            response.headers_mut().append(name.clone(), value.clone());
        }
    } else if is_api && is_bare_refusal(&response) {
        response = bare_refusal(&response, &id.to_string());
    }
    if is_head {
        *response.body_mut() = Body::empty();
    }
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    security_headers::add(&path, response.headers_mut());
    response
}

/// A refusal that the router or an extractor made, in plain text or without a body.
fn is_bare_refusal(response: &Response) -> bool {
    let status = response.status();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_json = content_type.is_some_and(|value| value.as_bytes().ends_with(b"json"));
    (status.is_client_error() || status.is_server_error()) && !is_json
}

fn bare_refusal(response: &Response, id: &str) -> Response {
    let (code, message) = match response.status() {
        StatusCode::NOT_FOUND => ("not-found", "There is nothing at this address."),
        StatusCode::METHOD_NOT_ALLOWED => ("method-not-allowed", "This address does not know this method."),
        StatusCode::PAYLOAD_TOO_LARGE => ("too-large", "The request is larger than is taken here."),
        StatusCode::BAD_REQUEST => ("bad-request", "The address has a part that cannot be read."),
        status if status.is_server_error() => ("internal-error", "The Agent could not do this."),
        _ => ("refused", "The request cannot be taken as it is."),
    };
    let status = response.status();
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut response = Problem::new(status, code, message).render(id);
    if let Some(allow) = allow {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}
