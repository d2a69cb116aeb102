//! An Agent under test, embedded: mappings from host to upstream, and a tunnel to a Gateway.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use octoporty_client::{
    Agent, AgentBuilder, ConnectionState, Mapping, Status,
    connect::DialError,
    upstream::{Scheme, UpstreamTarget, UpstreamTargetBuilder},
};
use octoporty_core::{host::HostPattern, id::MappingId, secret::Secret};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{TEST_KEY, runtime::TestRuntime, within};

/// How long an Agent may take to connect: several tries with their pauses, on a busy machine.
const CONNECT_DEADLINE: Duration = Duration::from_secs(30);

/// Why an Agent under test did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TestAgentError {
    /// No thread.
    #[error("the agent has no thread")]
    Thread(#[from] io::Error),
    /// Settings that cannot be.
    #[error("the agent cannot be started")]
    Start(#[from] DialError),
}

/// An [`Agent`] on a thread of its own. Dropping it kills it: all its connections end at once.
#[derive(Debug)]
pub struct TestAgent {
    agent: Agent,
    _runtime: TestRuntime,
}

/// Settings of a [`TestAgent`].
#[derive(Debug)]
#[must_use]
pub struct TestAgentBuilder {
    builder: AgentBuilder,
    mappings: Vec<Mapping>,
}

impl TestAgent {
    /// An Agent that dials `gateway`, a [`TestGateway`](crate::TestGateway) or a proxy in front of it.
    pub fn builder(gateway: SocketAddr) -> TestAgentBuilder {
        Self::builder_with_key(gateway, TEST_KEY)
    }

    /// As [`Self::builder`], with another key.
    pub fn builder_with_key(gateway: SocketAddr, key: &str) -> TestAgentBuilder {
        let url = format!("ws://{gateway}/tunnel");
        let builder = Agent::builder(&url, &Secret::new(key.to_owned())).name("test-agent");
        TestAgentBuilder { builder, mappings: Vec::new() }
    }

    /// The Agent itself.
    #[must_use]
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// How its tunnel is doing now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.agent.status().borrow().clone()
    }

    /// Waits until requests come through.
    ///
    /// # Panics
    /// They do not within 30 s.
    pub async fn connected(&self) {
        within(CONNECT_DEADLINE, "the agent is connected", self.agent.connected()).await;
    }

    /// Waits until the status satisfies `predicate`, and gives it as it is then.
    ///
    /// # Panics
    /// It does not within `deadline`.
    pub async fn wait_for(&self, what: &str, deadline: Duration, predicate: impl FnMut(&Status) -> bool) -> Status {
        let mut status = self.agent.status();
        let found = within(deadline, what, status.wait_for(predicate)).await;
        found.map(|status| status.clone()).expect("the agent holds the sending side")
    }

    /// Waits until the tunnel is lost.
    ///
    /// # Panics
    /// It is not within `deadline`.
    pub async fn lost(&self, deadline: Duration) {
        self.wait_for("the tunnel is lost", deadline, |status| status.state != ConnectionState::Connected).await;
    }
}

impl TestAgentBuilder {
    /// Maps `domain` to a plain HTTP upstream.
    pub fn map(self, domain: &str, upstream: SocketAddr) -> Self {
        self.mapping(mapping(domain, upstream))
    }

    /// Adds a mapping of any kind.
    pub fn mapping(mut self, mapping: Mapping) -> Self {
        self.mappings.push(mapping);
        self
    }

    /// Changes any other setting.
    pub fn with(mut self, change: impl FnOnce(AgentBuilder) -> AgentBuilder) -> Self {
        self.builder = change(self.builder);
        self
    }

    /// Starts dialling.
    ///
    /// # Errors
    /// The settings cannot be.
    pub fn start(self) -> Result<TestAgent, TestAgentError> {
        let runtime = TestRuntime::start("agent")?;
        let entered = runtime.handle().enter();
        let agent = self.builder.mappings(self.mappings).start()?;
        drop(entered);
        Ok(TestAgent { agent, _runtime: runtime })
    }

    /// Starts, and waits until it is connected.
    ///
    /// # Panics
    /// It cannot be started, or does not connect within 30 s.
    pub async fn connect(self) -> TestAgent {
        let agent = self.start().expect("the settings of a test are good");
        agent.connected().await;
        agent
    }
}

/// A mapping of `domain` to a plain HTTP upstream. Its id follows from the domain.
///
/// # Panics
/// `domain` is no host pattern.
#[must_use]
pub fn mapping(domain: &str, upstream: SocketAddr) -> Mapping {
    let host = upstream.ip().to_string();
    mapping_to(domain, Scheme::Http, &host, upstream.port(), |target| target)
}

/// A mapping of any kind; `change` has the last word on the target.
///
/// # Panics
/// `domain` is no host pattern, or the target cannot be.
#[must_use]
pub fn mapping_to(
    domain: &str,
    scheme: Scheme,
    host: &str,
    port: u16,
    change: impl FnOnce(UpstreamTargetBuilder) -> UpstreamTargetBuilder,
) -> Mapping {
    let target: Arc<UpstreamTarget> =
        change(UpstreamTarget::builder(scheme, host, port)).build().expect("the target of a test is good");
    let pattern = HostPattern::parse(domain).expect("the domain of a test is good");
    Mapping::new(mapping_id(domain), pattern, target)
}

/// The id of the mapping of `domain`, the same in each Agent and each run.
fn mapping_id(domain: &str) -> MappingId {
    let digest = Sha256::digest(domain.as_bytes());
    let half: [u8; 16] = std::array::from_fn(|index| digest[index]);
    MappingId::from_u128(u128::from_be_bytes(half))
}
