//! Heads as they travel, read and written in place: no header map, no allocation for each field.
//!
//! The same MessagePack as [`RequestHead`](super::RequestHead) and [`ResponseHead`](super::ResponseHead), for exchanges
//! so plain that nothing has to be looked up or changed in a map.

mod read;
mod write;

pub use read::{RawFields, RawRequestHead, RawResponseHead};
pub use write::{HeadWriter, stamp_waited};

#[cfg(test)]
mod tests;
