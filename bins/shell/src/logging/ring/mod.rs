//! The last log lines in memory, for pages, live tails and counts. What is older is in the log file only.
//!
//! Whoever logs formats its line before it takes the ring's lock, and holds that for a push. Readers take the lines they
//! look at in small portions, and filter them outside of it.

mod counts;
mod follower;
mod layer;
mod lines;

pub use follower::LogFollower;
pub use layer::RingLayer;
pub use lines::{LogRing, RING_BYTES_MAX, RING_ENTRIES_MAX};

#[cfg(test)]
mod tests;
