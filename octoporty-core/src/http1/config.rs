//! The time limits of a [`RequestGuard`](super::RequestGuard). Sizes are fixed in [`crate::limits`].

use std::time::Duration;

use crate::limits;

/// Time limits of visitors' connections (R15) and of closing them (R06).
///
/// The defaults are those of [`crate::limits`]. Longer times hold connections, and so memory, for visitors who
/// send nothing; shorter ones cut honest visitors on slow links.
#[derive(Clone, Copy, Debug)]
pub struct GuardConfig {
    pub(super) head_timeout: Duration,
    pub(super) keep_alive_timeout: Duration,
    pub(super) body_idle_timeout: Duration,
    pub(super) body_rate_bytes_min: u64,
    pub(super) body_rate_grace: Duration,
    pub(super) drain_bytes_max: u64,
    pub(super) drain_timeout: Duration,
}

impl Default for GuardConfig {
    fn default() -> Self {
        Self {
            head_timeout: limits::HEAD_TIMEOUT,
            keep_alive_timeout: limits::KEEP_ALIVE_TIMEOUT,
            body_idle_timeout: limits::BODY_IDLE_TIMEOUT,
            body_rate_bytes_min: limits::BODY_RATE_BYTES_MIN,
            body_rate_grace: limits::BODY_RATE_GRACE,
            drain_bytes_max: limits::DRAIN_BODY_BYTES_MAX,
            drain_timeout: limits::DRAIN_BODY_TIMEOUT,
        }
    }
}

impl GuardConfig {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Time for a whole head, from its first byte. Against heads that come a byte at a time.
    #[must_use]
    pub const fn head_timeout(mut self, timeout: Duration) -> Self {
        self.head_timeout = timeout;
        self
    }

    /// How long a connection may be without a request.
    #[must_use]
    pub const fn keep_alive_timeout(mut self, timeout: Duration) -> Self {
        self.keep_alive_timeout = timeout;
        self
    }

    /// How long a request body may pause.
    #[must_use]
    pub const fn body_idle_timeout(mut self, timeout: Duration) -> Self {
        self.body_idle_timeout = timeout;
        self
    }

    /// The average bytes a second that a request body must reach once `grace` was spent waiting for it.
    /// 0 switches this off.
    #[must_use]
    pub const fn body_rate(mut self, bytes_min: u64, grace: Duration) -> Self {
        self.body_rate_bytes_min = bytes_min;
        self.body_rate_grace = grace;
        self
    }

    /// How much of what was not read is drained before a connection is closed, so that the answer is not lost
    /// to a TCP reset.
    #[must_use]
    pub const fn drain(mut self, bytes_max: u64, timeout: Duration) -> Self {
        self.drain_bytes_max = bytes_max;
        self.drain_timeout = timeout;
        self
    }
}
