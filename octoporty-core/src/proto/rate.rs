//! How many things a peer may do in a second.

use std::time::{Duration, Instant};

/// Counts in fixed windows of one second: at most `limit` in each.
#[derive(Debug)]
pub(super) struct Rate {
    limit: u32,
    count: u32,
    since: Instant,
}

impl Rate {
    pub(super) const fn new(limit: u32, now: Instant) -> Self {
        Self { limit, count: 0, since: now }
    }

    /// Counts one, and says whether it was within the limit.
    pub(super) fn admit(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.since) >= Duration::from_secs(1) {
            self.since = now;
            self.count = 0;
        }
        self.count = self.count.saturating_add(1);
        self.count <= self.limit
    }

    pub(super) const fn limit(&self) -> u32 {
        self.limit
    }
}
