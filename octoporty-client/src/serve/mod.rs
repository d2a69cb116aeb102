//! What answers the requests of a mapping: an address, a choice of addresses, a listener, or a service in this process.

#[cfg(feature = "axum-08")]
mod axum;
pub(crate) mod backend;
mod body;
mod listener;
pub(crate) mod local;
mod pick;
mod upstream;
mod visitor;

pub use body::Body;
pub(crate) use listener::{Accepting, connection_pair, memory_pair};
pub use listener::{Conn, Listener};
pub use pick::{NoUpstream, PickUpstream, Picking};
pub use upstream::Upstream;
pub use visitor::{Visitor, VisitorScheme};
