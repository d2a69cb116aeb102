//! The wall clock, read here alone, and the form of a moment in the API. Durations come from tokio's clock instead.

use std::fmt;

use chrono::{DateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

/// A moment in UTC, to the millisecond; RFC 3339 in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-22T21:47:00.000Z")]
pub(crate) struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The present moment.
    pub(crate) fn now() -> Self {
        Self(Utc::now().trunc_subsecs(3))
    }

    /// A moment counted in milliseconds since 1970; the latest possible one if it is out of range.
    pub(crate) fn from_unix_ms(ms: i64) -> Self {
        Self(DateTime::from_timestamp_millis(ms).unwrap_or(DateTime::<Utc>::MAX_UTC))
    }

    /// As [`Self::from_unix_ms`].
    pub(crate) fn from_unsigned_ms(ms: u64) -> Self {
        Self::from_unix_ms(i64::try_from(ms).unwrap_or(i64::MAX))
    }

    /// Milliseconds since 1970.
    pub(crate) const fn unix_ms(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// Seconds since 1970.
    pub(crate) const fn unix_s(self) -> i64 {
        self.0.timestamp()
    }

    /// The moment as chrono has it.
    pub(crate) const fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// This much later; the latest possible moment if that is out of range.
    pub(crate) fn plus(self, duration: std::time::Duration) -> Self {
        let later = TimeDelta::from_std(duration).ok().and_then(|delta| self.0.checked_add_signed(delta));
        Self(later.unwrap_or(DateTime::<Utc>::MAX_UTC).trunc_subsecs(3))
    }

    /// This much earlier; 1970 if that is out of range.
    pub(crate) fn minus(self, duration: std::time::Duration) -> Self {
        let earlier = TimeDelta::from_std(duration).ok().and_then(|delta| self.0.checked_sub_signed(delta));
        Self(earlier.unwrap_or(DateTime::<Utc>::UNIX_EPOCH).trunc_subsecs(3))
    }

    /// When something on tokio's clock was, or will be, by the wall clock of now.
    pub(crate) fn of_instant(at: tokio::time::Instant) -> Self {
        let now = tokio::time::Instant::now();
        if at >= now { Self::now().plus(at - now) } else { Self::now().minus(now - at) }
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment.trunc_subsecs(3))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let moment = DateTime::parse_from_rfc3339(&text).map_err(de::Error::custom)?;
        Ok(Self::from(moment.with_timezone(&Utc)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_always_show_milliseconds() {
        assert_eq!(Timestamp::from_unix_ms(0).to_string(), "1970-01-01T00:00:00.000Z");
        let back: Timestamp = serde_json::from_str("\"2026-11-22T21:47:00+01:00\"").unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), "\"2026-11-22T20:47:00.000Z\"");
    }

    #[test]
    fn impossible_moments_are_the_last_one() {
        assert_eq!(Timestamp::from_unix_ms(i64::MAX), Timestamp::from_unsigned_ms(u64::MAX));
    }
}
