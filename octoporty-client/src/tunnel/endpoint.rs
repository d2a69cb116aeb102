//! An endpoint: a public name that is online, and how it came to be.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use octoporty_core::{
    host::{HostError, HostPattern},
    id::MappingId,
    proxy::HeaderPolicy,
};
use tower_service::Service;

use super::{EndpointError, Host, Tunnel, names};
use crate::{
    Body, ConnectionState, Listener, Mapping, Status, Upstream,
    serve::{
        backend::Backend,
        connection_pair,
        local::{ErasedService, TowerService},
    },
};

/// Settings of an endpoint that is to be.
#[derive(Debug)]
#[must_use = "nothing is online before `serve`, `forward` or `listen`"]
pub struct EndpointBuilder<'a> {
    tunnel: &'a Tunnel,
    host: Result<Host, HostError>,
    id: Option<MappingId>,
    headers: HeaderPolicy,
    body_idle: Option<Duration>,
    upgrade_idle: Option<Duration>,
}

impl<'a> EndpointBuilder<'a> {
    pub(super) fn new(tunnel: &'a Tunnel, host: Result<Host, HostError>) -> Self {
        Self { tunnel, host, id: None, headers: HeaderPolicy::new(), body_idle: None, upgrade_idle: None }
    }

    /// The endpoint's identifier, in the logs of both ends. Default: random.
    pub const fn id(mut self, id: MappingId) -> Self {
        self.id = Some(id);
        self
    }

    /// Header fields that this endpoint sets or removes. Default: none, and the visitor's `Host`.
    pub fn headers(mut self, policy: HeaderPolicy) -> Self {
        self.headers = policy;
        self
    }

    /// Sets a field of every answer, in addition to those of [`Self::headers`].
    ///
    /// # Errors
    ///
    /// When the field may not be changed, or there are too many.
    pub fn response_header(
        mut self,
        name: HeaderName,
        value: HeaderValue,
    ) -> Result<Self, octoporty_core::proxy::HeaderPolicyError> {
        self.headers = self.headers.set_response(name, value)?;
        Ok(self)
    }

    /// How long an answer's body may pause. Default: no limit, since events may be rare.
    pub const fn body_idle_timeout(mut self, timeout: Duration) -> Self {
        self.body_idle = Some(timeout);
        self
    }

    /// How long nothing may pass on an upgraded connection. Default: an hour.
    pub const fn upgrade_idle_timeout(mut self, timeout: Duration) -> Self {
        self.upgrade_idle = Some(timeout);
        self
    }

    /// Answers requests with a tower service, such as an `axum::Router`. Each goes from the tunnel to a clone of the
    /// service as it is, with no socket and no second parse; bodies stream in both directions. The request's extensions
    /// hold a [`Visitor`](crate::Visitor), and `ConnectInfo` of it and of a `SocketAddr` with the feature `axum-08`.
    /// Upgrades work as in a server of hyper's. A panic in the service costs its request alone.
    ///
    /// # Errors
    ///
    /// When the Gateway does not take the host. While the tunnel is down, it waits.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready, the endpoint is gone.
    pub async fn serve<S, B>(self, service: S) -> Result<Endpoint, EndpointError>
    where
        S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let service: Arc<dyn ErasedService> = Arc::new(TowerService::new(service));
        self.online(Backend::Local(service)).await
    }

    /// Forwards requests to a service that listens already: at an address, on a Unix socket, or chosen for each request.
    /// That it is not there (yet) is no error here: visitors get 502 then.
    ///
    /// # Errors
    ///
    /// When the Gateway does not take the host. While the tunnel is down, it waits.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready, the endpoint is gone.
    pub async fn forward(self, upstream: impl Into<Upstream>) -> Result<Endpoint, EndpointError> {
        self.online(upstream.into().0).await
    }

    /// Gives a listener whose connections are the visitors' requests, for servers that accept connections themselves.
    ///
    /// # Errors
    ///
    /// When the Gateway does not take the host. While the tunnel is down, it waits.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready, the endpoint is gone.
    pub async fn listen(self) -> Result<Listener, EndpointError> {
        let host = self.resolve().await?;
        let (accepting, incoming) = connection_pair(&host);
        let endpoint = self.online_as(host, Backend::Accepted(accepting)).await?;
        Ok(Listener::new(incoming, endpoint))
    }

    async fn online(self, backend: Backend) -> Result<Endpoint, EndpointError> {
        let host = self.resolve().await?;
        self.online_as(host, backend).await
    }

    /// The name itself; waits for the Gateway where it has a say in it.
    async fn resolve(&self) -> Result<HostPattern, EndpointError> {
        let label = match self.host.clone()? {
            Host::Domain(pattern) => return Ok(pattern),
            Host::Shared(text) => names::label(self.tunnel.key(), &text),
            Host::Random => names::random(),
        };
        let status = connected(self.tunnel, |_status| true).await?;
        let share_domain = status.share_domain.ok_or(EndpointError::NoShareDomain)?;
        Ok(names::under(&share_domain, &label)?)
    }

    async fn online_as(self, host: HostPattern, backend: Backend) -> Result<Endpoint, EndpointError> {
        let id = self.id.unwrap_or_else(|| MappingId::from_u128(rand::random()));
        let mut mapping = Mapping::to(id, host.clone(), backend).headers(self.headers);
        if let Some(timeout) = self.body_idle {
            mapping = mapping.body_idle_timeout(timeout);
        }
        if let Some(timeout) = self.upgrade_idle {
            mapping = mapping.upgrade_idle_timeout(timeout);
        }
        let revision = self.tunnel.endpoints().add(mapping)?;
        let unfinished = Unfinished(Some(Endpoint { tunnel: self.tunnel.clone(), id, host: host.clone() }));
        let status = connected(self.tunnel, |status| status.synced >= Some(revision)).await?;
        match status.problems.into_iter().find(|problem| problem.id == id && problem.domain == host) {
            Some(problem) => Err(EndpointError::Refused { host, reason: problem.code, message: problem.message }),
            None => unfinished.finish().ok_or(EndpointError::Closed),
        }
    }
}

/// The first status of a tunnel that is up for which this holds.
async fn connected(tunnel: &Tunnel, holds: impl Fn(&Status) -> bool + Send) -> Result<Status, EndpointError> {
    let mut status = tunnel.status();
    tokio::select! {
        biased;
        () = tunnel.closed() => Err(EndpointError::Closed),
        found = status.wait_for(|status| status.state == ConnectionState::Connected && holds(status)) => {
            found.map(|status| status.clone()).map_err(|_gone| EndpointError::Closed)
        }
    }
}

/// Takes an endpoint away that did not come to be.
struct Unfinished(Option<Endpoint>);

impl Unfinished {
    fn finish(mut self) -> Option<Endpoint> {
        self.0.take()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(endpoint) = self.0.take() {
            endpoint.withdraw();
        }
    }
}

/// A public name that is online.
///
/// It is a handle to its tunnel too, which stays open for it. Dropping it leaves the name online as long as the tunnel is
/// open; [`Self::close`] takes it offline.
#[derive(Debug, Clone)]
pub struct Endpoint {
    tunnel: Tunnel,
    id: MappingId,
    host: HostPattern,
}

impl Endpoint {
    /// The public name.
    #[must_use]
    pub const fn host(&self) -> &HostPattern {
        &self.host
    }

    /// The public address, such as `https://app.example.com`, as far as the Gateway's own address tells: a server in front
    /// of it may serve other schemes and ports. For a wildcard it has the wildcard in it.
    #[must_use]
    pub fn url(&self) -> String {
        self.tunnel.agent().public_url(&self.host.to_string())
    }

    /// The endpoint's identifier, in the logs of both ends.
    #[must_use]
    pub const fn id(&self) -> MappingId {
        self.id
    }

    /// The tunnel that it is on.
    #[must_use]
    pub const fn tunnel(&self) -> &Tunnel {
        &self.tunnel
    }

    /// Whether it was not closed yet.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.tunnel.endpoints().has(&self.host, self.id)
    }

    /// Takes the name offline. New requests get 404; open ones go on. Ends once the Gateway knows, or the tunnel is
    /// down.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped half-way, the name goes offline all the same.
    pub async fn close(self) {
        let Some(revision) = self.tunnel.endpoints().remove(&self.host, self.id) else {
            return;
        };
        let mut status = self.tunnel.status();
        let known =
            status.wait_for(|status| status.synced >= Some(revision) || status.state != ConnectionState::Connected);
        let _gone_with_the_tunnel = known.await;
    }

    /// Waits until the tunnel begins to close. The future is no handle; give it to a server's graceful shutdown.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + 'static {
        self.tunnel.closed()
    }

    /// Takes the name offline without waiting.
    pub(crate) fn withdraw(&self) {
        let _next_set = self.tunnel.endpoints().remove(&self.host, self.id);
    }
}
