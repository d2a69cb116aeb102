//! A Gateway as a tower service, for programs that have a server already.

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::BodyExt;
use tower_service::Service;

use crate::{
    Gateway,
    visitor::{self, BoxError, Visit},
};

pub use crate::visitor::VisitorBody;

/// Where a request comes from, as an extension of it: for servers that are not `axum`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// A [`Gateway`] as a service of requests: visitors', and those of Agents at `/tunnel`.
///
/// The server in front of it must let connections be upgraded, for WebSockets and for Agents. With the feature `axum-08`
/// it goes to `axum::serve` as it is.
///
/// Heads are checked as strictly as at the Gateway's own listener, as far as the server in front let them be seen; where
/// untrusted visitors connect directly, [`Gateway::serve`] or [`Gateway::serve_stream`] sees the raw bytes and is the
/// safer way. Time limits of heads and idle connections are the server's, too.
///
/// The visitor's address is the request's [`Peer`] extension, or `axum`'s `ConnectInfo<SocketAddr>`. Without either it is
/// unknown, so no forwarding field is believed.
#[derive(Debug, Clone)]
pub struct GatewayService {
    gateway: Gateway,
    peer: Option<SocketAddr>,
}

impl Gateway {
    /// The Gateway as a tower service that never fails.
    #[must_use]
    pub const fn into_service(self) -> GatewayService {
        GatewayService { gateway: self, peer: None }
    }
}

impl<B> Service<Request<B>> for GatewayService
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<VisitorBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<VisitorBody>, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let peer = self.peer.or_else(|| peer_of(&request));
        let peer = peer.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
        let visit = Visit::embedded(&self.gateway, peer);
        let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
        Box::pin(async move { Ok(visitor::handle(visit, request).await) })
    }
}

fn peer_of<B>(request: &Request<B>) -> Option<SocketAddr> {
    let extensions = request.extensions();
    if let Some(Peer(peer)) = extensions.get() {
        return Some(*peer);
    }
    #[cfg(feature = "axum-08")]
    if let Some(axum::extract::ConnectInfo(peer)) = extensions.get() {
        return Some(*peer);
    }
    None
}

#[cfg(feature = "axum-08")]
pub use for_axum::ConnectionService;

#[cfg(feature = "axum-08")]
mod for_axum {
    use std::{
        convert::Infallible,
        future::{Ready, ready},
        net::SocketAddr,
        task::{Context, Poll},
    };

    use axum::serve::{IncomingStream, Listener};
    use futures::future::BoxFuture;
    use tower_service::Service;

    use super::GatewayService;
    use crate::Gateway;

    /// Makes the service of one connection, which knows its peer.
    impl<L> Service<IncomingStream<'_, L>> for GatewayService
    where
        L: Listener<Addr = SocketAddr>,
    {
        type Response = ConnectionService;
        type Error = Infallible;
        type Future = Ready<Result<ConnectionService, Infallible>>;

        fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, stream: IncomingStream<'_, L>) -> Self::Future {
            let peer = Some(*stream.remote_addr());
            ready(Ok(ConnectionService(Self { gateway: self.gateway.clone(), peer })))
        }
    }

    /// The service of one connection that `axum` accepted.
    #[derive(Debug, Clone)]
    pub struct ConnectionService(GatewayService);

    impl Service<axum::extract::Request> for ConnectionService {
        type Response = axum::response::Response;
        type Error = Infallible;
        type Future = BoxFuture<'static, Result<axum::response::Response, Infallible>>;

        fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: axum::extract::Request) -> Self::Future {
            let answering = self.0.call(request);
            Box::pin(async move { answering.await.map(|answer| answer.map(axum::body::Body::new)) })
        }
    }

    impl Gateway {
        /// A router with the tunnel's endpoint alone, `/tunnel`, to be merged into a router of one's own. Visitors are not
        /// served by it: see [`Gateway::into_service`], as a fallback for example.
        pub fn agent_route<S>(&self) -> axum::Router<S>
        where
            S: Clone + Send + Sync + 'static,
        {
            axum::Router::new().route_service("/tunnel", self.clone().into_service())
        }
    }
}
