//! Lines of each level in each of the last sixty minutes, whether they are still in the ring or not.

use octoporty_core::message::{LogCounts, LogHistogram, LogLevel, logs::HISTOGRAM_MINUTES};

/// Milliseconds of a minute.
const MINUTE_MS: u64 = 60_000;

/// Seconds of a minute, as histograms say their step.
const MINUTE_S: u32 = 60;

/// One slot a minute, used in turn.
#[derive(Debug)]
pub(super) struct MinuteCounts {
    slots: [LogCounts; HISTOGRAM_MINUTES],
    /// The latest minute that was counted, since 1970.
    newest: u64,
}

impl MinuteCounts {
    pub(super) const fn new() -> Self {
        let none = LogCounts { error: 0, warn: 0, info: 0, debug: 0, trace: 0 };
        Self { slots: [none; HISTOGRAM_MINUTES], newest: 0 }
    }

    pub(super) fn add(&mut self, at_ms: u64, level: LogLevel) {
        self.advance(at_ms / MINUTE_MS);
        self.slots[slot(self.newest)].add(level);
    }

    /// The last hour as it is at `now_ms`.
    pub(super) fn histogram(&mut self, now_ms: u64) -> LogHistogram {
        self.advance(now_ms / MINUTE_MS);
        let first = self.newest.saturating_sub(HISTOGRAM_MINUTES as u64 - 1);
        let minutes = (first..=self.newest).map(|minute| self.slots[slot(minute)]).collect();
        LogHistogram { from_ms: first * MINUTE_MS, step_s: MINUTE_S, minutes }
    }

    /// Begins the minutes up to this one. A clock that was set back counts on in the newest.
    fn advance(&mut self, minute: u64) {
        let gone = minute.saturating_sub(self.newest);
        for ago in 0..gone.min(HISTOGRAM_MINUTES as u64) {
            self.slots[slot(minute - ago)] = LogCounts::default();
        }
        self.newest = self.newest.max(minute);
    }
}

fn slot(minute: u64) -> usize {
    usize::try_from(minute % HISTOGRAM_MINUTES as u64).expect("a rest of sixty is small")
}
