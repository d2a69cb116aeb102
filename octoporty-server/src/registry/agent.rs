//! One Agent: who it is, whether it is there, and waiting for it to return.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use octoporty_core::{id::AgentId, session::Lane};
use tokio::{sync::Notify, time::Instant};

use super::Session;

/// What is known of an Agent, for status pages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AgentStatus {
    /// Who it is.
    pub id: AgentId,
    /// The name that it gave itself.
    pub name: String,
    /// Its version.
    pub version: String,
    /// How many lanes are up; none when it is away.
    pub lanes: usize,
}

/// A session that a later one of the same Agent has replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Superseded;

#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) id: AgentId,
    words: Mutex<(String, String)>,
    introduced: AtomicBool,
    session: ArcSwapOption<Session>,
    /// Sessions that were made so far.
    sessions: AtomicU64,
    /// When the last session ended; at first, when the Agent became known. Held while a session begins or ends.
    lost: Mutex<Instant>,
    /// Held while a session becomes the current one and its routes take the place of those before, on threads that may
    /// wait: routes of one that was replaced meanwhile would stay otherwise.
    syncing: Mutex<()>,
    /// Told when a session begins or a lane is added.
    returned: Notify,
}

impl Agent {
    pub(crate) fn new(id: AgentId) -> Self {
        Self {
            id,
            words: Mutex::default(),
            introduced: AtomicBool::new(false),
            session: ArcSwapOption::empty(),
            sessions: AtomicU64::new(0),
            lost: Mutex::new(Instant::now()),
            syncing: Mutex::default(),
            returned: Notify::new(),
        }
    }

    /// Takes over how the Agent calls itself now. Says whether it had been here before.
    pub(crate) fn introduce(&self, name: &str, version: &str) -> bool {
        let cut = |text: &str| text.chars().filter(|c| !c.is_control()).take(128).collect();
        *self.words.lock().unwrap_or_else(PoisonError::into_inner) = (cut(name), cut(version));
        self.introduced.swap(true, Ordering::Relaxed)
    }

    /// What people know it by: its name, or its identity where it has none.
    pub(crate) fn label(&self) -> String {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        if words.0.is_empty() { self.id.to_string() } else { words.0.clone() }
    }

    pub(crate) fn session(&self) -> Option<Arc<Session>> {
        self.session.load_full()
    }

    pub(crate) fn is_here(&self) -> bool {
        self.session.load().is_some()
    }

    /// Since when it is away, if it is.
    pub(crate) fn away_since(&self) -> Option<Instant> {
        (!self.is_here()).then(|| *self.lost.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The number of a session that is made now: greater than those of all before it.
    pub(crate) fn number_session(&self) -> u64 {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }

    /// The turn to take over and to replace the routes.
    pub(crate) fn sync_turn(&self) -> MutexGuard<'_, ()> {
        self.syncing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes `session` the current one; gives the one before.
    ///
    /// # Errors
    ///
    /// When a later one is the current: what still comes from a link that broke must not take its place.
    pub(crate) fn begin(&self, session: Arc<Session>) -> Result<Option<Arc<Session>>, Superseded> {
        let before = {
            let _changing = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
            if self.session.load().as_ref().is_some_and(|current| current.number > session.number) {
                return Err(Superseded);
            }
            self.session.swap(Some(session))
        };
        self.returned.notify_waiters();
        Ok(before)
    }

    /// Tells who waits that there is a new lane.
    pub(crate) fn notify(&self) {
        self.returned.notify_waiters();
    }

    /// The session is over. Says whether the Agent is away now: it may have begun another.
    pub(crate) fn end(&self, session: &Arc<Session>) -> bool {
        // Held throughout, or one that begins at this very moment would end with it.
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.session.load_full();
        if !current.is_some_and(|current| Arc::ptr_eq(&current, session)) {
            return false;
        }
        *lost = Instant::now();
        self.session.store(None);
        true
    }

    /// A lane that takes streams. When there is none, waits for one until `grace` after the loss.
    ///
    /// Cancel safe.
    pub(crate) async fn lane(&self, shard: usize, grace: Duration) -> Option<Lane> {
        if let Some(lane) = self.pick(shard) {
            return Some(lane);
        }
        let lost = *self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        // With a session, its lanes are about to be replaced: the grace period starts now.
        let since = if self.is_here() { Instant::now() } else { lost };
        tokio::time::timeout_at(since + grace, self.next_lane(shard)).await.ok()
    }

    async fn next_lane(&self, shard: usize) -> Lane {
        loop {
            let returned = self.returned.notified();
            let mut returned = std::pin::pin!(returned);
            returned.as_mut().enable();
            if let Some(lane) = self.pick(shard) {
                return lane;
            }
            returned.await;
        }
    }

    /// A lane that takes streams now, best one on this shard.
    pub(crate) fn pick(&self, shard: usize) -> Option<Lane> {
        self.session.load().as_ref()?.pick(shard)
    }

    pub(crate) fn status(&self) -> AgentStatus {
        let (name, version) = self.words.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let lanes = self.session().map_or(0, |session| session.lanes().len());
        AgentStatus { id: self.id, name, version, lanes }
    }
}
