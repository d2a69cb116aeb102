//! The wall clock, for what is shown to people or kept over restarts. Everything else uses the runtime's clock.

use std::{
    fmt,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use chrono::{DateTime, SecondsFormat};

/// Tells the time of day. A seam for tests, and for machines whose system clock is not to be trusted.
pub trait Clock: Send + Sync + 'static {
    /// The time of day. It may jump in both directions.
    fn now(&self) -> SystemTime;
}

/// One that is kept elsewhere too, such as where a test sets it.
impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> SystemTime {
        C::now(self)
    }
}

/// The system's clock: the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock that is shared.
#[derive(Clone)]
pub(crate) struct SharedClock(Arc<dyn Clock>);

impl SharedClock {
    pub(crate) fn new(clock: impl Clock) -> Self {
        Self(Arc::new(clock))
    }

    /// Milliseconds since 1970 (UTC).
    pub(crate) fn now_ms(&self) -> u64 {
        let since = self.0.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Default for SharedClock {
    fn default() -> Self {
        Self::new(SystemClock)
    }
}

impl fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedClock")
    }
}

/// A moment as RFC 3339 has it, in UTC with milliseconds.
pub(crate) fn rfc3339(at_ms: u64) -> String {
    let at_ms = i64::try_from(at_ms).unwrap_or(i64::MAX);
    DateTime::from_timestamp_millis(at_ms).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}
