//! How many exchanges are open, and how many came to their end.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Counts of one Agent. Clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExchangeCounts(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    open: AtomicU64,
    finished: AtomicU64,
}

impl ExchangeCounts {
    /// An exchange begins; it counts as open until the guard is dropped.
    pub(crate) fn begin(&self) -> OpenExchange {
        self.0.open.fetch_add(1, Ordering::Relaxed);
        OpenExchange { counts: Arc::clone(&self.0), finished: false }
    }

    /// Exchanges that are open now.
    pub(crate) fn open(&self) -> u64 {
        self.0.open.load(Ordering::Relaxed)
    }

    /// Exchanges that ran to their end, whatever came of them.
    pub(crate) fn finished(&self) -> u64 {
        self.0.finished.load(Ordering::Relaxed)
    }
}

/// An exchange that is open.
#[derive(Debug)]
pub(crate) struct OpenExchange {
    counts: Arc<Counts>,
    finished: bool,
}

impl OpenExchange {
    /// It ran to its end; dropped without this, it was cut.
    pub(crate) fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for OpenExchange {
    fn drop(&mut self) {
        self.counts.open.fetch_sub(1, Ordering::Relaxed);
        if self.finished {
            self.counts.finished.fetch_add(1, Ordering::Relaxed);
        }
    }
}
