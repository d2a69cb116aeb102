//! Plain endpoints for curl and for tests: a greeting, an echo, the request as it arrived, any status, a slow answer.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{ConnectInfo, Path, Query, Request},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

/// The longest that `/slow` waits, in milliseconds: past every gateway timeout that one may want to see.
const SLOW_MS_MAX: u64 = 10 * 60 * 1000;

/// `GET /hello`: one line of text.
pub(crate) async fn hello() -> &'static str {
    "Hello from behind the tunnel.\n"
}

/// `/echo`: the request's body, streamed back as it comes, under its own content type.
pub(crate) async fn echo(request: Request) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE).cloned();
    let length = request.headers().get(header::CONTENT_LENGTH).cloned();
    let mut response = Response::new(request.into_body());
    if let Some(kind) = kind {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    if let Some(length) = length {
        response.headers_mut().insert(header::CONTENT_LENGTH, length);
    }
    response
}

/// The request as the service saw it.
#[derive(Debug, Serialize)]
struct Seen {
    method: String,
    uri: String,
    version: String,
    /// Who connected: the Agent, when the request came through a tunnel.
    peer: SocketAddr,
    /// In the order of arrival, doubles kept; bytes that are not UTF-8 are replaced.
    headers: Vec<(String, String)>,
}

/// `/headers`: method, target, version, peer and headers as JSON.
pub(crate) async fn headers(ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request) -> Response {
    let headers = request.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    Json(Seen {
        method: request.method().to_string(),
        uri: request.uri().to_string(),
        version: format!("{:?}", request.version()),
        peer,
        headers: headers.collect(),
    })
    .into_response()
}

/// `/status/{code}`: answers with that code. Codes below 200 are not final answers, so they are refused.
pub(crate) async fn status(Path(code): Path<u16>) -> Response {
    match StatusCode::from_u16(code) {
        Ok(status) if (200..=599).contains(&code) => match status {
            // RFC 9110, section 6.4.1: these have no content.
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED => {
                (status, Body::empty()).into_response()
            }
            _ => (status, format!("{status}\n")).into_response(),
        },
        _ => (StatusCode::BAD_REQUEST, "a status is a number from 200 to 599\n").into_response(),
    }
}

/// The query of `/slow`.
#[derive(Debug, Deserialize)]
pub(crate) struct Slow {
    #[serde(default)]
    ms: u64,
}

/// `/slow?ms=`: answers after that many milliseconds, ten minutes at most.
pub(crate) async fn slow(Query(Slow { ms }): Query<Slow>) -> Response {
    if ms > SLOW_MS_MAX {
        return (StatusCode::BAD_REQUEST, format!("ms is at most {SLOW_MS_MAX}\n")).into_response();
    }
    sleep(Duration::from_millis(ms)).await;
    format!("Waited {ms} ms.\n").into_response()
}
