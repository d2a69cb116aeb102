//! Who may connect as an Agent, and which domains it may claim (R22, R24).

use std::{fmt, net::IpAddr, sync::Arc};

use futures::future::BoxFuture;
use octoporty_core::{host::HostPattern, id::AgentId, secret::Secret};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

/// A try to connect, before the connection becomes a lane.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// The key that was presented, from `X-Api-Key` or `Authorization: Bearer`. Never log it.
    pub key: PresentedKey<'a>,
    /// Where it comes from, as trusted proxies say.
    pub address: IpAddr,
}

/// A key that was presented. It prints nothing.
#[derive(Clone, Copy)]
pub struct PresentedKey<'a>(pub(crate) &'a [u8]);

impl PresentedKey<'_> {
    /// Its bytes. Compare them in constant time, best by their hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        self.0
    }

    /// The SHA-256 of its bytes: how keys are best stored, since keys of 256 random bits need no slow hash.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl fmt::Debug for PresentedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// The key is not one that is let in. The Agent gets a constant answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key is not let in")]
pub struct Denied;

/// Judges the keys that Agents present.
///
/// The Gateway counts refusals by address and stops asking after ten in a minute (R23), and answers all refusals alike.
///
/// - **Concurrency.** One call for each lane that is dialled; several may be under way.
/// - **Time.** How long it takes must not tell how much of a key was right.
/// - **Cancellation.** The future is dropped when the Agent leaves.
pub trait Authenticator: Send + Sync + 'static {
    /// Whether this key is let in, and what it may do.
    ///
    /// # Errors
    ///
    /// [`Denied`], also when a store that had to be asked is down: nobody is let in by accident.
    fn authenticate(&self, attempt: &Attempt<'_>) -> impl Future<Output = Result<AgentScope, Denied>> + Send;
}

/// One key for all Agents: the default.
impl Authenticator for Secret {
    async fn authenticate(&self, attempt: &Attempt<'_>) -> Result<AgentScope, Denied> {
        if self.ct_eq(attempt.key.as_bytes()) { Ok(AgentScope::shared()) } else { Err(Denied) }
    }
}

/// One that is kept elsewhere too, such as where its keys are changed.
impl<A: Authenticator> Authenticator for Arc<A> {
    async fn authenticate(&self, attempt: &Attempt<'_>) -> Result<AgentScope, Denied> {
        A::authenticate(self, attempt).await
    }
}

/// Lets nobody in by a key: for Gateways whose Agents come by
/// [`Gateway::serve_transport`](crate::Gateway::serve_transport) alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoKeys;

impl Authenticator for NoKeys {
    async fn authenticate(&self, _attempt: &Attempt<'_>) -> Result<AgentScope, Denied> {
        Err(Denied)
    }
}

/// What an Agent that was let in may do.
#[derive(Debug, Clone)]
pub struct AgentScope {
    identity: Option<Arc<str>>,
    domains: Option<Arc<[HostPattern]>>,
    revoked: Option<CancellationToken>,
}

impl AgentScope {
    /// An Agent among others with the same key: it says itself who it is, and may claim every domain that is free.
    #[must_use]
    pub const fn shared() -> Self {
        Self { identity: None, domains: None, revoked: None }
    }

    /// The Agents of this identity, such as a customer or a device. Agents of different identities can never take each
    /// other's place or domains, whatever they say of themselves.
    #[must_use]
    pub fn of(identity: impl Into<String>) -> Self {
        Self { identity: Some(identity.into().into()), ..Self::shared() }
    }

    /// Only these domains, and what is below a wildcard among them, may be claimed (R24). Default: all.
    #[must_use]
    pub fn domains(mut self, domains: impl IntoIterator<Item = HostPattern>) -> Self {
        self.domains = Some(domains.into_iter().collect());
        self
    }

    /// Ends the Agent's lanes when the token is cancelled: its key was withdrawn.
    #[must_use]
    pub fn revoked_by(mut self, token: CancellationToken) -> Self {
        self.revoked = Some(token);
        self
    }

    /// The identity, if there is one.
    #[must_use]
    pub fn identity(&self) -> Option<&str> {
        self.identity.as_deref()
    }

    /// Whether this domain may be claimed.
    #[must_use]
    pub fn allows(&self, domain: &HostPattern) -> bool {
        self.domains.as_ref().is_none_or(|domains| domains.iter().any(|allowed| allowed.covers(domain)))
    }

    /// Who an Agent is that says it is `claimed`: identities have ranges of their own.
    pub(crate) fn agent_id(&self, claimed: AgentId) -> AgentId {
        let Some(identity) = &self.identity else {
            return claimed;
        };
        let mut hash = Sha256::new();
        hash.update(b"octoporty agent\0");
        hash.update(claimed.as_u128().to_be_bytes());
        hash.update(identity.as_bytes());
        let digest = hash.finalize();
        let bits = digest.iter().take(16).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        AgentId::from_u128(bits)
    }

    /// Waits until the key is withdrawn; for ever if it cannot be. Cancel safe.
    pub(crate) async fn revoked(&self) {
        match &self.revoked {
            Some(token) => token.cancelled().await,
            None => std::future::pending().await,
        }
    }
}

/// [`Authenticator`] behind a pointer.
pub(crate) trait ErasedAuthenticator: Send + Sync {
    fn authenticate_boxed<'a>(&'a self, attempt: &'a Attempt<'_>) -> BoxFuture<'a, Result<AgentScope, Denied>>;
}

impl<A: Authenticator> ErasedAuthenticator for A {
    fn authenticate_boxed<'a>(&'a self, attempt: &'a Attempt<'_>) -> BoxFuture<'a, Result<AgentScope, Denied>> {
        Box::pin(self.authenticate(attempt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_do_not_meet() {
        // R24: with keys of its own, nobody becomes another by saying so.
        let id = AgentId::from_u128(7);
        assert_eq!(AgentScope::shared().agent_id(id), id);
        let (one, other) = (AgentScope::of("one").agent_id(id), AgentScope::of("other").agent_id(id));
        assert!(one != other && one != id && other != id);
        assert_eq!(one, AgentScope::of("one").agent_id(id));
    }

    #[test]
    fn domains_are_covered_or_refused() {
        let pattern = |text: &str| HostPattern::parse(text).unwrap();
        let scope = AgentScope::of("one").domains([pattern("a.test"), pattern("*.b.test")]);
        for (domain, allowed) in [
            ("a.test", true),
            ("x.b.test", true),
            ("*.b.test", true),
            ("b.test", false),
            ("*.a.test", false),
            ("c.test", false),
        ] {
            assert_eq!(scope.allows(&pattern(domain)), allowed, "{domain}");
        }
        assert!(AgentScope::shared().allows(&pattern("c.test")));
    }
}
