//! A say in which domains become routes, for programs that know more of them than a Gateway does.

use std::sync::Arc;

use octoporty_core::{
    host::HostPattern,
    id::{AgentId, MappingId},
};

/// A domain that an Agent wants to serve.
#[derive(Debug)]
#[non_exhaustive]
pub struct Claim<'a> {
    /// Who wants it.
    pub agent: AgentId,
    /// The identity that its key stands for, if keys have any.
    pub identity: Option<&'a str>,
    /// The domain.
    pub domain: &'a HostPattern,
    /// The mapping, in the Agent's own set.
    pub mapping: MappingId,
}

/// A claim that is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ClaimRefused {
    pub(crate) message: String,
}

impl ClaimRefused {
    /// For this reason, which the Agent's user is shown.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// Decides on domains beyond what the Gateway does itself: the Gateway's own names, the domains of a key and those of
/// another connected Agent are refused already when a registry is asked.
///
/// It is asked for each domain of each sync, on a thread that may block for a little; while it thinks, no other Agent's
/// routes change. Several Gateways that share a domain space meet here.
pub trait RouteRegistry: Send + Sync + 'static {
    /// Whether the claim stands. Default: it does.
    ///
    /// # Errors
    ///
    /// When it does not; the Agent is told with the code `not-allowed`.
    fn claim(&self, claim: &Claim<'_>) -> Result<(), ClaimRefused> {
        let _always = claim;
        Ok(())
    }

    /// An Agent serves these domains from now on, and no others. Called after each sync that changed the routes.
    fn synced(&self, agent: AgentId, domains: &[HostPattern]) {
        let _unused = (agent, domains);
    }
}

/// One that is kept elsewhere too.
impl<R: RouteRegistry + ?Sized> RouteRegistry for Arc<R> {
    fn claim(&self, claim: &Claim<'_>) -> Result<(), ClaimRefused> {
        R::claim(self, claim)
    }

    fn synced(&self, agent: AgentId, domains: &[HostPattern]) {
        R::synced(self, agent, domains);
    }
}

/// Agrees to all.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AgreeToAll;

impl RouteRegistry for AgreeToAll {}
