//! One minute of the statistics as the API shows it.

use octoporty_store::{FailuresBySide, Histogram, MinuteRecord};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{api::status::milliseconds, clock::Timestamp};

/// What happened in a minute.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatsPoint {
    at: Timestamp,
    /// The share of the minute, from 0 to 1, in which the tunnel was up. Null for a mapping.
    tunnel_up: Option<f64>,
    requests: u64,
    failures: FailureCounts,
    /// Null: there were no requests.
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
    p99_ms: Option<f64>,
    bytes_to_visitors: u64,
    bytes_from_visitors: u64,
}

/// Failures by side.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FailureCounts {
    service: u64,
    tunnel: u64,
    gateway: u64,
    visitor: u64,
}

impl StatsPoint {
    pub(crate) fn of(minute: &MinuteRecord) -> Self {
        let observed = minute.observed.as_secs_f64();
        Self {
            at: minute.minute.into(),
            tunnel_up: (observed > 0.0).then(|| (minute.tunnel_up.as_secs_f64() / observed).min(1.0)),
            requests: minute.requests,
            failures: FailureCounts::of(&minute.failures),
            p50_ms: quantile(&minute.durations, 0.5),
            p95_ms: quantile(&minute.durations, 0.95),
            p99_ms: quantile(&minute.durations, 0.99),
            bytes_to_visitors: minute.bytes_to_visitors,
            bytes_from_visitors: minute.bytes_from_visitors,
        }
    }
}

impl FailureCounts {
    const fn of(failures: &FailuresBySide) -> Self {
        let FailuresBySide { service, tunnel, gateway, visitor } = *failures;
        Self { service, tunnel, gateway, visitor }
    }
}

/// A quantile in milliseconds.
pub(super) fn quantile(durations: &Histogram, share: f64) -> Option<f64> {
    durations.quantile(share).map(milliseconds)
}
