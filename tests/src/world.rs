//! A whole small world for short tests: a Gateway, an Agent, an upstream, connected.

use octoporty_server::GatewayBuilder;

use crate::{
    TestAgent, TestAgentBuilder, TestGateway, TestUpstream, Visitor, VisitorH2, VisitorWebSocket, WebSocketError,
};

/// The host that a [`World`] maps to its upstream.
pub const HOST: &str = "app.example.test";

/// A Gateway with one Agent, which maps [`HOST`] to one recording upstream.
#[derive(Debug)]
pub struct World {
    /// The public end.
    pub gateway: TestGateway,
    /// The private end.
    pub agent: TestAgent,
    /// The service behind it.
    pub upstream: TestUpstream,
}

impl World {
    /// Starts everything and waits until it is connected.
    ///
    /// # Panics
    /// Something of it does not start.
    pub async fn start() -> Self {
        Self::start_with(|gateway| gateway, |agent| agent).await
    }

    /// As [`Self::start`]; the two have the last word on the settings.
    ///
    /// # Panics
    /// Something of it does not start.
    pub async fn start_with(
        gateway: impl FnOnce(GatewayBuilder) -> GatewayBuilder,
        agent: impl FnOnce(TestAgentBuilder) -> TestAgentBuilder,
    ) -> Self {
        let upstream = TestUpstream::start().expect("a free port");
        let gateway = TestGateway::start_with(gateway).expect("a free port and good settings");
        let builder = TestAgent::builder(gateway.address()).map(HOST, upstream.address());
        let agent = agent(builder).connect().await;
        Self { gateway, agent, upstream }
    }

    /// A new visitor who asks for [`HOST`].
    ///
    /// # Panics
    /// The Gateway takes no connection.
    pub async fn visitor(&self) -> Visitor {
        self.visitor_of(HOST).await
    }

    /// A new visitor who asks for another host.
    ///
    /// # Panics
    /// The Gateway takes no connection.
    pub async fn visitor_of(&self, host: &str) -> Visitor {
        Visitor::connect(self.gateway.address(), host).await.expect("the gateway listens")
    }

    /// A new visitor with HTTP/2 who asks for [`HOST`].
    ///
    /// # Panics
    /// The Gateway takes no connection.
    pub async fn visitor_h2(&self) -> VisitorH2 {
        VisitorH2::connect(self.gateway.address(), HOST).await.expect("the gateway speaks http/2")
    }

    /// A new visitor with a WebSocket to `path` of [`HOST`].
    ///
    /// # Errors
    /// The upgrade was refused.
    pub async fn websocket(&self, path: &str) -> Result<VisitorWebSocket, WebSocketError> {
        VisitorWebSocket::connect(self.gateway.address(), HOST, path).await
    }
}
