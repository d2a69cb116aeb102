//! `GET /stats/failures`: what failed in the last day, grouped by cause.

use std::time::Duration;

use axum::{Json, extract::State};
use octoporty_store::FailureGroup;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::SideView;
use crate::{api::state::ApiState, clock::Timestamp};

/// How far back.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Groups at most.
const GROUPS_MAX: u32 = 50;

/// What failed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FailureGroups {
    /// The one met last first.
    groups: Vec<FailureGroupView>,
}

/// Failures with the same cause.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FailureGroup)]
pub(crate) struct FailureGroupView {
    side: SideView,
    cause: String,
    message: String,
    count: u64,
    mapping_id: Option<Uuid>,
    last_at: Timestamp,
    /// The last one of them.
    example_request_id: Option<Uuid>,
}

/// What failed in the last day, grouped by cause.
#[utoipa::path(get, path = "/stats/failures", tag = "statistics", operation_id = "failure_groups",
    responses((status = 200, body = FailureGroups)))]
pub(crate) async fn failures(State(state): State<ApiState>) -> Json<FailureGroups> {
    let from = Timestamp::now().minus(DAY).utc();
    let store = state.storage.if_open();
    let groups = state.recorder.failures(store.as_ref(), from, GROUPS_MAX).await;
    let view = |group: FailureGroup| FailureGroupView {
        side: group.failure.side.into(),
        cause: group.failure.cause,
        message: group.failure.message,
        count: group.count,
        mapping_id: group.mapping,
        last_at: group.last_at.into(),
        example_request_id: group.example,
    };
    Json(FailureGroups { groups: groups.into_iter().map(view).collect() })
}
