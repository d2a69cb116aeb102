//! How long things took, in buckets whose width grows with the time: small to keep, and good to a sixteenth.

use std::time::Duration;

/// A histogram of durations, from 64 µs to over an hour, with eight buckets for each doubling.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Bucket and count, by rising bucket, without empty ones.
    buckets: Vec<(u8, u32)>,
}

impl Histogram {
    /// Counts a duration. Shorter and longer ones than the range go into the first and the last bucket.
    pub fn record(&mut self, duration: Duration) {
        todo!()
    }

    /// Adds all of another one.
    pub fn merge(&mut self, other: &Self) {
        todo!()
    }

    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        todo!()
    }

    /// The duration that `share` (0 to 1) of all are not above, within a sixteenth; `None` if none was counted.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        todo!()
    }
}
