//! A handle to a tunnel.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::stream::BoxStream;
use http::{Request, Response};
use octoporty_core::secret::Secret;
use tokio::sync::watch;
use tower_service::Service;

use super::{
    DrainReport, Endpoint, EndpointBuilder, EndpointError, IntoHost, TunnelBuilder, builder::last_failure,
    endpoints::Endpoints,
};
use crate::{Agent, Body, ConnectionState, Event, Failure, Listener, Status, Upstream};

/// A tunnel to a Gateway that puts endpoints online.
///
/// Clones are handles to the same tunnel, and so are its endpoints and listeners: it closes when the last of them is
/// dropped, or by [`Tunnel::drain`]. A tunnel that is lost comes back by itself, with all its endpoints.
///
/// # Examples
///
/// ```no_run
/// use octoporty_client::{Secret, Tunnel, Upstream};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let key = Secret::new(std::fs::read_to_string("api-key")?.trim().to_owned());
/// let tunnel = Tunnel::builder().gateway("wss://gateway.example.com/tunnel").api_key(key).connect().await?;
/// let endpoint = tunnel.forward("app.example.com", Upstream::http("localhost", 3000)?).await?;
/// println!("online at {}", endpoint.url());
/// tunnel.closed().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Tunnel {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    endpoints: Endpoints,
    /// Names are made from it.
    key: Secret,
}

impl Tunnel {
    /// Starts with no settings.
    pub fn builder() -> TunnelBuilder {
        TunnelBuilder::new()
    }

    pub(super) fn new(agent: Agent, key: Secret) -> Self {
        Self { inner: Arc::new(Inner { endpoints: Endpoints::new(agent), key }) }
    }

    /// Starts an endpoint for HTTP under this name, with settings of its own; [`Self::serve`], [`Self::forward`] and
    /// [`Self::listen`] are for those without.
    pub fn http(&self, host: impl IntoHost) -> EndpointBuilder<'_> {
        EndpointBuilder::new(self, host.into_host())
    }

    /// Answers requests for `host` with a tower service, such as an `axum::Router`: see [`EndpointBuilder::serve`].
    ///
    /// # Errors
    ///
    /// When the Gateway does not take the host: see [`EndpointError`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready, the endpoint is gone.
    pub async fn serve<S, B>(&self, host: impl IntoHost, service: S) -> Result<Endpoint, EndpointError>
    where
        S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.http(host).serve(service).await
    }

    /// Forwards requests for `host` to a service that listens already: see [`EndpointBuilder::forward`].
    ///
    /// # Errors
    ///
    /// When the Gateway does not take the host: see [`EndpointError`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready, the endpoint is gone.
    pub async fn forward(&self, host: impl IntoHost, upstream: impl Into<Upstream>) -> Result<Endpoint, EndpointError> {
        self.http(host).forward(upstream).await
    }

    /// Gives a listener for `host`, for servers that accept connections: see [`EndpointBuilder::listen`].
    ///
    /// # Errors
    ///
    /// When the Gateway does not take the host: see [`EndpointError`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready, the endpoint is gone.
    pub async fn listen(&self, host: impl IntoHost) -> Result<Listener, EndpointError> {
        self.http(host).listen().await
    }

    /// How the tunnel is doing, now and from now on.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.agent().status()
    }

    /// What happens from now on, until the tunnel is gone. At most 256 events wait for a slow reader.
    #[must_use]
    pub fn events(&self) -> BoxStream<'static, Event> {
        self.agent().events()
    }

    /// Waits until the tunnel is up, which it is already when it comes from [`TunnelBuilder::connect`].
    ///
    /// # Errors
    ///
    /// When only a person can mend what is wrong, such as a wrong key. The tunnel goes on trying.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn connected(&self) -> Result<(), Failure> {
        let mut status = self.status();
        let decided = status.wait_for(|status| {
            status.state == ConnectionState::Connected
                || status.last_failure.is_some_and(|failure| !failure.is_retryable())
        });
        match decided.await {
            Ok(status) if status.state == ConnectionState::Connected => Ok(()),
            Ok(status) => last_failure(&status).map_or(Ok(()), Err),
            // The sender lives as long as the handle that is held here.
            Err(_closed) => Ok(()),
        }
    }

    /// Waits until the tunnel begins to close: by [`Self::drain`], or with its last handle. The future is no handle; give
    /// it to a server's graceful shutdown.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + 'static {
        self.agent().closed()
    }

    /// Closes the tunnel: tells the Gateway, takes no new requests, lets open ones finish within `period`, then cuts what
    /// is left.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: dropped half-way, open requests go on until the last handle is dropped.
    pub async fn drain(&self, period: Duration) -> DrainReport {
        let exchanges = self.agent().exchanges().clone();
        let before = exchanges.finished();
        let mut report = DrainReport::default();
        let draining = self.agent().shutdown_with(period, || {
            // What is cut comes to an end too, but not to its own.
            report.aborted = exchanges.open();
            report.finished = exchanges.finished().saturating_sub(before);
        });
        draining.await;
        report
    }

    /// The Agent underneath: its identity, and calls to the Gateway.
    #[must_use]
    pub fn agent(&self) -> &Agent {
        self.inner.endpoints.agent()
    }

    pub(super) fn endpoints(&self) -> &Endpoints {
        &self.inner.endpoints
    }

    pub(super) fn key(&self) -> &Secret {
        &self.inner.key
    }
}
