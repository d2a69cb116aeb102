//! How many lines pass in a second.

use std::time::{Duration, Instant};

/// Lines that a live stream passes in a second (R36): more than anybody reads, little for a tunnel.
pub const LINES_PER_SECOND_MAX: u32 = 200;

const SECOND: Duration = Duration::from_secs(1);

/// Lets [`LINES_PER_SECOND_MAX`] lines pass in each second. The sender keeps to it so as to spare the tunnel, the receiver
/// because it does not trust the sender.
#[derive(Debug)]
pub struct LinePace {
    since: Instant,
    passed: u32,
}

impl LinePace {
    /// Begins with a full second.
    #[must_use]
    pub const fn new(now: Instant) -> Self {
        Self { since: now, passed: 0 }
    }

    /// Whether one more line passes now.
    pub fn admit(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.since) >= SECOND {
            *self = Self::new(now);
        }
        let admitted = self.passed < LINES_PER_SECOND_MAX;
        self.passed += u32::from(admitted);
        admitted
    }

    /// When lines pass again after one did not.
    #[must_use]
    pub fn next(&self) -> Instant {
        self.since + SECOND
    }
}
