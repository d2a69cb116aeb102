//! What the proxy in front should have: the live routes, and whether they are all there are.

use std::{collections::BTreeMap, time::Duration};

use octoporty_core::{host::HostPattern, id::MappingId};
use tokio::time::Instant;

use crate::registry::Registry;

/// How long after the start routes that nobody claims stay when an Agent of the last run is missing: long enough for a
/// machine that is repaired, short enough for one that is gone for good.
const MISSING_AGENT_PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// The routes that the proxy should have for this Gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desired {
    routes: BTreeMap<MappingId, Vec<HostPattern>>,
    is_complete: bool,
}

impl Desired {
    /// These routes; `is_complete` says that no other route of this Gateway is needed.
    ///
    /// Ids are the Agents' own, so two Agents may use the same one: such a mapping has several domains.
    #[must_use]
    pub fn new(routes: impl IntoIterator<Item = (MappingId, HostPattern)>, completeness: Completeness) -> Self {
        let mut by_id: BTreeMap<MappingId, Vec<HostPattern>> = BTreeMap::new();
        for (id, domain) in routes {
            by_id.entry(id).or_default().push(domain);
        }
        for domains in by_id.values_mut() {
            domains.sort_unstable_by(|a, b| sort_key(a).cmp(&sort_key(b)));
            domains.dedup();
        }
        Self { routes: by_id, is_complete: completeness == Completeness::Complete }
    }

    /// Mappings with their domains, in the order of the ids. A mapping has at least one domain.
    pub fn routes(&self) -> impl Iterator<Item = (MappingId, &[HostPattern])> {
        self.routes.iter().map(|(id, domains)| (*id, domains.as_slice()))
    }

    /// Whether routes that are not among these may be removed.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.is_complete
    }
}

fn sort_key(pattern: &HostPattern) -> (bool, &str) {
    (pattern.is_wildcard(), pattern.hostname().as_str())
}

/// Whether a [`Desired`] has all the routes that are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// It has; others may go.
    Complete,
    /// Some may yet become known; others stay.
    Partial,
}

/// When and which routes are taken away.
#[derive(Debug, Clone, Copy)]
pub(super) struct RemovalRules {
    /// Until when an Agent of the last run may return.
    pub(super) settled_at: Instant,
    /// When the Gateway started.
    pub(super) started: Instant,
    /// For how long a tunnel must have been gone before its routes go too; `None` keeps them.
    pub(super) away_max: Option<Duration>,
}

/// Reads the registry. Gives also when the answer will change by time alone.
pub(super) fn read(registry: &Registry, rules: RemovalRules) -> (Desired, Option<Instant>) {
    let now = Instant::now();
    let mut next: Option<Instant> = None;
    let mut later = |at: Instant| next = Some(next.map_or(at, |next| next.min(at)));
    let mut routes = Vec::new();
    for (domain, entry) in registry.routes() {
        if let (Some(most), Some(lost)) = (rules.away_max, entry.agent.away_since()) {
            if now >= lost + most {
                continue;
            }
            later(lost + most);
        }
        routes.push((entry.mapping, domain));
    }
    // Before that, a route that nobody claims may belong to an Agent that is about to return.
    let complete_at = match registry.missing_agents() {
        0 if registry.had_agents() => now,
        0 => rules.settled_at,
        _ if rules.away_max.is_some() => rules.settled_at,
        _ => rules.started + MISSING_AGENT_PATIENCE,
    };
    let completeness = if now >= complete_at {
        Completeness::Complete
    } else {
        later(complete_at);
        Completeness::Partial
    };
    (Desired::new(routes, completeness), next)
}

#[cfg(test)]
mod tests {
    use octoporty_core::{id::AgentId, message::Route};

    use super::*;

    const HOLD: Duration = Duration::from_secs(10);

    fn registry(expected: &[u128]) -> Registry {
        let expected = expected.iter().copied().map(AgentId::from_u128).collect();
        Registry::new(Vec::new(), expected, HOLD, std::sync::Arc::default())
    }

    fn sync(registry: &Registry, agent: u128) {
        let route = Route { id: MappingId::from_u128(agent), domain: "a.test".parse().unwrap() };
        registry.sync(
            &registry.agent(AgentId::from_u128(agent)),
            vec![route],
            &crate::AgentScope::shared(),
            &crate::claims::AgreeToAll,
        );
    }

    /// How many routes there are, whether they are all, and for how long that holds.
    fn look(registry: &Registry, rules: RemovalRules) -> (usize, bool, Option<Duration>) {
        let (desired, next) = read(registry, rules);
        (desired.routes().count(), desired.is_complete(), next.map(|next| next - Instant::now()))
    }

    fn rules(away_max: Option<Duration>) -> RemovalRules {
        RemovalRules { started: Instant::now(), settled_at: Instant::now() + HOLD, away_max }
    }

    #[tokio::test(start_paused = true)]
    async fn first_run_settles_with_its_hold() {
        let (registry, rules) = (registry(&[]), rules(None));
        sync(&registry, 1);
        assert_eq!(look(&registry, rules), (1, false, Some(HOLD)));
        tokio::time::advance(HOLD).await;
        assert_eq!(look(&registry, rules), (1, true, None));
    }

    #[tokio::test(start_paused = true)]
    async fn last_agent_that_is_back_completes_the_picture() {
        let (registry, rules) = (registry(&[1, 2]), rules(None));
        sync(&registry, 1);
        assert_eq!(look(&registry, rules), (1, false, Some(MISSING_AGENT_PATIENCE)));
        sync(&registry, 2);
        assert!(look(&registry, rules).1);
    }

    #[tokio::test(start_paused = true)]
    async fn agent_that_stays_away_is_waited_for_a_day() {
        let (registry, rules) = (registry(&[1]), rules(None));
        tokio::time::advance(MISSING_AGENT_PATIENCE - HOLD).await;
        assert_eq!(look(&registry, rules), (0, false, Some(HOLD)));
        tokio::time::advance(HOLD).await;
        assert_eq!(look(&registry, rules), (0, true, None));
    }

    #[tokio::test(start_paused = true)]
    async fn routes_of_those_who_are_away_go_after_their_period_where_that_is_wanted() {
        let away = Duration::from_secs(3);
        let (registry, rules) = (registry(&[1]), rules(Some(away)));
        assert_eq!(look(&registry, rules), (0, false, Some(HOLD)));
        // It synced and is away since: no session came with it.
        sync(&registry, 1);
        assert_eq!(look(&registry, rules), (1, true, Some(away)));
        tokio::time::advance(away).await;
        assert_eq!(look(&registry, rules), (0, true, None));
    }
}
