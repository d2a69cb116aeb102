//! `GET /stats/mappings`: what each mapping served since midnight.

use axum::{Json, extract::State};
use chrono::Utc;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::points::quantile;
use crate::{api::state::ApiState, clock::Timestamp};

/// What each mapping served.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MappingStats {
    /// The last midnight where the Agent is.
    since: Timestamp,
    /// Busiest first; mappings without a request are left out.
    mappings: Vec<MappingTotal>,
}

/// What a mapping served.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MappingTotal {
    mapping_id: Uuid,
    requests: u64,
    failures: u64,
    p95_ms: Option<f64>,
    bytes_to_visitors: u64,
    bytes_from_visitors: u64,
    /// Requests of the last hour since this start, in 24 stretches of 2.5 minutes, oldest first.
    spark: Vec<u64>,
}

/// What each mapping served since midnight, busiest first.
#[utoipa::path(get, path = "/stats/mappings", tag = "statistics", operation_id = "mapping_stats",
    responses((status = 200, body = MappingStats)))]
pub(crate) async fn totals(State(state): State<ApiState>) -> Json<MappingStats> {
    let totals = state.recorder.totals(Utc::now());
    let total =
        |(mapping_id, record, spark): (Uuid, octoporty_store::MinuteRecord, [u64; crate::observe::SPARK_POINTS])| {
            MappingTotal {
                mapping_id,
                requests: record.requests,
                failures: record.failures.total(),
                p95_ms: quantile(&record.durations, 0.95),
                bytes_to_visitors: record.bytes_to_visitors,
                bytes_from_visitors: record.bytes_from_visitors,
                spark: spark.to_vec(),
            }
        };
    Json(MappingStats { since: totals.since.into(), mappings: totals.mappings.into_iter().map(total).collect() })
}
