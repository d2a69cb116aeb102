//! The program's log lines, as the library asks for them.

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use octoporty_core::message::{LogBatch, LogHistogram, LogPage, LogsRead};
use octoporty_server::LogSource;
use octoporty_shell::logging::LogRing;

/// A ring as a source.
#[derive(Debug)]
pub(crate) struct RingLogs(pub(crate) LogRing);

impl LogSource for RingLogs {
    fn read(&self, query: &LogsRead) -> LogPage {
        self.0.page(query)
    }

    fn histogram(&self) -> LogHistogram {
        self.0.histogram()
    }

    fn follow(&self, after: Option<u64>) -> BoxStream<'static, LogBatch> {
        let follower = self.0.follow(after);
        stream::unfold(follower, |mut follower| async move { Some((follower.next().await, follower)) }).boxed()
    }
}
