//! The seam to whoever keeps log lines.

use std::fmt;

use futures::stream::BoxStream;
use octoporty_core::message::{LogBatch, LogHistogram, LogPage, LogsRead};

/// Keeps the last log lines of this program. The library does not know how: see
/// [`GatewayBuilder::logs`](crate::GatewayBuilder::logs).
///
/// Ids grow by one a line, and over restarts too. Lines are bounded and escaped already (R36). All methods may be called
/// at once from several threads.
pub trait LogSource: Send + Sync + fmt::Debug {
    /// A page, newest first. May take a few milliseconds; it is called where blocking is allowed.
    fn read(&self, query: &LogsRead) -> LogPage;

    /// Lines a minute of the last hour. Called where blocking is allowed.
    fn histogram(&self) -> LogHistogram;

    /// Lines from now on, or from behind this id, oldest first and a few hundred at a time. A reader that is too slow is
    /// told in `skipped` how many it missed; it never holds up who logs. The stream does not end by itself, and asking it
    /// is cancel safe.
    fn follow(&self, after: Option<u64>) -> BoxStream<'static, LogBatch>;
}
