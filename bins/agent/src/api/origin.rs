//! Cross-site requests (R46): a browser says where a request comes from, and other sites get nothing done here.

use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::error::Problem;

/// Refuses what another site had a browser send, and bodies that a form of another site could make.
pub(crate) async fn layer(request: Request, next: Next) -> Response {
    match check(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn check(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    // The stream of events is a GET with a life of its own, so it is asked too.
    if (!is_safe || request.uri().path().ends_with("/events")) && is_foreign(headers) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "cross-site",
            "This request comes from another site, and those are not let in.",
        ));
    }
    if !is_safe && has_body(headers) && !is_json(headers) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "json-required",
            "The body must be JSON, with the content type application/json.",
        ));
    }
    Ok(())
}

/// Whether a browser says that another origin asks. Programs that are no browsers say nothing.
fn is_foreign(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site")
        && !matches!(site.as_bytes(), b"same-origin" | b"none")
    {
        return true;
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => false,
        (Some(origin), None) => !is_own(origin.as_bytes(), headers),
        (Some(_), Some(_)) => true,
    }
}

/// Whether an origin is the host that the request is for. Its scheme is not compared: behind a proxy that ends TLS,
/// this side sees none.
fn is_own(origin: &[u8], headers: &HeaderMap) -> bool {
    let authority = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
    let (Some(authority), Some(host)) = (authority, headers.get(header::HOST)) else {
        return false;
    };
    authority.eq_ignore_ascii_case(host.as_bytes())
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.contains_key(header::CONTENT_TYPE)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0")
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(header::CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}
