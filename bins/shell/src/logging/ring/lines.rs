//! The ring itself: lines in order of their ids, bounded in number and in bytes.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use octoporty_core::message::{LogBatch, LogEntry, LogHistogram, LogPage, LogsRead};
use tokio::sync::Notify;

use super::{LogFollower, RingLayer, counts::MinuteCounts};
use crate::logging::ExtraLayer;

/// Most lines that are kept: what the dashboard can scroll back to.
pub const RING_ENTRIES_MAX: usize = 10_000;

/// Most bytes of text that are kept. Lines have 200 bytes as a rule; this bounds a flood of long ones.
pub const RING_BYTES_MAX: usize = 16 << 20;

/// Lines that are looked at under one lock: a few microseconds, so that who logs does not wait.
pub(super) const PORTION: usize = 256;

/// Bytes of text after which a page ends even if fewer lines were asked for: more would not pass in one answer.
const PAGE_BYTES_MAX: usize = 1 << 20;

/// Microseconds of a millisecond: ids begin with the microsecond of the start.
const MICROSECONDS: u64 = 1000;

/// The last log lines. Clones are handles to the same ring.
#[derive(Debug, Clone)]
pub struct LogRing {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    state: Mutex<State>,
    /// Told when there are new lines.
    pub(super) news: Notify,
    clock: fn() -> u64,
    entries_max: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct State {
    /// Ids grow by one from line to line, so a line's place follows from its id.
    lines: VecDeque<Arc<LogEntry>>,
    bytes: usize,
    next_id: u64,
    counts: MinuteCounts,
}

impl Default for LogRing {
    fn default() -> Self {
        Self::new()
    }
}

impl LogRing {
    /// An empty ring of [`RING_ENTRIES_MAX`] lines and [`RING_BYTES_MAX`] bytes.
    #[must_use]
    pub fn new() -> Self {
        Self::with(RING_ENTRIES_MAX, RING_BYTES_MAX, now_ms)
    }

    pub(super) fn with(entries_max: usize, bytes_max: usize, clock: fn() -> u64) -> Self {
        let next_id = clock().saturating_mul(MICROSECONDS);
        let state = State { lines: VecDeque::new(), bytes: 0, next_id, counts: MinuteCounts::new() };
        let (state, news) = (Mutex::new(state), Notify::new());
        Self { inner: Arc::new(Inner { state, news, clock, entries_max, bytes_max }) }
    }

    /// The layer that fills the ring, for [`init_with_layers`](crate::logging::init_with_layers).
    #[must_use]
    pub fn layer(&self) -> ExtraLayer {
        Box::new(RingLayer::new(self.clone()))
    }

    /// Adds a line; its id and its time are set here, and what is over the bounds leaves.
    pub fn push(&self, mut entry: LogEntry) {
        entry.at_ms = (self.inner.clock)();
        let bytes = entry.text_bytes();
        let mut gone = Vec::new();
        {
            let mut state = self.inner.lock();
            entry.id = state.next_id;
            state.next_id += 1;
            state.counts.add(entry.at_ms, entry.level);
            state.bytes += bytes;
            state.lines.push_back(Arc::new(entry));
            while state.lines.len() > self.inner.entries_max || state.bytes > self.inner.bytes_max {
                let Some(oldest) = state.lines.pop_front() else { break };
                state.bytes -= oldest.text_bytes();
                gone.push(oldest);
            }
        }
        // Freed outside of the lock.
        drop(gone);
        self.inner.news.notify_waiters();
    }

    /// A page of lines, newest first. It ends early, with more to come, when its text is large.
    ///
    /// With a filter this looks at up to all lines: a few milliseconds, too long for a thread of the data path.
    #[must_use]
    pub fn page(&self, query: &LogsRead) -> LogPage {
        let query = query.clone().bounded();
        let most = usize::try_from(query.count).unwrap_or(usize::MAX);
        let mut page = LogPage::default();
        let (mut before, mut bytes) = (query.before.unwrap_or(u64::MAX), 0);
        loop {
            let portion = self.inner.portion_before(before);
            let Some(oldest) = portion.first() else {
                return page;
            };
            before = oldest.id;
            for line in portion.iter().rev().filter(|line| query.filter.matches(line)) {
                if page.entries.len() == most || bytes > PAGE_BYTES_MAX {
                    page.has_more = true;
                    return page;
                }
                bytes += line.text_bytes();
                page.entries.push(LogEntry::clone(line));
            }
        }
    }

    /// The oldest line that is still there; `None` while there is none.
    #[must_use]
    pub fn oldest(&self) -> Option<Arc<LogEntry>> {
        self.inner.lock().lines.front().cloned()
    }

    /// Lines a minute of the last hour, by level.
    #[must_use]
    pub fn histogram(&self) -> LogHistogram {
        let now = (self.inner.clock)();
        self.inner.lock().counts.histogram(now)
    }

    /// Follows the ring from now on, or from behind the line of this id.
    #[must_use]
    pub fn follow(&self, after: Option<u64>) -> LogFollower {
        let next = self.inner.lock().next_id;
        LogFollower::new(self.clone(), after.map_or(next, |after| after.saturating_add(1).min(next)))
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last lines with ids below `before`, oldest first.
    fn portion_before(&self, before: u64) -> Vec<Arc<LogEntry>> {
        let state = self.lock();
        let end = state.place(before);
        state.lines.range(end.saturating_sub(PORTION)..end).cloned().collect()
    }

    /// Lines from the id `next` on, and how many are not there any more; moves `next` behind them.
    pub(super) fn portion_from(&self, next: &mut u64) -> Option<LogBatch> {
        let (skipped, lines) = {
            let state = self.lock();
            if *next >= state.next_id {
                return None;
            }
            let oldest = state.lines.front().map_or(state.next_id, |line| line.id);
            let skipped = oldest.saturating_sub(*next);
            let begin = state.place((*next).max(oldest));
            let end = state.lines.len().min(begin + PORTION);
            let lines: Vec<_> = state.lines.range(begin..end).cloned().collect();
            *next = lines.last().map_or(state.next_id, |line| line.id + 1);
            (skipped, lines)
        };
        Some(LogBatch { entries: lines.iter().map(|line| LogEntry::clone(line)).collect(), skipped })
    }
}

impl State {
    /// How many lines have ids below this one.
    fn place(&self, id: u64) -> usize {
        let oldest = self.lines.front().map_or(self.next_id, |line| line.id);
        usize::try_from(id.saturating_sub(oldest)).unwrap_or(usize::MAX).min(self.lines.len())
    }
}

fn now_ms() -> u64 {
    u64::try_from(chrono::Utc::now().timestamp_millis()).unwrap_or_default()
}
