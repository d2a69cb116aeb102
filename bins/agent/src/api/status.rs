//! `GET /status`: how the tunnel is doing, what was lost and why, what cannot be saved. And `POST /reconnect`.

use std::time::Duration;

use axum::{Json, extract::State, http::StatusCode};
use octoporty_core::version;
use octoporty_store::{Actor, Change, TunnelState};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::Who,
    error::{Answer, Problem},
    query::Parameters,
    state::ApiState,
};
use crate::{
    clock::Timestamp,
    observe::{Recording, Topic},
};

/// Most days of history: as many as are kept.
const DAYS_MAX: u32 = 7;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Least time between two `status` events: a reconnect changes it several times in a row.
const EVENTS_APART: Duration = Duration::from_millis(100);

/// How the Agent is doing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Status)]
pub(crate) struct StatusView {
    connection_status: ConnectionStatus,
    /// Scheme, host and port.
    #[schema(example = "wss://gateway.example.com")]
    gateway_url: String,
    last_connected: Option<Timestamp>,
    last_disconnected: Option<Timestamp>,
    /// Since the tunnel was last up.
    reconnect_attempts: u32,
    /// The Agent's.
    uptime_seconds: u64,
    /// The Agent's.
    version: &'static str,
    /// Mappings that are on.
    active_mappings: usize,
    gateway_version: Option<String>,
    /// Seconds.
    gateway_uptime: Option<u64>,
    /// The Agent is newer than the Gateway.
    gateway_update_available: bool,
    last_error: Option<String>,
    round_trip_ms: Option<f64>,
    gateway_host: Option<String>,
    agent_host: String,
    agent_name: String,
    /// Connections that the tunnel has now.
    lanes: usize,
    /// The id of the stay at the Gateway, as the Gateway's log has it; null while the tunnel is down.
    session_id: Option<String>,
    connected_since: Option<Timestamp>,
    next_attempt_at: Option<Timestamp>,
    last_loss: Option<LossView>,
    /// What cannot be saved, in sentences; empty when all is well.
    unsaved: Vec<String>,
    /// What is kept of visitors' requests, as the configuration says.
    recording: RecordingView,
    /// Exchanges that were left out of log and statistics since the start, because too many came at once.
    unrecorded: u64,
    mappings: MappingCounts,
}

/// Where the connection to the Gateway stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) enum ConnectionStatus {
    Disconnected,
    Connecting,
    Authenticating,
    Syncing,
    Connected,
    Reconnecting,
}

impl From<octoporty_client::ConnectionState> for ConnectionStatus {
    fn from(state: octoporty_client::ConnectionState) -> Self {
        use octoporty_client::ConnectionState as From;
        match state {
            From::Disconnected => Self::Disconnected,
            From::Connecting => Self::Connecting,
            From::Authenticating => Self::Authenticating,
            From::Syncing => Self::Syncing,
            From::Connected => Self::Connected,
            From::Reconnecting => Self::Reconnecting,
        }
    }
}

/// `on`: each request is logged and all are counted. `figures`: they are counted alone. `off`: neither.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Recording)]
pub(crate) enum RecordingView {
    On,
    Figures,
    Off,
}

impl From<Recording> for RecordingView {
    fn from(recording: Recording) -> Self {
        match recording {
            Recording::On => Self::On,
            Recording::Figures => Self::Figures,
            Recording::Off => Self::Off,
        }
    }
}

/// When the tunnel was last lost.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LossView {
    at: Timestamp,
    /// Null: it is still down.
    duration_seconds: Option<f64>,
    cause: String,
    code: &'static str,
}

/// How many mappings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MappingCounts {
    total: usize,
    enabled: usize,
    /// Visitors reach them.
    live: usize,
}

/// An answer in words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Message {
    message: &'static str,
}

/// How far back.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// 1 to 7; default 7.
    #[param(minimum = 1, maximum = 7)]
    days: Option<u32>,
}

/// When the tunnel was up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct History {
    from: Timestamp,
    to: Timestamp,
    /// Oldest first, without gaps.
    spans: Vec<Span>,
}

/// For how long it was so.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Span {
    from: Timestamp,
    to: Timestamp,
    state: SpanState,
    cause: Option<String>,
}

/// `unknown`: the Agent did not run.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SpanState {
    Up,
    Down,
    Unknown,
}

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(status)).routes(routes!(reconnect)).routes(routes!(history))
}

/// How the Agent is doing.
#[utoipa::path(get, path = "/status", tag = "status", responses((status = 200, body = StatusView)))]
async fn status(State(state): State<ApiState>) -> Json<StatusView> {
    Json(view(&state))
}

/// Drop the tunnel and dial again at once. Requests that are under way are cut.
#[utoipa::path(post, path = "/reconnect", tag = "status", responses((status = 202, body = Message)))]
async fn reconnect(State(state): State<ApiState>, Who(actor): Who) -> (StatusCode, Json<Message>) {
    state.agent.reconnect();
    audit(&state, &actor, "reconnect").await;
    (StatusCode::ACCEPTED, Json(Message { message: "The Agent dials again." }))
}

/// When the tunnel was up, over some days.
#[utoipa::path(get, path = "/status/history", tag = "status", params(HistoryQuery),
    responses((status = 200, body = History)))]
async fn history(State(state): State<ApiState>, Parameters(query): Parameters<HistoryQuery>) -> Answer<Json<History>> {
    let days = query.days.unwrap_or(DAYS_MAX);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Problem::field("days", format!("is not from 1 to {DAYS_MAX}")));
    }
    let to = Timestamp::now();
    let from = to.minus(DAY * days);
    let spans = state.storage.store()?.tunnel_states().history(from.utc(), to.utc()).await?;
    let span = |span: octoporty_store::TunnelSpan| Span {
        from: span.from.into(),
        to: span.to.into(),
        state: match span.state {
            TunnelState::Up => SpanState::Up,
            TunnelState::Down => SpanState::Down,
            _ => SpanState::Unknown,
        },
        cause: span.cause,
    };
    Ok(Json(History { from, to, spans: spans.into_iter().map(span).collect() }))
}

pub(crate) fn view(state: &ApiState) -> StatusView {
    let tunnel = state.agent.status().borrow().clone();
    let (total, enabled, live) = state.catalogue.counts();
    let update = tunnel.gateway_version.as_deref().map(|gateway| version::is_newer(version::VERSION, gateway));
    StatusView {
        connection_status: tunnel.state.into(),
        gateway_url: origin(&state.config.gateway_url),
        last_connected: state.journal.last_connected(),
        last_disconnected: state.journal.last_loss().map(|loss| loss.at),
        reconnect_attempts: tunnel.attempts,
        uptime_seconds: (Instant::now() - state.config.started).as_secs(),
        version: version::VERSION,
        active_mappings: enabled,
        gateway_uptime: tunnel.gateway_started.map(|started| (Instant::now() - started).as_secs()),
        gateway_update_available: matches!(update, Some(Ok(true))),
        last_error: tunnel.last_error,
        round_trip_ms: tunnel.round_trip.map(milliseconds),
        gateway_host: tunnel.gateway_name,
        gateway_version: tunnel.gateway_version,
        agent_host: octoporty_shell::process::host_name(),
        agent_name: state.config.agent_name.clone(),
        lanes: tunnel.lanes,
        session_id: tunnel.session.map(|session| session.to_string()),
        connected_since: state.journal.connected_since(),
        next_attempt_at: tunnel.next_attempt.map(Timestamp::of_instant),
        last_loss: state.journal.last_loss().map(|loss| LossView {
            at: loss.at,
            duration_seconds: loss.duration.map(|duration| duration.as_secs_f64()),
            cause: loss.cause,
            code: loss.code,
        }),
        unsaved: state.storage.problems(),
        recording: state.recorder.recording().into(),
        unrecorded: state.recorder.skipped(),
        mappings: MappingCounts { total, enabled, live },
    }
}

/// To the microsecond.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> String {
    let end = url.find("://").map_or(0, |at| at + 3);
    let path = url[end..].find('/').map_or(url.len(), |at| end + at);
    url[..path].to_owned()
}

/// Writes down who did something that is no change of the database.
pub(crate) async fn audit(state: &ApiState, actor: &Actor, action: &str) {
    let Some(store) = state.storage.if_open() else { return };
    let change = Change { action: action.to_owned(), subject: None, label: None, fields: Vec::new() };
    if let Err(error) = store.audit().add(actor, change).await {
        tracing::warn!(%error, action, "an action is not in the audit");
    }
}

/// Tells who watches how the tunnel and the storage are doing, until dropped.
pub(crate) async fn tell_status(state: ApiState) {
    let mut tunnel = state.agent.status();
    let mut storage = state.storage.changes();
    loop {
        tokio::select! {
            changed = tunnel.changed() => {
                if changed.is_err() {
                    return;
                }
                // What else changes in this moment goes into the same event, the journal's part among it.
                tokio::time::sleep(EVENTS_APART).await;
                tunnel.mark_unchanged();
            }
            () = storage.next() => {
                let problems = state.storage.problems();
                state.hub.tell(Topic::Status, "storage", &json!({"problem": problems.first()}));
            }
        }
        state.hub.tell(Topic::Status, "status", &view(&state));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lose_their_path() {
        assert_eq!(origin("wss://gateway.example.com:8443/tunnel"), "wss://gateway.example.com:8443");
        assert_eq!(origin("ws://[::1]:1"), "ws://[::1]:1");
    }
}
