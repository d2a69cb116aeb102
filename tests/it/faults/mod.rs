//! What goes wrong between the parts, and what must happen then.

mod drain;
mod keys;
mod restarts;
mod tunnel;
mod upstreams;

use std::time::Duration;

use octoporty_client::{ConnectionState, Status};
use octoporty_server::GatewayBuilder;
use octoporty_tests::{ChaosProxy, HOST, TestAgent, TestAgentBuilder, TestGateway, TestUpstream, Visitor, eventually};

use crate::SOON;

/// A Gateway and an Agent with a bad network between them.
struct Far {
    gateway: TestGateway,
    network: ChaosProxy,
    agent: TestAgent,
    upstream: TestUpstream,
}

impl Far {
    async fn start() -> Self {
        Self::start_with(|gateway| gateway, |agent| agent).await
    }

    async fn start_with(
        gateway: impl FnOnce(GatewayBuilder) -> GatewayBuilder,
        agent: impl FnOnce(TestAgentBuilder) -> TestAgentBuilder,
    ) -> Self {
        let upstream = TestUpstream::start().expect("a free port");
        let gateway = TestGateway::start_with(gateway).expect("a free port and good settings");
        let network = ChaosProxy::start(gateway.address()).expect("a free port");
        let agent = agent(TestAgent::builder(network.address()).map(HOST, upstream.address())).connect().await;
        Self { gateway, network, agent, upstream }
    }

    async fn visitor(&self) -> Visitor {
        Visitor::connect(self.gateway.address(), HOST).await.expect("the gateway listens")
    }

    /// Waits until the Gateway knows that the Agent is away.
    async fn away(&self) {
        let gateway = self.gateway.gateway();
        eventually(SOON, "the gateway notices", || gateway.agents().iter().all(|agent| agent.lanes == 0)).await;
    }

    /// Waits until the Agent has connected anew since `before`, its status before the cut. A look at its state alone could
    /// be a look too early.
    async fn back_since(&self, before: &Status) {
        eventually(SOON, "the agent is back", || {
            self.hurry();
            let now = self.agent.status();
            now.last_connected > before.last_connected && now.state == ConnectionState::Connected
        })
        .await;
    }

    /// Lets the Agent dial at once instead of after its pause, if it is pausing.
    fn hurry(&self) {
        let status = self.agent.status();
        if status.state == ConnectionState::Reconnecting && status.next_attempt.is_some() {
            self.agent.agent().reconnect();
        }
    }
}

/// Heartbeats that find a dead link soon, and still forgive a busy machine.
const QUICK: (Duration, Duration) = (Duration::from_millis(200), Duration::from_millis(1500));
