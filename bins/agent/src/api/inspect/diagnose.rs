//! `POST /test/diagnose`. Only hosts with a mapping are asked for, and what is dialled is the mapping's own service or the
//! Gateway: a URL is no way to reach anything else (R52).

use std::sync::Arc;

use axum::{Json, extract::State};
use http::{HeaderMap, HeaderValue, Uri, header};
use octoporty_client::upstream::UpstreamClient;
use octoporty_core::{
    host::Hostname,
    id::RequestId,
    message::{LogFilter, LogsRead},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    ask::{TimedResolver, ask},
    diff::{self, BodyDiff, HeaderDiff},
    gateway_path::gateway_path,
    side::{SideError, SideView, Timing},
};
use crate::{
    api::{
        error::{Answer, Problem},
        json::Body,
        logs::LogLine,
        mappings::MappingView,
        state::ApiState,
    },
    catalogue::Entry,
    wiring,
};

/// Bytes of each body that are shown, unless another number is asked for.
const BODY_BYTES: usize = 64 * 1024;

/// Most bytes of each body.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Longest URL, in bytes.
const URL_BYTES_MAX: usize = 8 * 1024;

/// The Gateway's lines of a request, at most.
const LINES_MAX: u32 = 100;

/// What to ask for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DiagnoseRequest {
    /// A URL whose host has a mapping.
    #[schema(example = "https://app.example.com/status", max_length = 8192)]
    url: String,
    /// Bytes of each body that are shown; default 65536.
    #[schema(minimum = 1, maximum = 1_048_576)]
    max_body_bytes: Option<u64>,
}

/// Both answers, and what differs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Diagnosis {
    /// The id that the Gateway gave the request; null if it did not say.
    request_id: Option<String>,
    mapping: MappingView,
    /// As a visitor gets it.
    gateway: SideView,
    /// Straight from the service.
    agent: SideView,
    header_diff: Vec<HeaderDiff>,
    body_diff: Option<BodyDiff>,
    verdict: Verdict,
    /// What the Gateway logged of the request, newest first.
    gateway_logs: Vec<LogLine>,
}

/// The finding in one sentence.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Verdict {
    level: Level,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = VerdictLevel)]
enum Level {
    Ok,
    Info,
    Warn,
    Error,
}

/// Ask for a URL through the Gateway and straight from its service, and compare.
#[utoipa::path(post, path = "/test/diagnose", tag = "inspector", operation_id = "diagnose",
    request_body = DiagnoseRequest, responses((status = 200, body = Diagnosis)))]
pub(crate) async fn diagnose(
    State(state): State<ApiState>,
    Body(request): Body<DiagnoseRequest>,
) -> Answer<Json<Diagnosis>> {
    let limit = request.max_body_bytes.map_or(Some(BODY_BYTES), |bytes| usize::try_from(bytes).ok());
    let limit = limit.filter(|limit| (1..=BODY_BYTES_MAX).contains(limit));
    let limit = limit.ok_or_else(|| Problem::field("maxBodyBytes", format!("is not from 1 to {BODY_BYTES_MAX}")))?;
    let (host, path) = read_url(&request.url)?;
    let entry = state
        .catalogue
        .find_host(host.as_str())
        .ok_or_else(|| Problem::field("url", format!("has the host {host}, which has no mapping")))?;
    if !entry.settings().enabled {
        return Err(Problem::field("url", format!("has the host {host}, whose mapping is off")));
    }
    let (gateway, agent) = tokio::join!(
        gateway_path(&state, host.as_str(), &path, limit),
        service_path(&state, &entry, host.as_str(), &path, limit)
    );
    let request_id = gateway.header("x-octoporty-request-id").and_then(|id| id.parse::<RequestId>().ok());
    let gateway_logs = gateway_lines(&state, request_id).await;
    let header_diff =
        if gateway.ok && agent.ok { diff::headers(&gateway, &agent, entry.settings()) } else { Vec::new() };
    let body_diff = diff::bodies(&gateway, &agent);
    let verdict = verdict(&gateway, &agent, &header_diff, body_diff.as_ref());
    let found = state.catalogue.get(entry.id()).ok_or_else(|| Problem::not_found("The mapping is gone."))?;
    Ok(Json(Diagnosis {
        request_id: request_id.map(|id| Uuid::from_u128(id.as_u128()).simple().to_string()),
        mapping: MappingView::of(found),
        gateway,
        agent,
        header_diff,
        body_diff,
        verdict,
        gateway_logs,
    }))
}

/// Host and path of a URL.
fn read_url(text: &str) -> Answer<(Hostname, String)> {
    let wrong = || Problem::field("url", "is not a URL such as https://app.example.com/path");
    if text.len() > URL_BYTES_MAX {
        return Err(Problem::field("url", format!("has more than {URL_BYTES_MAX} bytes")));
    }
    let uri = text.trim().parse::<Uri>().map_err(|_invalid| wrong())?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(wrong());
    }
    let host =
        Hostname::parse(uri.host().ok_or_else(wrong)?).map_err(|error| Problem::field("url", error.to_string()))?;
    let path = uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    Ok((host, path))
}

/// Asks the service as the Agent does for visitors, on a connection of its own.
async fn service_path(state: &ApiState, entry: &Entry, host: &str, path: &str, limit: usize) -> SideView {
    let settings = entry.settings();
    let failed = |message: String| {
        SideView::failed(SideError { side: "service", cause: "bad-mapping", message }, Timing::default())
    };
    let target = match wiring::target(settings).map(|target| target.build()) {
        Ok(Ok(target)) => target,
        Ok(Err(error)) => return failed(error.to_string()),
        Err(error) => return failed(error.to_string()),
    };
    let policy = match wiring::header_policy(settings) {
        Ok(policy) => policy,
        Err(error) => return failed(error.to_string()),
    };
    let resolver = Arc::new(TimedResolver::default());
    let client = UpstreamClient::builder(state.tasks.clone(), state.stop.clone())
        .policy(state.config.policy.clone())
        .resolver(Arc::<TimedResolver>::clone(&resolver))
        .tls(state.agent.upstream_tls())
        .build();
    let mut fields = HeaderMap::new();
    for (name, value) in [
        (header::HOST, host),
        (header::USER_AGENT, "octoporty-inspector"),
        (header::ACCEPT, "*/*"),
        (header::HeaderName::from_static("x-forwarded-host"), host),
        (header::HeaderName::from_static("x-forwarded-proto"), "https"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            fields.insert(name, value);
        }
    }
    let authority = HeaderValue::from_str(target.authority()).unwrap_or_else(|_| HeaderValue::from_static("localhost"));
    policy.apply_request(&mut fields, &authority);
    ask(&client, &resolver, &target, path, fields, limit).await
}

/// What the Gateway logged; nothing if it cannot be asked.
async fn gateway_lines(state: &ApiState, request: Option<RequestId>) -> Vec<LogLine> {
    let Some(request) = request else { return Vec::new() };
    let filter = LogFilter { request: Some(request), ..LogFilter::default() };
    match state.agent.control().logs(LogsRead { before: None, count: LINES_MAX, filter }).await {
        Ok(page) => page.entries.into_iter().map(LogLine::from).collect(),
        Err(error) => {
            tracing::debug!(%error, "the gateway's lines of a request cannot be had");
            Vec::new()
        }
    }
}

fn verdict(gateway: &SideView, agent: &SideView, headers: &[HeaderDiff], body: Option<&BodyDiff>) -> Verdict {
    let said = |side: &SideView| side.error.as_ref().map_or_else(String::new, |error| error.message.clone());
    let (level, message) = match (gateway.status, agent.status) {
        (None, None) => (Level::Error, format!("Neither the Gateway nor the service answers: {}.", said(agent))),
        (None, Some(_)) => {
            (Level::Error, format!("The service answers, but the Gateway cannot be reached: {}.", said(gateway)))
        }
        (Some(status), None) => {
            (Level::Error, format!("The service does not answer, so visitors get {status}: {}.", said(agent)))
        }
        (Some(one), Some(other)) if one != other => {
            (Level::Error, format!("Visitors get {one}, but the service answers with {other}."))
        }
        (Some(status), Some(_)) => {
            let differing = headers.iter().filter(|diff| diff.is_unexpected()).count();
            match (differing, body.is_none_or(BodyDiff::is_same)) {
                (0, true) => (Level::Ok, format!("Visitors get what the service answers: {status}.")),
                (0, false) => (Level::Info, format!("Both answer with {status}; the bodies differ.")),
                (1, _) => (Level::Warn, format!("Both answer with {status}; 1 header field differs.")),
                (count, _) => (Level::Warn, format!("Both answer with {status}; {count} header fields differ.")),
            }
        }
    };
    Verdict { level, message }
}
