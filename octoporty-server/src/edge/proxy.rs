//! The seam between a Gateway and the proxy in front of it.

use std::fmt;

use futures::future::BoxFuture;
use octoporty_core::host::HostPattern;

use super::{Desired, EdgeError};

/// A proxy in front of a Gateway whose routes the Gateway keeps.
///
/// A Gateway has one writer: [`Self::apply`] is never called while another call of it is under way.
/// [`Self::config`] may be called at any time.
pub trait EdgeProxy: fmt::Debug + Send + Sync {
    /// Compares the proxy's routes with `desired` and mends the difference, in one change to the proxy or none.
    ///
    /// Routes of others stay as they are, and those of this Gateway that are not in `desired` stay too unless
    /// [`Desired::is_complete`].
    ///
    /// # Errors
    ///
    /// When the proxy could not be read or written. Whatever happened, no route that is in `desired` was removed (R63).
    ///
    /// # Cancel safety
    ///
    /// Dropped half-way, the change was made whole or not at all; the next call finds out.
    fn apply<'a>(&'a self, desired: &'a Desired) -> BoxFuture<'a, Result<Applied, EdgeError>>;

    /// The proxy's whole configuration, with secrets redacted (R63).
    ///
    /// # Errors
    ///
    /// When the proxy could not be read.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it reads only.
    fn config(&self) -> BoxFuture<'_, Result<serde_json::Value, EdgeError>>;
}

/// What a pass changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Routes that were missing.
    pub added: usize,
    /// Routes that said something else, or stood where others would take their requests.
    pub changed: usize,
    /// Routes that nobody needs any more.
    pub removed: usize,
    /// Domains that the proxy's own configuration serves already, so that their route is never reached.
    pub shadowed: Vec<HostPattern>,
}

impl Applied {
    /// Whether anything was written.
    #[must_use]
    pub const fn is_change(&self) -> bool {
        self.added + self.changed + self.removed > 0
    }
}
