//! Serves the dashboard: compressed where the browser takes it, kept for ever where the name has a hash, and the one
//! page for every address that is a place within the dashboard.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::EmbeddedFile;

use super::embedded::Dashboard;
use crate::api::error::Problem;

/// The page.
const INDEX: &str = "index.html";

/// Where the build puts files whose names have a hash of what is in them.
const HASHED: &str = "assets/";

/// A year: files whose names change when they do.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Asked for anew each time, answered with 304 if it is the same.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// What a browser sees in a program without the dashboard.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Octoporty Agent</title>\
<h1>This build has no dashboard</h1><p>The Agent works, and its API at <code>/api/v1</code> too. To have the dashboard, \
build it before the program: <code>npm ci &amp;&amp; npm run build</code> in <code>web</code>, then \
<code>cargo build</code>.</p></html>";

/// The first parts of the dashboard's own addresses.
const PLACES: [&str; 10] =
    ["", "login", "mappings", "requests", "inspector", "connections", "logs", "caddy", "settings", "first-run"];

/// Answers whatever is no address of the API.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if !matches!(method, Method::GET | Method::HEAD) {
        let problem =
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Here are files to read alone.");
        return ([(header::ALLOW, "GET, HEAD")], problem).into_response();
    }
    let path = uri.path().trim_start_matches('/');
    if !path.is_empty()
        && let Some(file) = Dashboard::get(path)
    {
        return found(path, file, &headers);
    }
    let place = path.split('/').next().unwrap_or_default();
    if !PLACES.contains(&place) || !wants_page(path, &headers) {
        return Problem::not_found("There is nothing at this address.").into_response();
    }
    match Dashboard::get(INDEX) {
        Some(file) => found(INDEX, file, &headers),
        None => page(NOT_BUILT),
    }
}

/// Whether a person asks. The start page is there for everybody.
fn wants_page(path: &str, headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    path.is_empty() || accept.is_some_and(|accept| accept.contains("text/html"))
}

fn page(html: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], html).into_response()
}

fn found(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let mut answer = HeaderMap::new();
    answer.insert(header::CACHE_CONTROL, if path.starts_with(HASHED) { FOR_EVER } else { ASK_AGAIN });
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let tag = etag(&file);
    if let Ok(value) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, value);
    }
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| has_tag(known, &tag)) {
        return (StatusCode::NOT_MODIFIED, answer).into_response();
    }
    let kind = content_type(file.metadata.mimetype());
    if let Ok(kind) = HeaderValue::from_str(&kind) {
        answer.insert(header::CONTENT_TYPE, kind);
    }
    let (encoding, file) = compressed(path, headers).map_or((None, file), |(name, file)| (Some(name), file));
    if let Some(encoding) = encoding {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    let body = match file.data {
        std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
    };
    (answer, Body::from(body)).into_response()
}

/// The file as it was compressed at the build, in the best form that the browser takes.
fn compressed(path: &str, headers: &HeaderMap) -> Option<(&'static str, EmbeddedFile)> {
    let accepted = headers.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
    let takes = |name: &str| {
        accepted.split(',').any(|part| {
            let (encoding, weight) = part.split_once(';').unwrap_or((part, ""));
            encoding.trim().eq_ignore_ascii_case(name)
                && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
        })
    };
    let forms = [("br", "br"), ("gzip", "gz")];
    forms
        .into_iter()
        .filter(|(name, _)| takes(name))
        .find_map(|(name, end)| Some((name, Dashboard::get(&format!("{path}.{end}"))?)))
}

/// A tag of what is in the file, whatever form it is sent in, hence a weak one (RFC 9110 §8.8.1).
fn etag(file: &EmbeddedFile) -> String {
    let digest = crate::api::mappings::hex(&file.metadata.sha256_hash());
    format!("W/\"{}\"", &digest[..32])
}

fn has_tag(known: &HeaderValue, tag: &str) -> bool {
    known.to_str().is_ok_and(|known| known.split(',').any(|one| one.trim() == tag || one.trim() == "*"))
}

fn content_type(kind: &str) -> String {
    let is_text = kind.starts_with("text/") || matches!(kind, "application/javascript" | "application/json");
    if is_text { format!("{kind}; charset=utf-8") } else { kind.to_owned() }
}
