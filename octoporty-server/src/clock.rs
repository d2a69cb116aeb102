//! The wall clock, for what is shown to people or kept over restarts. Everything else uses the runtime's clock.

use chrono::{DateTime, SecondsFormat, Utc};

/// Milliseconds since 1970 (UTC).
pub(crate) fn now_ms() -> u64 {
    u64::try_from(Utc::now().timestamp_millis()).unwrap_or_default()
}

/// A moment as RFC 3339 has it, in UTC with milliseconds.
pub(crate) fn rfc3339(at_ms: u64) -> String {
    let at_ms = i64::try_from(at_ms).unwrap_or(i64::MAX);
    DateTime::from_timestamp_millis(at_ms).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}
