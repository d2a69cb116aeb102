//! The mappings as they are now: read by handlers, changed when the database or the tunnel's status changes.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use octoporty_client::{Agent, ConnectionState, Status};
use octoporty_store::Mappings;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{Entry, Fixed, GatewayState, Place};
use crate::clock::Timestamp;

/// How long the answer to a change waits for the Gateway's word.
const WORD_TIMEOUT: Duration = Duration::from_secs(3);

/// Whether a mapping's service answers, by the last request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Health {
    /// What is wrong; `None` if it answers.
    pub(crate) error: Option<String>,
    pub(crate) since: Timestamp,
}

/// All mappings. Clones are handles to the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Catalogue {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    agent: Agent,
    fixed: Fixed,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    stored: HashMap<Uuid, Entry>,
    /// In the order in which they are shown: those of the configuration, then the others by age.
    order: Vec<Uuid>,
    gateway: HashMap<Uuid, GatewayState>,
    health: HashMap<Uuid, Health>,
    /// Which revision of the Agent's mappings was the first to have a mapping as it is now. Nothing for those that the
    /// Agent had from its start.
    revisions: HashMap<Uuid, u64>,
    status: Status,
    /// Counts changes of what is shown of any of them.
    version: u64,
    /// Whose state or health changed since somebody asked.
    changes: BTreeSet<Uuid>,
}

impl Catalogue {
    /// With the mappings of the configuration, which `agent` serves already.
    pub(crate) fn new(agent: Agent, fixed: Fixed) -> Self {
        let status = agent.status().borrow().clone();
        let state = State { status, order: fixed.iter().map(Entry::id).collect(), ..State::default() };
        let own = Self { inner: Arc::new(Inner { agent, fixed, state: Mutex::new(state), changed: Notify::new() }) };
        own.inner.judge(&mut own.inner.lock());
        own
    }

    /// Takes over what is stored now, and tells the Agent of it if that makes a difference to visitors.
    pub(crate) fn apply(&self, mappings: Mappings<'_>) {
        let inner = &self.inner;
        let mut state = inner.lock();
        // Read under the lock, so that of two who apply at once none brings an older set back.
        let set = mappings.all();
        let mut stored = HashMap::with_capacity(set.list().len());
        let mut changed = Vec::new();
        let mut differs = false;
        for mapping in set.list() {
            let entry = match state.stored.remove(&mapping.id) {
                Some(entry) if Arc::ptr_eq(&entry.mapping, mapping) || entry.mapping == *mapping => entry,
                old => {
                    let entry = Entry::stored(Arc::clone(mapping));
                    let was_on = old.is_some_and(|old| old.served().is_some());
                    let is_on = entry.served().is_some();
                    if was_on || is_on {
                        differs = true;
                        changed.push(mapping.id);
                    }
                    entry
                }
            };
            stored.insert(mapping.id, entry);
        }
        // What is left was deleted.
        for (id, entry) in std::mem::take(&mut state.stored) {
            differs |= entry.served().is_some();
            state.revisions.remove(&id);
            state.gateway.remove(&id);
            state.health.remove(&id);
            state.changes.remove(&id);
        }
        state.version += 1;
        state.order = inner.fixed.iter().map(Entry::id).chain(set.list().iter().map(|mapping| mapping.id)).collect();
        state.stored = stored;
        if differs {
            let mut served = inner.fixed.served();
            let own =
                state.stored.values().filter(|entry| inner.fixed.find(&entry.settings().external_domain).is_none());
            served.extend(own.filter_map(|entry| entry.served().cloned()));
            let revision = inner.agent.replace_mappings(served);
            state.revisions.extend(changed.into_iter().map(|id| (id, revision)));
        }
        inner.judge(&mut state);
        drop(state);
        inner.changed.notify_waiters();
    }

    /// Takes over how the tunnel is now.
    pub(super) fn note(&self, status: Status) {
        let mut state = self.inner.lock();
        state.status = status;
        self.inner.judge(&mut state);
        drop(state);
        self.inner.changed.notify_waiters();
    }

    /// Notes what came of a mapping's last request, where that is news.
    pub(crate) fn note_health(&self, id: Uuid, error: Option<String>) {
        let mut state = self.inner.lock();
        state.health.insert(id, Health { error, since: Timestamp::now() });
        state.version += 1;
        state.changes.insert(id);
        drop(state);
        self.inner.changed.notify_waiters();
    }

    /// All of them, with where they stand, and the version of this list.
    pub(crate) fn list(&self) -> (u64, Vec<(Entry, GatewayState, Option<Health>)>) {
        let state = self.inner.lock();
        (state.version, state.order.iter().filter_map(|id| self.inner.view(&state, *id)).collect())
    }

    /// Another number after each change of what [`Self::list`] gives.
    pub(crate) fn version(&self) -> u64 {
        self.inner.lock().version
    }

    /// One of them.
    pub(crate) fn get(&self, id: Uuid) -> Option<(Entry, GatewayState, Option<Health>)> {
        self.inner.view(&self.inner.lock(), id)
    }

    /// Makes nothing of the ids that are of none of them.
    pub(crate) fn forget_unknown<'a>(&self, ids: impl Iterator<Item = &'a mut Option<Uuid>>) {
        let state = self.inner.lock();
        for id in ids {
            *id = id.filter(|known| state.gateway.contains_key(known));
        }
    }

    /// The one that a host leads to: the exact name first, then the longest suffix.
    pub(crate) fn find_host(&self, host: &str) -> Option<Entry> {
        let state = self.inner.lock();
        let entries = self.inner.fixed.iter().chain(state.stored.values());
        let matching = entries.filter_map(|entry| {
            let domain = entry.built.as_ref().ok()?.domain();
            domain
                .matches(host)
                .then(|| (!domain.is_wildcard(), domain.hostname().as_str().len(), entry.read_only, entry))
        });
        matching.max_by_key(|(exact, length, fixed, _)| (*exact, *length, *fixed)).map(|(.., entry)| entry.clone())
    }

    /// The mapping of the configuration with exactly this domain.
    pub(crate) fn fixed(&self, domain: &str) -> Option<&Entry> {
        self.inner.fixed.find(domain)
    }

    /// How many there are, how many of them are on, and how many are live.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let state = self.inner.lock();
        let on = state.gateway.values().filter(|gateway| gateway.place != Place::Off).count();
        let live = state.gateway.values().filter(|gateway| gateway.place == Place::Live).count();
        (state.gateway.len(), on, live)
    }

    /// Waits for the Gateway's word on a mapping: three seconds at most, and not at all while the tunnel is down.
    pub(crate) async fn settled(&self, id: Uuid) {
        let settled = async {
            loop {
                let changed = self.inner.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                {
                    let state = self.inner.lock();
                    if state.status.state != ConnectionState::Connected || state.is_answered(id) {
                        return;
                    }
                }
                changed.await;
            }
        };
        let _in_time = tokio::time::timeout(WORD_TIMEOUT, settled).await;
    }

    /// Waits until the state or health of mappings changed, and says of which. For one task alone.
    pub(crate) async fn changes(&self) -> Vec<Uuid> {
        loop {
            let changed = self.inner.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let changes = std::mem::take(&mut self.inner.lock().changes);
            if !changes.is_empty() {
                return changes.into_iter().collect();
            }
            changed.await;
        }
    }
}

impl State {
    /// Whether the Gateway has answered to a mapping as it is now.
    fn is_answered(&self, id: Uuid) -> bool {
        self.status.synced >= Some(self.revisions.get(&id).copied().unwrap_or_default())
    }
}

impl Inner {
    /// Finds out anew where each mapping stands.
    fn judge(&self, state: &mut State) {
        let State { stored, gateway, revisions, status, version, changes, .. } = state;
        for entry in self.fixed.iter().chain(stored.values()) {
            let id = entry.id();
            let shadowed = !entry.read_only && self.fixed.find(&entry.settings().external_domain).is_some();
            let revision = revisions.get(&id).copied().unwrap_or_default();
            let (place, reason) = GatewayState::of(entry, status, revision, shadowed);
            let is_same = gateway.get(&id).is_some_and(|old| old.place == place && old.reason == reason);
            if is_same {
                continue;
            }
            *version += 1;
            if gateway.insert(id, GatewayState { place, reason, since: Timestamp::now() }).is_some() {
                changes.insert(id);
            }
        }
    }

    fn view(&self, state: &State, id: Uuid) -> Option<(Entry, GatewayState, Option<Health>)> {
        let entry = state.stored.get(&id).or_else(|| self.fixed.get(id))?;
        let gateway = state.gateway.get(&id)?.clone();
        Some((entry.clone(), gateway, state.health.get(&id).cloned()))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
