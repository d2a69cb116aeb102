//! A mapping: a public name, what answers behind it, and what changes on the way.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use octoporty_core::{
    host::HostPattern, id::MappingId, limits::UPGRADE_IDLE_TIMEOUT, message::Route, proxy::HeaderPolicy,
};

use crate::{Upstream, serve::backend::Backend};

/// A mapping that is on.
#[derive(Debug, Clone)]
pub struct Mapping {
    id: MappingId,
    domain: HostPattern,
    pub(crate) backend: Backend,
    pub(crate) headers: HeaderPolicy,
    pub(crate) body_idle: Option<Duration>,
    pub(crate) upgrade_idle: Duration,
    /// The last request failed, so that the next failure is no news.
    failing: Arc<AtomicBool>,
}

impl Mapping {
    /// Binds `domain` to `upstream`. `id` must be the mapping's own among those of this Agent, and stay the same.
    #[must_use]
    pub fn new(id: MappingId, domain: HostPattern, upstream: impl Into<Upstream>) -> Self {
        Self::to(id, domain, upstream.into().0)
    }

    pub(crate) fn to(id: MappingId, domain: HostPattern, backend: Backend) -> Self {
        Self {
            id,
            domain,
            backend,
            headers: HeaderPolicy::new(),
            body_idle: None,
            upgrade_idle: UPGRADE_IDLE_TIMEOUT,
            failing: Arc::default(),
        }
    }

    /// Header fields that this mapping sets or removes. Default: none, and the visitor's `Host`.
    #[must_use]
    pub fn headers(mut self, policy: HeaderPolicy) -> Self {
        self.headers = policy;
        self
    }

    /// How long an answer's body may pause. Default: no limit, since events may be rare; a request's body always has
    /// [`octoporty_core::limits::BODY_IDLE_TIMEOUT`].
    #[must_use]
    pub const fn body_idle_timeout(mut self, timeout: Duration) -> Self {
        self.body_idle = Some(timeout);
        self
    }

    /// How long nothing may pass on an upgraded connection. Default: [`UPGRADE_IDLE_TIMEOUT`].
    #[must_use]
    pub const fn upgrade_idle_timeout(mut self, timeout: Duration) -> Self {
        self.upgrade_idle = timeout;
        self
    }

    /// Says once that the upstream fails, and once that it answers again: whoever runs it should know, but visitors must
    /// not be able to fill a log.
    pub(crate) fn note(&self, failure: Option<&str>) {
        if self.failing.load(Ordering::Relaxed) == failure.is_some() {
            return;
        }
        self.failing.store(failure.is_some(), Ordering::Relaxed);
        match failure {
            Some(error) => tracing::warn!(domain = %self.domain, %error, "upstream failing"),
            None => tracing::info!(domain = %self.domain, upstream = %self.backend, "upstream answers again"),
        }
    }

    /// The mapping's identifier.
    #[must_use]
    pub const fn id(&self) -> MappingId {
        self.id
    }

    /// The public name.
    #[must_use]
    pub const fn domain(&self) -> &HostPattern {
        &self.domain
    }
}

/// All mappings that are on, replaced whole.
#[derive(Debug, Default)]
pub(crate) struct Mappings {
    current: ArcSwap<Revision>,
}

/// The mappings between two replacements.
#[derive(Debug, Default)]
struct Revision {
    /// Counts replacements.
    number: u64,
    by_id: Arc<HashMap<MappingId, Arc<Mapping>>>,
}

impl Mappings {
    /// Gives the number of the new revision.
    pub(crate) fn replace(&self, mappings: Vec<Mapping>) -> u64 {
        let by_id: HashMap<_, _> = mappings.into_iter().map(|mapping| (mapping.id, Arc::new(mapping))).collect();
        let by_id = Arc::new(by_id);
        let before = self.current.rcu(|current| Revision { number: current.number + 1, by_id: Arc::clone(&by_id) });
        before.number + 1
    }

    /// The mapping of this identifier, if it is in this Agent's own set (R32).
    pub(crate) fn find(&self, id: MappingId) -> Option<Arc<Mapping>> {
        self.current.load().by_id.get(&id).cloned()
    }

    /// What the Gateway needs to know, and of which revision it is.
    pub(crate) fn routes(&self) -> (u64, Vec<Route>) {
        let current = self.current.load();
        let route = |mapping: &Arc<Mapping>| Route { id: mapping.id, domain: mapping.domain.clone() };
        (current.number, current.by_id.values().map(route).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.current.load().by_id.len()
    }
}
