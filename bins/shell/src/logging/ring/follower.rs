//! A reader that goes along with the ring. It holds no lines: it reads on from where it was.

use std::pin::pin;

use octoporty_core::message::LogBatch;

use super::LogRing;

/// Reads lines as they come. One that is too slow is told how many it missed.
#[derive(Debug)]
pub struct LogFollower {
    ring: LogRing,
    next: u64,
}

impl LogFollower {
    pub(super) const fn new(ring: LogRing, next: u64) -> Self {
        Self { ring, next }
    }

    /// Waits for lines and gives those that are there, oldest first, a few hundred at most. `skipped` counts lines that
    /// left the ring before they were read.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> LogBatch {
        loop {
            let mut news = pin!(self.ring.inner.news.notified());
            // From here on no line is missed.
            news.as_mut().enable();
            if let Some(batch) = self.ring.inner.portion_from(&mut self.next) {
                return batch;
            }
            news.await;
        }
    }
}
