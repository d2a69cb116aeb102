//! What the Gateway counts, and showing it to Prometheus on a port of its own (R61).
//!
//! What each request touches is kept apart for each shard, so that shards do not fight over a cache line; readers add up.
//! Everything else is counted where it happens, or asked for when somebody reads.

mod exposition;
mod lanes;
mod render;
mod routes;
mod serve;
mod shard;

pub(crate) use lanes::LaneMetrics;
pub(crate) use routes::{RouteSlot, RouteSlots};
pub(crate) use shard::Ended;
pub use shard::Failure;
pub(crate) use shard::ShardMetrics;

use std::sync::{Arc, atomic::AtomicU64};

/// All counts of one Gateway.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// By number.
    pub(crate) shards: Box<[ShardMetrics]>,
    /// Which mappings are counted apart.
    pub(crate) routes: Arc<RouteSlots>,
    pub(crate) lanes: LaneMetrics,
    /// Sessions that Agents began.
    pub(crate) sessions: AtomicU64,
    /// Those of Agents that had been here before.
    pub(crate) reconnects: AtomicU64,
    /// Lanes that were not opened.
    pub(crate) lanes_refused: AtomicU64,
    /// Attempts with a wrong key.
    pub(crate) wrong_keys: AtomicU64,
}

impl Metrics {
    pub(crate) fn new(shards: usize) -> Self {
        Self {
            shards: (0..shards.max(1)).map(|_| ShardMetrics::default()).collect(),
            routes: Arc::default(),
            lanes: LaneMetrics::default(),
            sessions: AtomicU64::new(0),
            reconnects: AtomicU64::new(0),
            lanes_refused: AtomicU64::new(0),
            wrong_keys: AtomicU64::new(0),
        }
    }

    /// The counts of a shard.
    pub(crate) fn shard(&self, number: usize) -> &ShardMetrics {
        &self.shards[number % self.shards.len()]
    }
}

#[cfg(test)]
mod tests;
