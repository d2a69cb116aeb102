//! Where an Agent's mappings come from, if not from calls.

use std::future::pending;

use tokio::sync::watch;

use crate::Mapping;

/// Where an Agent's mappings come from: a file that is watched, a database, a service registry.
///
/// The Agent asks again as soon as it has taken a set over. A `watch` channel of sets is a source, and so is a fixed set.
pub trait RouteSource: Send + 'static {
    /// Called once, before the first [`Self::next`]. Default: nothing.
    fn begin(&mut self) {}

    /// The whole set: the first call gives the one to begin with, later ones wait for a change. `None` says that no
    /// change will come; the last set stays.
    ///
    /// # Cancel safety
    ///
    /// It must be cancel safe: a set that was not given must be given by the next call.
    fn next(&mut self) -> impl Future<Output = Option<Vec<Mapping>>> + Send;
}

/// A fixed set.
impl RouteSource for Vec<Mapping> {
    async fn next(&mut self) -> Option<Self> {
        if self.is_empty() { pending().await } else { Some(std::mem::take(self)) }
    }
}

/// The newest set; the one that the channel holds at the start, seen or not, is the first.
impl RouteSource for watch::Receiver<Vec<Mapping>> {
    fn begin(&mut self) {
        self.mark_changed();
    }

    async fn next(&mut self) -> Option<Vec<Mapping>> {
        self.changed().await.ok()?;
        Some(self.borrow_and_update().clone())
    }
}
