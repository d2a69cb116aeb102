//! Where exchanges are told of: a bounded queue that counts what it had to leave out, and never makes anybody wait.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU32, AtomicU64, Ordering},
};

use chrono::{DateTime, Utc};
use octoporty_store::{FailureGroup, MinuteRecord, Store};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    Recording,
    failures::PendingFailures,
    rollup::{Rollup, Totals},
    tally::Tally,
};

/// One exchange, from the visitor's request to the last byte of its answer. The id is the request id.
pub(crate) use octoporty_store::RequestRecord as ExchangeRecord;

/// Exchanges that may wait to be counted: a tenth of a second of the fastest traffic, some 5 MiB at worst.
const QUEUE_MAX: usize = 8_192;

/// Exchanges that are told of in full, and kept in the request log, before the first has been counted: a burst.
pub(super) const IN_FULL_MAX: u32 = 1_000;

/// Takes exchanges. Clones are handles to the same queue; any thread may call.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) recording: Recording,
    queue: mpsc::Sender<Told>,
    skipped: AtomicU64,
    /// Exchanges that may still be told of in full.
    pub(super) in_full: AtomicU32,
    pub(super) counts: Mutex<Counts>,
}

/// What is counted.
#[derive(Debug)]
pub(super) struct Counts {
    pub(super) rollup: Rollup,
    pub(super) failures: PendingFailures,
    /// What passed since the start, for the connection log.
    pub(super) tally: Tally,
}

/// What waits to be counted.
#[derive(Debug)]
pub(super) enum Told {
    /// As the tunnel tells of it, and when that was. In no box: each would be given back by another thread than had asked
    /// for it, and both would wait for the same lock of the allocator.
    Raw(octoporty_client::observe::ExchangeRecord, DateTime<Utc>),
    /// Ready to be kept.
    #[cfg(test)]
    Ready(ExchangeRecord),
}

/// The end of a recorder's queue.
#[derive(Debug)]
pub(crate) struct Records(pub(super) mpsc::Receiver<Told>);

impl Recorder {
    /// A recorder, and the end of its queue, which the worker reads.
    pub(crate) fn new(now: DateTime<Utc>, recording: Recording) -> (Self, Records) {
        let (queue, records) = mpsc::channel(QUEUE_MAX);
        let counts = Counts { rollup: Rollup::new(now), failures: PendingFailures::default(), tally: Tally::default() };
        let inner = Inner {
            recording,
            queue,
            skipped: AtomicU64::new(0),
            in_full: AtomicU32::new(IN_FULL_MAX),
            counts: Mutex::new(counts),
        };
        (Self { inner: Arc::new(inner) }, Records(records))
    }

    /// Takes an exchange that is over. Never waits: with a full queue it is left out, and counted as such.
    #[cfg(test)]
    pub(crate) fn exchange(&self, record: ExchangeRecord) {
        self.tell(Told::Ready(record));
    }

    pub(super) fn tell(&self, told: Told) {
        if self.inner.queue.try_send(told).is_err() {
            self.skip();
        }
    }

    /// Whether another exchange would be taken now. Saves making a record in vain; tell of it by [`Self::skip`].
    pub(crate) fn has_room(&self) -> bool {
        self.inner.queue.capacity() > 0
    }

    /// Counts an exchange as left out.
    pub(crate) fn skip(&self) {
        self.inner.skipped.fetch_add(1, Ordering::Relaxed);
    }

    /// How much is kept of exchanges.
    pub(crate) fn recording(&self) -> Recording {
        self.inner.recording
    }

    /// Exchanges that were left out since the start: they are in no log and in no statistics.
    pub(crate) fn skipped(&self) -> u64 {
        self.inner.skipped.load(Ordering::Relaxed)
    }

    /// Minutes that are not saved yet, of one mapping or of all together, the present one among them; those of the
    /// same minute may be saved in part.
    pub(crate) fn unsaved_minutes(&self, mapping: Option<Uuid>) -> Vec<MinuteRecord> {
        self.inner.lock().rollup.unsaved(mapping)
    }

    /// What passed since midnight, per mapping.
    pub(crate) fn totals(&self, now: DateTime<Utc>) -> Totals {
        self.inner.lock().rollup.totals(now)
    }

    /// Failures since `from`, grouped, with those that are not saved yet; without a store those alone.
    pub(crate) async fn failures(&self, store: Option<&Store>, from: DateTime<Utc>, most: u32) -> Vec<FailureGroup> {
        let saved = match store {
            Some(store) => store.failures().since(from, most).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "saved failures cannot be read");
                Vec::new()
            }),
            None => Vec::new(),
        };
        let mut groups = self.inner.lock().failures.merged_with(saved);
        groups.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        groups
    }
}

impl Inner {
    pub(super) fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
