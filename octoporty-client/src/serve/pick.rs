//! Choosing an upstream for each request.

use std::sync::Arc;

use futures::future::BoxFuture;
use http::{HeaderMap, Method};

use super::Visitor;
use crate::upstream::UpstreamTarget;

/// The head of a request that wants an upstream.
#[derive(Debug)]
pub struct Picking<'a> {
    pub(crate) method: &'a Method,
    pub(crate) target: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) visitor: &'a Visitor,
}

impl Picking<'_> {
    /// The method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        self.method
    }

    /// The path without its query, byte for byte as the visitor sent it.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query without its question mark, if there is one.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_path, query)| query)
    }

    /// The fields, `Host` among them; hop-by-hop ones are gone.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        self.headers
    }

    /// Who asks.
    #[must_use]
    pub const fn visitor(&self) -> &Visitor {
        self.visitor
    }
}

/// There is no upstream for a request: the visitor gets 502, the log this reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no upstream for this request: {reason}")]
pub struct NoUpstream {
    reason: String,
}

impl NoUpstream {
    /// For this reason, which only the logs of both ends show.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// Chooses an upstream for each request of a mapping.
///
/// Closures `Fn(&Picking<'_>) -> Arc<UpstreamTarget>` are such choices. Make targets once and clone them: equal targets
/// share pooled connections.
///
/// - **Concurrency.** It is called on the shard of the request, for many requests at once.
/// - **Cancellation.** The future is dropped when the visitor leaves.
/// - **Security.** The choice must not follow what a visitor says without a list of what is allowed: a target made from
///   a header is an open proxy.
pub trait PickUpstream: Send + Sync + 'static {
    /// The upstream of this request.
    ///
    /// # Errors
    ///
    /// When there is none for it.
    fn pick(&self, request: &Picking<'_>) -> impl Future<Output = Result<Arc<UpstreamTarget>, NoUpstream>> + Send;
}

impl<F> PickUpstream for F
where
    F: Fn(&Picking<'_>) -> Arc<UpstreamTarget> + Send + Sync + 'static,
{
    async fn pick(&self, request: &Picking<'_>) -> Result<Arc<UpstreamTarget>, NoUpstream> {
        Ok(self(request))
    }
}

/// [`PickUpstream`] behind a pointer.
pub(crate) trait ErasedPick: Send + Sync {
    fn pick_boxed<'a>(&'a self, request: &'a Picking<'_>) -> BoxFuture<'a, Result<Arc<UpstreamTarget>, NoUpstream>>;
}

impl<P: PickUpstream> ErasedPick for P {
    fn pick_boxed<'a>(&'a self, request: &'a Picking<'_>) -> BoxFuture<'a, Result<Arc<UpstreamTarget>, NoUpstream>> {
        Box::pin(self.pick(request))
    }
}
