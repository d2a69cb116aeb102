//! The seam to whoever keeps Caddy in order.

use std::fmt;

use bytes::Bytes;
use futures::future::BoxFuture;
use octoporty_core::message::CaddyState;

/// Caddy's configuration could not be read. The text is for people, and names no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Caddy's configuration cannot be read: {reason}")]
pub struct CaddyUnreadable {
    /// Why not.
    pub reason: String,
}

/// Shows Agents how Caddy is. See [`GatewayBuilder::caddy`](crate::GatewayBuilder::caddy).
pub trait CaddySource: Send + Sync + fmt::Debug {
    /// Caddy's present configuration as JSON, asked for anew, with all secrets redacted (R63). It is cut off after 10 s,
    /// by dropping the future.
    fn config(&self) -> BoxFuture<'_, Result<Bytes, CaddyUnreadable>>;

    /// How the Gateway gets on with Caddy, without asking it.
    fn state(&self) -> CaddyState;
}
