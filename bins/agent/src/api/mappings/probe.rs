//! `POST /mappings/test`: asks a service before a mapping to it is saved, and says in words what came of it.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State};
use bytes::Bytes;
use http::{HeaderValue, Request, header};
use http_body_util::Empty;
use octoporty_client::upstream::{UpstreamBody, UpstreamError, UpstreamTarget};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::{
    check,
    view::{ProtocolView, VersionView, hex},
};
use crate::{
    api::{
        body_start::read_start,
        error::{Answer, Problem},
        json::Body,
        state::ApiState,
    },
    wiring,
};

/// How long connecting may take, and how long the answer's head and the start of its body.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of an answer that are read: enough for a page's title.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Longest title, in characters.
const TITLE_CHARACTERS_MAX: usize = 120;

/// The part of a mapping behind the Agent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ServiceTest {
    #[schema(example = "localhost", min_length = 1, max_length = 253)]
    internal_host: String,
    #[schema(minimum = 1, maximum = 65535, example = 3000)]
    internal_port: u16,
    internal_protocol: Option<ProtocolView>,
    upstream_version: Option<VersionView>,
    allow_invalid_certificates: Option<bool>,
    #[schema(pattern = "^(:*[0-9A-Fa-f]:*){64}$")]
    pinned_certificate: Option<String>,
    /// Default: `/`.
    #[schema(pattern = "^/[!-~]*$")]
    path: Option<String>,
}

/// What came of asking a service.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceTestResult {
    outcome: Outcome,
    /// The outcome in a sentence, with what to do about it.
    message: String,
    status: Option<u16>,
    content_type: Option<String>,
    /// The title of an HTML page.
    title: Option<String>,
    /// Bytes of the body, if it was short enough to be read to its end or said its length.
    bytes: Option<u64>,
    elapsed_ms: u64,
    /// The address that was dialled, where it is known.
    address: Option<String>,
    /// The SHA-256 of the certificate that was refused, in hex digits.
    fingerprint: Option<String>,
}

/// What came of it, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ServiceTestOutcome)]
pub(crate) enum Outcome {
    Answered,
    Refused,
    TimedOut,
    NameNotFound,
    SpeaksHttps,
    SpeaksHttp,
    CertificateUnknown,
    NotAllowed,
    Failed,
}

/// Ask a service, as a mapping to it would.
#[utoipa::path(post, path = "/test", tag = "mappings", operation_id = "test_service", request_body = ServiceTest,
    responses((status = 200, body = ServiceTestResult)))]
pub(crate) async fn test(State(state): State<ApiState>, Body(body): Body<Value>) -> Answer<Json<ServiceTestResult>> {
    let (settings, path) = check::service(body).map_err(Problem::invalid)?;
    let target = wiring::target(&settings)
        .map_err(|error| Problem::field("internalHost", error.to_string()))?
        .connect_timeout(TIMEOUT)
        .head_timeout(Some(TIMEOUT))
        .build()
        .map_err(|error| Problem::field("internalHost", error.to_string()))?;
    Ok(Json(ask(&state, &target, path.as_deref().unwrap_or("/")).await))
}

async fn ask(state: &ApiState, target: &Arc<UpstreamTarget>, path: &str) -> ServiceTestResult {
    let begin = Instant::now();
    let mut request = Request::new(Empty::<Bytes>::new());
    if let Ok(uri) = path.parse() {
        *request.uri_mut() = uri;
    }
    if let Ok(host) = HeaderValue::from_str(target.authority()) {
        request.headers_mut().insert(header::HOST, host);
    }
    request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static("octoporty-test"));
    let answer = state.upstreams.send(target, request).await;
    let elapsed = begin.elapsed();
    let mut result = match answer {
        Ok(answer) => answered(answer).await,
        Err(error) => failed(&error, target),
    };
    result.elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    result
}

async fn answered(answer: http::Response<UpstreamBody>) -> ServiceTestResult {
    let (head, body) = answer.into_parts();
    let text = |name| head.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
    let content_type = text(header::CONTENT_TYPE);
    let announced = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    let (start, is_whole) = read_start(body, BODY_BYTES_MAX, TIMEOUT).await;
    let is_html = content_type.as_deref().is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    let read = is_whole.then(|| u64::try_from(start.len()).unwrap_or(u64::MAX));
    ServiceTestResult {
        message: format!("The service answers with {}.", head.status),
        status: Some(head.status.as_u16()),
        title: if is_html { title(&start) } else { None },
        content_type,
        bytes: announced.or(read),
        ..ServiceTestResult::new(Outcome::Answered)
    }
}

/// What stands in the first `title` element, as text.
fn title(page: &[u8]) -> Option<String> {
    let page = String::from_utf8_lossy(page);
    let lower = page.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let begin = open + lower[open..].find('>')? + 1;
    let end = begin + lower[begin..].find("</title")?;
    let words: Vec<&str> = page[begin..end].split_whitespace().collect();
    let text: String = words.join(" ").chars().filter(|c| !c.is_control()).take(TITLE_CHARACTERS_MAX).collect();
    Some(text).filter(|text| !text.is_empty())
}

fn failed(error: &UpstreamError, target: &UpstreamTarget) -> ServiceTestResult {
    let mut address = None;
    let mut fingerprint = None;
    let (outcome, message) = match error {
        UpstreamError::Refused { address: refused, .. } => {
            address = Some(refused.to_string());
            let message = format!(
                "Connection refused. Nothing listens on {refused}. In a container, use the name of the service, not localhost."
            );
            (Outcome::Refused, message)
        }
        UpstreamError::ConnectTimeout { .. } | UpstreamError::HeadTimeout { .. } => {
            let message =
                format!("No answer within {} s. Check host and port, and firewalls between.", TIMEOUT.as_secs());
            (Outcome::TimedOut, message)
        }
        UpstreamError::NameNotFound { .. } => {
            (Outcome::NameNotFound, "The name was not found. Check the host for a slip.".to_owned())
        }
        UpstreamError::SpeaksHttps { .. } => {
            (Outcome::SpeaksHttps, "The service speaks HTTPS, not HTTP. Change the protocol to Https.".to_owned())
        }
        UpstreamError::SpeaksHttp { .. } => {
            (Outcome::SpeaksHttp, "The service speaks plain HTTP, not HTTPS. Change the protocol to Http.".to_owned())
        }
        UpstreamError::Certificate { refused, .. } => {
            fingerprint = refused.fingerprint().as_ref().map(hex);
            let problem = refused.problem();
            (
                Outcome::CertificateUnknown,
                format!("The service's certificate {problem}. Trust this one, or its issuer."),
            )
        }
        UpstreamError::NotAllowed { denied, .. } => {
            let advice = "Change `Agent__UpstreamDenyList` if you mean it.";
            (Outcome::NotAllowed, format!("This address is not allowed: {denied}. {advice}"))
        }
        UpstreamError::Unreachable { address: tried, .. } => {
            address = Some(tried.to_string());
            (Outcome::Failed, format!("{tried} cannot be reached from this machine."))
        }
        UpstreamError::NotHttp { .. } | UpstreamError::SpeaksHttp1 { .. } | UpstreamError::BadAnswer { .. } => {
            let what = error.to_string();
            let what = what.strip_prefix(&format!("{target}: ")).unwrap_or(&what);
            (Outcome::Failed, format!("Something answers, but {what}."))
        }
        other => (Outcome::Failed, format!("{other}.")),
    };
    ServiceTestResult { message, address, fingerprint, ..ServiceTestResult::new(outcome) }
}

impl ServiceTestResult {
    const fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            message: String::new(),
            status: None,
            content_type: None,
            title: None,
            bytes: None,
            elapsed_ms: 0,
            address: None,
            fingerprint: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_text() {
        for (page, expected) in [
            ("<html><TITLE lang=en>\n A  title\u{1b}[2J </Title>", Some("A title[2J")),
            ("<title></title>", None),
            ("<title>cut", None),
            ("<title", None),
            ("no title", None),
        ] {
            assert_eq!(title(page.as_bytes()).as_deref(), expected, "{page}");
        }
    }
}
