//! Row numbers of the logs, in the order of time.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

/// Bits that tell rows of the same millisecond apart.
const BITS: u32 = 20;
/// The last millisecond that has room above those bits, in the year 2248.
const MILLIS_MAX: i64 = (1 << 43) - 1;

/// Makes numbers that rise with the time and are not given out twice within 2^20 of them.
#[derive(Debug)]
pub(crate) struct Sequence(AtomicI64);

impl Sequence {
    /// Starts anywhere, so that rows of one millisecond, before and after a restart with the clock set back, most
    /// likely differ.
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(i64::from(rand::random::<u16>()) << 4))
    }

    pub(crate) fn number(&self, at: DateTime<Utc>) -> i64 {
        first(at) | (self.0.fetch_add(1, Ordering::Relaxed) & ((1 << BITS) - 1))
    }
}

/// The lowest number of a millisecond.
pub(crate) fn first(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis().clamp(0, MILLIS_MAX) << BITS
}

/// The millisecond of a number.
pub(crate) const fn millis(number: i64) -> i64 {
    number >> BITS
}
