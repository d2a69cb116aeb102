//! What an upstream has seen, with waiting for it: records that tests find again by a tag.

use std::{
    fmt::Debug,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use thiserror::Error;
use tokio::{sync::watch, time::timeout};

/// Most records kept. Later requests are served and counted, not recorded.
const RECORDS_MAX: usize = 20_000;

/// Nothing that was asked for happened in time.
#[derive(Debug, Error)]
#[error("{what} was not seen within {deadline:?}; seen: {seen}")]
pub struct NotSeen {
    /// What was waited for.
    pub what: String,
    /// How long.
    pub deadline: Duration,
    /// What there was instead.
    pub seen: String,
}

/// A tag that no other request of this process has.
#[must_use]
pub fn unique_tag() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A record that carries the tag of its request.
pub(crate) trait Tagged {
    /// The tag; empty when the request had none.
    fn tag(&self) -> &str;
}

/// Shared between an upstream and its connections. Every change wakes those who wait.
#[derive(Debug)]
pub(crate) struct Ledger<R> {
    shared: Arc<Shared<R>>,
}

#[derive(Debug)]
struct Shared<R> {
    pages: Mutex<Pages<R>>,
    changed: watch::Sender<()>,
}

#[derive(Debug)]
struct Pages<R> {
    records: Vec<R>,
    connections_total: u64,
    connections_open: u64,
    requests: u64,
}

impl<R> Clone for Ledger<R> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<R> Default for Ledger<R> {
    fn default() -> Self {
        let pages = Pages { records: Vec::new(), connections_total: 0, connections_open: 0, requests: 0 };
        Self { shared: Arc::new(Shared { pages: Mutex::new(pages), changed: watch::Sender::new(()) }) }
    }
}

impl<R: Tagged + Clone + Debug> Ledger<R> {
    /// Adds what `make` makes of the record's number, and gives the number: the first request is 1.
    pub(crate) fn push(&self, make: impl FnOnce(u64) -> R) -> u64 {
        let number = {
            let mut pages = self.pages();
            pages.requests += 1;
            let number = pages.requests;
            if pages.records.len() < RECORDS_MAX {
                pages.records.push(make(number));
            }
            number
        };
        self.announce();
        number
    }

    /// Changes the record `number`, if it was kept.
    pub(crate) fn update(&self, number: u64, change: impl FnOnce(&mut R)) {
        let index = usize::try_from(number - 1).expect("numbers of records fit in memory");
        if let Some(record) = self.pages().records.get_mut(index) {
            change(record);
        }
        self.announce();
    }

    /// Changes all records that `which` picks.
    pub(crate) fn update_all(&self, which: impl Fn(&R) -> bool, change: impl Fn(&mut R)) {
        for record in &mut self.pages().records {
            if which(record) {
                change(record);
            }
        }
        self.announce();
    }

    /// Notes a new connection and gives its number: the first is 1.
    pub(crate) fn connected(&self) -> u64 {
        let number = {
            let mut pages = self.pages();
            pages.connections_open += 1;
            pages.connections_total += 1;
            pages.connections_total
        };
        self.announce();
        number
    }

    /// Notes the end of a connection.
    pub(crate) fn disconnected(&self) {
        self.pages().connections_open -= 1;
        self.announce();
    }

    /// The record `number`, if it was kept.
    pub(crate) fn record(&self, number: u64) -> Option<R> {
        let index = usize::try_from(number - 1).ok()?;
        self.pages().records.get(index).cloned()
    }

    /// All records so far.
    pub(crate) fn records(&self) -> Vec<R> {
        self.pages().records.clone()
    }

    /// The records of `tag` so far.
    pub(crate) fn tagged(&self, tag: &str) -> Vec<R> {
        let pages = self.pages();
        let tagged = pages.records.iter().filter(|record| record.tag() == tag);
        tagged.cloned().collect()
    }

    /// Connections ever, and those open now.
    pub(crate) fn connections(&self) -> (u64, u64) {
        let pages = self.pages();
        (pages.connections_total, pages.connections_open)
    }

    /// Requests ever.
    pub(crate) fn requests(&self) -> u64 {
        self.pages().requests
    }

    /// Waits until a record of `tag` satisfies `predicate`, and gives it as it is then. Cancel-safe.
    pub(crate) async fn wait_for(
        &self,
        tag: &str,
        predicate: impl Fn(&R) -> bool,
        deadline: Duration,
    ) -> Result<R, NotSeen> {
        let find = || {
            let pages = self.pages();
            let mut tagged = pages.records.iter().filter(|record| record.tag() == tag);
            tagged.find(|record| predicate(record)).cloned()
        };
        let what = || format!("the expected record of tag {tag:?}");
        let seen = || format!("{:#?}", self.tagged(tag));
        self.wait_until(find, deadline, what, seen).await
    }

    /// Waits until `predicate` holds for (connections ever, connections open). Cancel-safe.
    pub(crate) async fn wait_for_connections(
        &self,
        predicate: impl Fn(u64, u64) -> bool,
        deadline: Duration,
    ) -> Result<(), NotSeen> {
        let find = || {
            let (total, open) = self.connections();
            predicate(total, open).then_some(())
        };
        let what = || "the expected number of connections".to_owned();
        let seen = || format!("(total, open) = {:?}", self.connections());
        self.wait_until(find, deadline, what, seen).await
    }

    async fn wait_until<T>(
        &self,
        find: impl Fn() -> Option<T>,
        deadline: Duration,
        what: impl Fn() -> String,
        seen: impl Fn() -> String,
    ) -> Result<T, NotSeen> {
        let mut changes = self.shared.changed.subscribe();
        let search = async {
            loop {
                // Marks before looking, so that no change between look and wait is missed.
                changes.mark_unchanged();
                if let Some(found) = find() {
                    return found;
                }
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        timeout(deadline, search).await.map_err(|_elapsed| NotSeen { what: what(), deadline, seen: seen() })
    }

    fn announce(&self) {
        self.shared.changed.send_replace(());
    }

    fn pages(&self) -> MutexGuard<'_, Pages<R>> {
        self.shared
            .pages
            .lock()
            // A predicate of a test may panic while it looks, and it changes nothing.
            .unwrap_or_else(PoisonError::into_inner)
    }
}
