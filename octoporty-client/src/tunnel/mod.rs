//! A tunnel for programs that put something online themselves: endpoints come and go by calls.
//!
//! [`Agent`](crate::Agent) is what it stands on, for programs that keep a set of mappings.

mod builder;
mod drain;
mod endpoint;
mod endpoints;
mod error;
mod handle;
mod host;
mod names;

pub use builder::TunnelBuilder;
pub use drain::DrainReport;
pub use endpoint::{Endpoint, EndpointBuilder};
pub use error::{ConnectError, EndpointError};
pub use handle::Tunnel;
pub use host::{Host, IntoHost};
