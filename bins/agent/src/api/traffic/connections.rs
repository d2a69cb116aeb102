//! `GET /connection-logs`: each connection of the tunnel, and each try.

use axum::{Json, extract::State};
use octoporty_store::{ConnectionFilter, ConnectionOutcome, ConnectionRecord, Cursor};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::requests;
use crate::{
    api::{
        error::{Answer, Problem},
        query::Parameters,
        state::ApiState,
    },
    clock::Timestamp,
};

/// Which connections.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConnectionsQuery {
    /// Those of which this came.
    #[param(inline)]
    outcome: Option<OutcomeView>,
    /// Those that were tried then or later.
    from: Option<Timestamp>,
    /// Those that were tried before.
    to: Option<Timestamp>,
    /// Where the last page ended.
    #[param(pattern = "^[0-9A-Fa-f]{16}$")]
    cursor: Option<String>,
    /// 1 to 1000; default 100.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// Some connections.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectionList {
    /// Newest first.
    connections: Vec<ConnectionView>,
    /// Where the next page begins; null: that was all.
    next_cursor: Option<String>,
}

/// A connection of the tunnel, or a try.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Connection)]
pub(crate) struct ConnectionView {
    id: Uuid,
    connected_at: Option<Timestamp>,
    attempted_at: Timestamp,
    ended_at: Option<Timestamp>,
    /// From made to ended, or so far.
    duration_seconds: f64,
    outcome: OutcomeView,
    code: Option<String>,
    reason: Option<String>,
    lanes: u32,
    /// Of request bodies.
    bytes_in: u64,
    /// Of answers' bodies.
    bytes_out: u64,
    requests: u64,
    gateway_version: Option<String>,
    gateway_address: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ConnectionOutcome)]
pub(crate) enum OutcomeView {
    Open,
    Closed,
    Lost,
    Refused,
    Failed,
}

impl From<OutcomeView> for ConnectionOutcome {
    fn from(outcome: OutcomeView) -> Self {
        match outcome {
            OutcomeView::Open => Self::Open,
            OutcomeView::Closed => Self::Closed,
            OutcomeView::Lost => Self::Lost,
            OutcomeView::Refused => Self::Refused,
            OutcomeView::Failed => Self::Failed,
        }
    }
}

/// The tunnel's connections, and tries, newest first.
#[utoipa::path(get, path = "/connection-logs", tag = "traffic", operation_id = "list_connections",
    params(ConnectionsQuery), responses((status = 200, body = ConnectionList)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Parameters(query): Parameters<ConnectionsQuery>,
) -> Answer<Json<ConnectionList>> {
    let limit = requests::limit(query.limit).ok_or_else(|| Problem::field("limit", "is not from 1 to 1000"))?;
    let cursor = query.cursor.as_deref().map(str::parse::<Cursor>).transpose();
    let cursor = cursor.map_err(|_invalid| Problem::field("cursor", "is none that this API gave"))?;
    let filter = ConnectionFilter {
        outcome: query.outcome.map(Into::into),
        from: query.from.map(Timestamp::utc),
        to: query.to.map(Timestamp::utc),
    };
    let page = state.storage.store()?.connection_log().page(&filter, cursor, limit).await?;
    let connections = page.connections.into_iter().map(view).collect();
    Ok(Json(ConnectionList { connections, next_cursor: page.next.map(|cursor| cursor.to_string()) }))
}

fn view(record: ConnectionRecord) -> ConnectionView {
    ConnectionView {
        id: record.id,
        connected_at: record.connected_at.map(Into::into),
        attempted_at: record.attempted_at.into(),
        ended_at: record.ended_at.map(Into::into),
        duration_seconds: record.duration.as_secs_f64(),
        outcome: match record.outcome {
            ConnectionOutcome::Open => OutcomeView::Open,
            ConnectionOutcome::Closed => OutcomeView::Closed,
            ConnectionOutcome::Lost => OutcomeView::Lost,
            ConnectionOutcome::Refused => OutcomeView::Refused,
            _ => OutcomeView::Failed,
        },
        code: record.code,
        reason: record.reason,
        lanes: record.lanes,
        bytes_in: record.bytes_in,
        bytes_out: record.bytes_out,
        requests: record.requests,
        gateway_version: record.gateway_version,
        gateway_address: record.gateway_address,
    }
}
