//! Which Agent holds which host, as a table that is replaced whole.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use octoporty_core::{
    host::{HostPattern, Hostname},
    id::{AgentId, MappingId},
    limits::MESSAGE_PACK_ENTRIES_MAX,
    message::{RefusedRoute, Route, RoutesSynced},
};
use tokio::{sync::watch, time::Instant};

use super::{Agent, AgentStatus, OpenExchanges, Session};
use crate::{
    AgentScope, Claim, RouteRegistry,
    metrics::{RouteSlot, RouteSlots},
    routes::RouteTable,
};

/// Agents that are remembered, here or away. Beyond it, all that are away are forgotten, and their routes.
const AGENTS_MAX: usize = 10_000;

/// Where requests for one host go.
#[derive(Debug, Clone)]
pub(crate) struct RouteEntry {
    pub(crate) mapping: MappingId,
    pub(crate) agent: Arc<Agent>,
    /// Where its requests are counted.
    pub(crate) slot: RouteSlot,
    /// How many of its exchanges are open.
    pub(crate) open: Arc<OpenExchanges>,
}

#[derive(Debug)]
pub(crate) struct Registry {
    table: ArcSwap<RouteTable<RouteEntry>>,
    /// Held for moments only, as shards wait for it: `inner` is never taken while it is held.
    agents: Mutex<HashMap<AgentId, Arc<Agent>>>,
    /// Held for as long as a sync takes.
    inner: Mutex<Inner>,
    own_hosts: Vec<Hostname>,
    slots: Arc<RouteSlots>,
    /// Until when unknown hosts may yet become known; `None` once the Agents of the last run are back.
    hold: watch::Sender<Option<Instant>>,
    /// Whether there was a last run with Agents.
    had_agents: bool,
    /// Counts changes of the routes, and of Agents that are here.
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    routes: HashMap<HostPattern, RouteEntry>,
    /// Agents of the last run that did not return yet.
    expected: HashSet<AgentId>,
}

impl Registry {
    /// A registry that waits up to `hold` for the Agents of the last run.
    pub(crate) fn new(
        own_hosts: Vec<Hostname>,
        expected: Vec<AgentId>,
        hold: Duration,
        slots: Arc<RouteSlots>,
    ) -> Self {
        let until = (!expected.is_empty()).then(|| Instant::now() + hold);
        Self {
            had_agents: !expected.is_empty(),
            changes: watch::Sender::new(0),
            table: ArcSwap::default(),
            agents: Mutex::default(),
            inner: Mutex::new(Inner { expected: expected.into_iter().collect(), ..Inner::default() }),
            own_hosts,
            slots,
            hold: watch::Sender::new(until),
        }
    }

    fn agents(&self) -> MutexGuard<'_, HashMap<AgentId, Arc<Agent>>> {
        self.agents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn table(&self) -> arc_swap::Guard<Arc<RouteTable<RouteEntry>>> {
        self.table.load()
    }

    pub(crate) fn own_hosts(&self) -> &[Hostname] {
        &self.own_hosts
    }

    /// Waits until `host` is known, or no Agent of the last run is missing any more, or the time for that is over.
    /// Gives the route if there is one. Cancel safe.
    pub(crate) async fn await_route(&self, host: &str) -> Option<RouteEntry> {
        let mut hold = self.hold.subscribe();
        loop {
            let until = *hold.borrow_and_update();
            if let Some(route) = self.table.load().lookup(host) {
                return Some(route.clone());
            }
            let until = until.filter(|until| *until > Instant::now())?;
            if tokio::time::timeout_at(until, hold.changed()).await.is_err() {
                return self.table.load().lookup(host).cloned();
            }
        }
    }

    /// Whether unknown hosts may yet become known.
    pub(crate) fn is_holding(&self) -> bool {
        self.hold.borrow().is_some_and(|until| until > Instant::now())
    }

    /// The Agent of this identity, known before or not.
    pub(crate) fn agent(&self, id: AgentId) -> Arc<Agent> {
        let mut agents = self.agents();
        if agents.len() >= AGENTS_MAX && !agents.contains_key(&id) {
            drop(agents);
            self.forget_away();
            agents = self.agents();
        }
        Arc::clone(agents.entry(id).or_insert_with(|| Arc::new(Agent::new(id))))
    }

    fn forget_away(&self) {
        let mut inner = self.lock();
        let mut agents = self.agents();
        agents.retain(|_, agent| agent.is_here());
        inner.routes.retain(|_, route| agents.contains_key(&route.agent.id));
        drop(agents);
        self.publish(&inner);
        drop(inner);
        self.note_change();
    }

    /// Makes the routes those that requests are sent by.
    fn publish(&self, inner: &Inner) {
        let table: RouteTable<RouteEntry> =
            inner.routes.iter().map(|(pattern, entry)| (pattern.clone(), entry.clone())).collect();
        self.table.store(Arc::new(table));
    }

    /// Replaces all routes of an Agent. Routes that another Agent holds who is here are refused, as are the
    /// Gateway's own names, those outside of the key's domains, and what `claims` says no to (R24).
    pub(crate) fn sync(
        &self,
        agent: &Arc<Agent>,
        routes: Vec<Route>,
        scope: &AgentScope,
        claims: &dyn RouteRegistry,
    ) -> RoutesSynced {
        let mut outcome = RoutesSynced::default();
        let mut inner = self.lock();
        // A mapping that is told again goes on counting what is open of it.
        let mut open: HashMap<MappingId, Arc<OpenExchanges>> = HashMap::new();
        inner.routes.retain(|_, entry| {
            let is_others = entry.agent.id != agent.id;
            if !is_others {
                open.insert(entry.mapping, Arc::clone(&entry.open));
            }
            is_others
        });
        for route in routes {
            let refusal = self.refusal(&inner, &route).or_else(|| refused_by(scope, claims, agent, &route));
            if let Some((code, message)) = refusal {
                outcome.refused_count += 1;
                if outcome.refused.len() < MESSAGE_PACK_ENTRIES_MAX {
                    let (id, domain) = (route.id, route.domain);
                    outcome.refused.push(RefusedRoute { id, domain, code: code.to_owned(), message });
                }
                continue;
            }
            outcome.live += 1;
            let slot = self.slots.of(route.id);
            let open = Arc::clone(open.entry(route.id).or_default());
            inner.routes.insert(route.domain, RouteEntry { mapping: route.id, agent: Arc::clone(agent), slot, open });
        }
        self.publish(&inner);
        let held: Vec<HostPattern> =
            inner.routes.iter().filter(|(_, entry)| entry.agent.id == agent.id).map(|(host, _)| host.clone()).collect();
        claims.synced(agent.id, &held);
        inner.expected.remove(&agent.id);
        let all_back = inner.expected.is_empty();
        drop(inner);
        // Whoever waits for a host looks again; the hold ends with the last Agent that was missing.
        self.hold.send_modify(|hold| {
            if all_back {
                *hold = None;
            }
        });
        self.note_change();
        outcome
    }

    /// Tells who follows the routes that they, or the Agents that are here, are others now.
    pub(crate) fn note_change(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Told of each change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// All routes, in no order.
    pub(crate) fn routes(&self) -> Vec<(HostPattern, RouteEntry)> {
        self.lock().routes.iter().map(|(pattern, entry)| (pattern.clone(), entry.clone())).collect()
    }

    /// Whether a route is for this very host, and not for all below a suffix.
    pub(crate) fn has_exactly(&self, host: &Hostname) -> bool {
        self.table.load().get(&HostPattern::Exact(host.clone())).is_some()
    }

    /// How many Agents of the last run did not return yet.
    pub(crate) fn missing_agents(&self) -> usize {
        self.lock().expected.len()
    }

    /// Whether the last run had Agents that were to return.
    pub(crate) fn had_agents(&self) -> bool {
        self.had_agents
    }

    fn refusal(&self, inner: &Inner, route: &Route) -> Option<(&'static str, String)> {
        if self.own_hosts.iter().any(|own| route.domain.matches(own.as_str())) {
            return Some(("reserved", format!("{} is the gateway's own name", route.domain)));
        }
        let holder = inner.routes.get(&route.domain)?;
        let status = holder.agent.status();
        holder
            .agent
            .is_here()
            .then(|| ("taken", format!("{} is held by the connected agent “{}”", route.domain, status.name)))
    }

    /// All sessions that are up.
    pub(crate) fn sessions(&self) -> Vec<Arc<Session>> {
        self.agents().values().filter_map(|agent| agent.session()).collect()
    }

    pub(crate) fn statuses(&self) -> Vec<AgentStatus> {
        self.agents().values().map(|agent| agent.status()).collect()
    }

    pub(crate) fn has_tunnel(&self) -> bool {
        self.agents().values().any(|agent| agent.is_here())
    }

    /// The Agents that a Gateway started now should wait for: those that are here or did not say that they leave.
    pub(crate) fn to_expect(&self) -> Vec<AgentId> {
        let mut ids: Vec<AgentId> =
            self.agents().values().filter(|agent| agent.is_here()).map(|agent| agent.id).collect();
        ids.extend(self.lock().expected.iter().copied());
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// Who else says no to a route, and why.
fn refused_by(
    scope: &AgentScope,
    claims: &dyn RouteRegistry,
    agent: &Agent,
    route: &Route,
) -> Option<(&'static str, String)> {
    let domain = &route.domain;
    if !scope.allows(domain) {
        tracing::warn!(agent = %agent.id, %domain, "an agent claims a domain that its key is not for");
        return Some(("not-allowed", format!("the agent's key is not for {domain}")));
    }
    let claim = Claim { agent: agent.id, identity: scope.identity(), domain, mapping: route.id };
    claims.claim(&claim).err().map(|refused| ("not-allowed", refused.message))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Answers once it is told to.
    struct Slow(Mutex<(mpsc::Sender<()>, mpsc::Receiver<()>)>);

    impl RouteRegistry for Slow {
        fn claim(&self, _: &Claim<'_>) -> Result<(), crate::ClaimRefused> {
            let both = self.0.lock().unwrap();
            both.0.send(()).unwrap();
            both.1.recv().unwrap();
            Ok(())
        }
    }

    #[tokio::test]
    async fn who_is_here_can_be_asked_while_somebody_thinks_about_a_claim() {
        let registry = Registry::new(Vec::new(), Vec::new(), Duration::ZERO, Arc::default());
        let agent = registry.agent(AgentId::from_u128(1));
        let (asked, is_asked) = mpsc::channel();
        let (answer, answered) = mpsc::channel();
        let slow = Slow(Mutex::new((asked, answered)));
        std::thread::scope(|scope| {
            let route = Route { id: MappingId::from_u128(2), domain: "a.test".parse().unwrap() };
            let syncing = scope.spawn(|| registry.sync(&agent, vec![route], &AgentScope::shared(), &slow));
            is_asked.recv().unwrap();
            // None of these waits for the sync; all of them are asked for on shards.
            assert!(!registry.has_tunnel() && registry.sessions().is_empty());
            assert_eq!((registry.statuses().len(), registry.agent(AgentId::from_u128(3)).id.as_u128()), (1, 3));
            answer.send(()).unwrap();
            assert_eq!(syncing.join().unwrap().live, 1);
        });
    }
}
