//! A service in this process: requests go to it as they come out of the tunnel, with no socket and no second parse.
//!
//! Only an upgrade takes a detour: services get their hands on an upgraded connection through hyper, so for one hyper
//! serves the request over a pipe in memory.

use std::{
    convert::Infallible,
    future::poll_fn,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body as _;
use http_body_util::{BodyExt, Empty, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::DuplexStream;
use tower_service::Service;

use super::{Body, Visitor};

/// Any cause.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a service's answer.
pub(crate) type LocalBody = UnsyncBoxBody<Bytes, BoxError>;

/// A service behind a pointer.
pub(crate) trait ErasedService: Send + Sync {
    /// Answers a request.
    fn answer(
        &self,
        request: Request<Body>,
        visitor: &Visitor,
    ) -> BoxFuture<'static, Result<Response<LocalBody>, BoxError>>;

    /// Serves one request that asks for an upgrade, over a connection whose other end speaks HTTP/1.1. Ends with the
    /// answer; an upgraded connection is the service's by then.
    fn serve_upgrade(&self, io: DuplexStream, visitor: Visitor) -> BoxFuture<'static, ()>;
}

/// A tower service, cloned for each request.
pub(crate) struct TowerService<S>(Mutex<S>);

impl<S> TowerService<S> {
    pub(crate) const fn new(service: S) -> Self {
        Self(Mutex::new(service))
    }
}

impl<S, B> ErasedService for TowerService<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn answer(
        &self,
        mut request: Request<Body>,
        visitor: &Visitor,
    ) -> BoxFuture<'static, Result<Response<LocalBody>, BoxError>> {
        introduce(&mut request, visitor.clone());
        let has_body = request.method() != Method::HEAD;
        let service = self.service();
        Box::pin(async move {
            let answer = call(service, request).await?;
            if answer.status().is_informational() {
                return Err("the service answered with an interim status".into());
            }
            Ok(finish(answer, has_body))
        })
    }

    fn serve_upgrade(&self, io: DuplexStream, visitor: Visitor) -> BoxFuture<'static, ()> {
        let service = self.service();
        Box::pin(async move {
            let handle = service_fn(move |request: Request<Incoming>| {
                let service = service.clone();
                let mut request = request.map(|_empty| Body::empty());
                introduce(&mut request, visitor.clone());
                async move { Ok::<_, Infallible>(call(service, request).await.unwrap_or_else(|error| failed(&error))) }
            });
            let mut connection = http1::Builder::new();
            connection.timer(TokioTimer::new()).keep_alive(false);
            if let Err(error) = connection.serve_connection(TokioIo::new(io), handle).with_upgrades().await {
                tracing::debug!(%error, "upgrade not served to its end");
            }
        })
    }
}

impl<S: Clone> TowerService<S> {
    fn service(&self) -> S {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn call<S, B>(mut service: S, request: Request<Body>) -> Result<Response<LocalBody>, BoxError>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    poll_fn(|context| service.poll_ready(context)).await.map_err(Into::into)?;
    let answer = service.call(request).await.map_err(Into::into)?;
    Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync()))
}

/// What a service is told besides the request.
fn introduce(request: &mut Request<Body>, visitor: Visitor) {
    let extensions = request.extensions_mut();
    #[cfg(feature = "axum-08")]
    {
        extensions.insert(axum::extract::ConnectInfo(visitor.socket_addr()));
        extensions.insert(axum::extract::ConnectInfo(visitor.clone()));
    }
    extensions.insert(visitor);
}

/// Does what a server does with an answer: states a length that is known, and sends no body where there can be none
/// (RFC 9110 §6.4.1, §8.6).
fn finish(mut answer: Response<LocalBody>, has_body: bool) -> Response<LocalBody> {
    let status = answer.status();
    let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if !bodiless
        && !answer.headers().contains_key(header::CONTENT_LENGTH)
        && let Some(length) = answer.body().size_hint().exact()
        && (has_body || length > 0)
    {
        answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    if has_body && !bodiless { answer } else { answer.map(|_unsent| nothing()) }
}

fn nothing() -> LocalBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// In place of the answer that a failed service did not give.
fn failed(error: &BoxError) -> Response<LocalBody> {
    tracing::warn!(%error, "the service failed");
    let mut answer = Response::new(nothing());
    *answer.status_mut() = StatusCode::BAD_GATEWAY;
    answer
}
