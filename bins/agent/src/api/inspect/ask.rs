//! One request over one path, timed.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Version, header};
use http_body_util::Empty;
use octoporty_client::upstream::{
    ConnectTimes, Resolve, Resolving, SystemResolver, UpstreamClient, UpstreamError, UpstreamTarget,
};
use tokio::time::Instant;

use super::{
    body::BodyView,
    side::{SideError, SideView, Timing},
};
use crate::api::{body_start::read_start, status::milliseconds};

/// How long an answer's body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// Most header fields that are shown, each cut.
const HEADER_CHARACTERS_MAX: usize = 4 * 1024;

/// Looks names up as the system does, or always the same one, and remembers how long that took.
#[derive(Debug, Default)]
pub(super) struct TimedResolver {
    /// Looked up whatever is asked for: the Gateway, under whichever name it is addressed.
    pub(super) instead: Option<String>,
    took: Mutex<Option<Duration>>,
}

impl TimedResolver {
    pub(super) fn instead(host: String) -> Self {
        Self { instead: Some(host), took: Mutex::default() }
    }

    fn took(&self) -> Option<Duration> {
        *self.took.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolve for TimedResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        Box::pin(async move {
            let begin = Instant::now();
            let found = SystemResolver.resolve(self.instead.as_deref().unwrap_or(host), port).await;
            *self.took.lock().unwrap_or_else(PoisonError::into_inner) = Some(begin.elapsed());
            found
        })
    }
}

/// Asks for a path, with these fields, and reads the answer up to `limit` bytes.
pub(super) async fn ask(
    client: &UpstreamClient,
    resolver: &Arc<TimedResolver>,
    target: &Arc<UpstreamTarget>,
    path: &str,
    fields: HeaderMap,
    limit: usize,
) -> SideView {
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.headers_mut() = fields;
    match path.parse() {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return SideView::failed(invalid("the path cannot be asked for".to_owned()), Timing::default()),
    }
    let begin = Instant::now();
    let answer = client.send(target, request).await;
    let waited = begin.elapsed();
    let total = || milliseconds(begin.elapsed());
    let dns_ms = resolver.took().map(milliseconds);
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            return SideView::failed(explain(&error), Timing { dns_ms, total_ms: total(), ..Timing::default() });
        }
    };
    let (head, body) = answer.into_parts();
    // Each question has a client of its own, so its connection was opened for it.
    let connect = head.extensions.get::<ConnectTimes>().copied().unwrap_or_default();
    let content_type = text(head.headers.get(header::CONTENT_TYPE));
    let begin_body = Instant::now();
    let (bytes, is_whole) = read_start(body, limit, BODY_TIMEOUT).await;
    SideView {
        ok: true,
        status: Some(head.status.as_u16()),
        http_version: Some(version(head.version).to_owned()),
        headers: shown(&head.headers),
        body: Some(BodyView::of(bytes, !is_whole, content_type)),
        timing: Timing {
            dns_ms,
            connect_ms: Some(milliseconds(connect.tcp)),
            tls_ms: connect.tls.map(milliseconds),
            wait_ms: Some(milliseconds(waited.saturating_sub(connect.total))),
            body_ms: Some(milliseconds(begin_body.elapsed())),
            total_ms: total(),
        },
        error: None,
    }
}

fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| {
        let text = String::from_utf8_lossy(value.as_bytes());
        text.chars().filter(|c| !c.is_control()).take(HEADER_CHARACTERS_MAX).collect()
    };
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn text(value: Option<&HeaderValue>) -> Option<String> {
    value.and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/1.1",
    }
}

fn invalid(message: String) -> SideError {
    SideError { side: "gateway", cause: "bad-request", message }
}

fn explain(error: &UpstreamError) -> SideError {
    let cause = match error {
        UpstreamError::NameNotFound { .. } => "name-not-found",
        UpstreamError::NotAllowed { .. } => "not-allowed",
        UpstreamError::Refused { .. } => "connection-refused",
        UpstreamError::Unreachable { .. } => "unreachable",
        UpstreamError::ConnectTimeout { .. } | UpstreamError::HeadTimeout { .. } => "timed-out",
        UpstreamError::Certificate { .. } => "certificate",
        UpstreamError::TlsHandshake { .. } => "tls",
        UpstreamError::SpeaksHttp { .. } | UpstreamError::SpeaksHttps { .. } | UpstreamError::SpeaksHttp1 { .. } => {
            "wrong-protocol"
        }
        UpstreamError::NotHttp { .. } | UpstreamError::BadAnswer { .. } => "bad-answer",
        UpstreamError::Reset { .. } => "reset",
        UpstreamError::InvalidRequest(_) => "bad-request",
        _ => "failed",
    };
    SideError { side: "service", cause, message: error.to_string() }
}
