//! Values on their way into rows and out of them. Into: what does not fit is cut or held at the bound. Out: what this
//! program cannot have written is damage.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::database::Fault;
use crate::limits::TEXT_BYTES_MAX;

pub(crate) const fn millis(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

pub(crate) fn time(millis: i64) -> Result<DateTime<Utc>, Fault> {
    DateTime::from_timestamp_millis(millis).ok_or_else(|| Fault::damaged(format!("no time: {millis}")))
}

pub(crate) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

pub(crate) fn duration_ms(value: Duration) -> i64 {
    i64::try_from(value.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn duration_us(value: Duration) -> i64 {
    i64::try_from(value.as_micros()).unwrap_or(i64::MAX)
}

pub(crate) fn from_ms(value: i64) -> Duration {
    Duration::from_millis(unsigned(value))
}

pub(crate) fn from_us(value: i64) -> Duration {
    Duration::from_micros(unsigned(value))
}

/// Cuts a text that came from outside to what a log keeps.
pub(crate) fn cut(mut text: String) -> String {
    if text.len() > TEXT_BYTES_MAX {
        text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
        text.shrink_to_fit();
    }
    text
}

pub(crate) fn cut_option(text: Option<String>) -> Option<String> {
    text.map(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("x".repeat(TEXT_BYTES_MAX)).len(), TEXT_BYTES_MAX);
        assert_eq!(cut("x".repeat(TEXT_BYTES_MAX + 1)).len(), TEXT_BYTES_MAX);
        assert_eq!(cut(format!("{}ä", "x".repeat(TEXT_BYTES_MAX - 1))).len(), TEXT_BYTES_MAX - 1);
    }
}
