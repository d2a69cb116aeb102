//! The endpoints of one tunnel, as the set of mappings that its Agent holds.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use octoporty_core::{host::HostPattern, id::MappingId, limits::MAPPINGS_MAX};

use super::EndpointError;
use crate::{Agent, Mapping};

/// The endpoints, and the Agent that is told of each change.
#[derive(Debug)]
pub(super) struct Endpoints {
    agent: Agent,
    by_host: Mutex<HashMap<HostPattern, Mapping>>,
}

impl Endpoints {
    pub(super) fn new(agent: Agent) -> Self {
        Self { agent, by_host: Mutex::default() }
    }

    pub(super) const fn agent(&self) -> &Agent {
        &self.agent
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<HostPattern, Mapping>> {
        self.by_host.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an endpoint; gives the number of the set that has it.
    pub(super) fn add(&self, mapping: Mapping) -> Result<u64, EndpointError> {
        let mut by_host = self.lock();
        if by_host.contains_key(mapping.domain()) {
            return Err(EndpointError::InUse { host: mapping.domain().clone() });
        }
        if by_host.len() >= MAPPINGS_MAX {
            return Err(EndpointError::TooMany { most: MAPPINGS_MAX });
        }
        by_host.insert(mapping.domain().clone(), mapping);
        Ok(self.publish(&by_host))
    }

    /// Takes an endpoint away, unless another took its place; gives the number of the set without it.
    pub(super) fn remove(&self, host: &HostPattern, id: MappingId) -> Option<u64> {
        let mut by_host = self.lock();
        if by_host.get(host)?.id() != id {
            return None;
        }
        by_host.remove(host);
        Some(self.publish(&by_host))
    }

    pub(super) fn has(&self, host: &HostPattern, id: MappingId) -> bool {
        self.lock().get(host).is_some_and(|mapping| mapping.id() == id)
    }

    /// Under the lock, so that sets arrive in the order of the changes.
    fn publish(&self, by_host: &HashMap<HostPattern, Mapping>) -> u64 {
        self.agent.replace_mappings(by_host.values().cloned().collect())
    }
}
