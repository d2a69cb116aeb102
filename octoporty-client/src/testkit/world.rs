//! Gateway, lines and upstreams of one test.

use std::{convert::Infallible, io};

use bytes::Bytes;
use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use octoporty_core::transport::duplex;
use octoporty_server::{AgentScope, Gateway, GatewayBuilder};
use tokio_util::task::TaskTracker;
use tower_service::Service;

use super::{Faults, TestVisitor, faulty::Faulty};
use crate::{
    ConnectError, HostPattern, Tunnel, TunnelBuilder, Upstream,
    connect::{BoxedTransport, OpenTransport},
    serve::{backend::Backend, connection_pair},
};

/// Messages that wait on a line in each direction; then its sender waits.
const LINE_MESSAGES: usize = 16;

/// A Gateway in memory, and the lines to it. Dropping it ends the Gateway's tasks with the test's runtime.
#[derive(Debug)]
pub struct World {
    gateway: Gateway,
    faults: Faults,
    tasks: TaskTracker,
}

impl World {
    /// A Gateway with default settings, and the share domain `*.share.test`.
    ///
    /// # Panics
    ///
    /// Never: the settings are good.
    #[must_use]
    pub fn new() -> Self {
        Self::with(|gateway| gateway)
    }

    /// A Gateway whose settings are changed. Its key is not asked for: lines are let in as they are.
    ///
    /// # Panics
    ///
    /// When the changed settings cannot be.
    #[must_use]
    pub fn with(change: impl FnOnce(GatewayBuilder) -> GatewayBuilder) -> Self {
        let share = HostPattern::parse("*.share.test").expect("it is a wildcard");
        let builder =
            Gateway::builder().api_key("a key that nobody needs in memory").name("testkit").share_domain(share);
        let gateway = change(builder).build().expect("the test's settings of the gateway are good");
        Self { gateway, faults: Faults::default(), tasks: TaskTracker::new() }
    }

    /// The Gateway.
    #[must_use]
    pub const fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// What can be done to the lines.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// A tunnel that is connected.
    ///
    /// # Errors
    ///
    /// As [`TunnelBuilder::connect`].
    pub async fn tunnel(&self) -> Result<Tunnel, ConnectError> {
        self.builder().connect().await
    }

    /// Starts a tunnel to this Gateway, to be changed before it is connected.
    pub fn builder(&self) -> TunnelBuilder {
        Tunnel::builder().transport(self.transport(AgentScope::shared()))
    }

    /// Opens lines to this Gateway for an Agent that may do this, for tunnels and Agents that are built by other hands.
    #[must_use]
    pub fn transport(&self, scope: AgentScope) -> MemoryTransport {
        let (gateway, faults) = (self.gateway.clone(), self.faults.clone());
        MemoryTransport { gateway, faults, tasks: self.tasks.clone(), scope }
    }

    /// An upstream in memory that answers with a service, for tests of what forwards.
    ///
    /// # Panics
    ///
    /// Never: its name is good.
    #[must_use]
    pub fn upstream<S, B>(&self, service: S) -> Upstream
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let name = HostPattern::parse("upstream.test").expect("it is a host name");
        let (accepting, mut connections) = connection_pair(&name);
        let tasks = self.tasks.clone();
        self.tasks.spawn(async move {
            while let Some(connection) = connections.recv().await {
                let service = service.clone();
                tasks.spawn(async move {
                    let service = hyper::service::service_fn(move |request| service.clone().call(request));
                    let mut server = http1::Builder::new();
                    server.timer(TokioTimer::new());
                    let served = server.serve_connection(TokioIo::new(connection), service).with_upgrades().await;
                    if let Err(error) = served {
                        tracing::debug!(%error, "upstream's connection ended early");
                    }
                });
            }
        });
        Upstream(Backend::Accepted(accepting))
    }

    /// A visitor with connections of its own.
    #[must_use]
    pub fn visitor(&self) -> TestVisitor {
        TestVisitor::new(self.gateway.clone(), self.tasks.clone())
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// Opens lines in memory to the Gateway of a [`World`].
#[derive(Debug, Clone)]
pub struct MemoryTransport {
    gateway: Gateway,
    faults: Faults,
    tasks: TaskTracker,
    scope: AgentScope,
}

impl OpenTransport for MemoryTransport {
    async fn open(&self) -> io::Result<BoxedTransport> {
        if self.faults.is_refusing() {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (ours, theirs) = duplex::pair(LINE_MESSAGES);
        let theirs = Faulty::new(theirs, self.faults.clone());
        let (gateway, scope) = (self.gateway.clone(), self.scope.clone());
        self.tasks.spawn(async move { gateway.serve_transport(theirs, scope).await });
        Ok(Box::new(Faulty::new(ours, self.faults.clone())))
    }

    fn address(&self) -> String {
        "memory".to_owned()
    }
}
