//! The HTTP client towards upstreams: one pool a shard, over raw hyper connections.
//!
//! It follows no redirects, keeps no cookies, reads no proxy settings and decompresses nothing (R34): what the
//! upstream says is what the visitor gets. It knows nothing of tunnels and mappings.
//!
//! ```text
//! UpstreamClient::send ──> Pool ── a free connection ──────────┐
//!                           └── none: Dialer: resolve, policy, ├──> hyper h1 or h2 ──> upstream
//!                               connect, TLS, guard, spawn ────┘
//! ```
//!
//! Rules that hold whatever happens:
//!
//! - A request that an upstream may have seen is never sent again; but one without a body that may be repeated
//!   (RFC 9110 §9.2.2) is, once, when the idle connection that it went out on ended without a byte.
//! - A connection is used again only when its request was sent and its answer read, both to the end.
//! - Dropping the future of a request, or the body of its answer, closes its HTTP/1 connection at once, or resets
//!   its HTTP/2 stream.

mod attempt;
mod body;
mod client;
mod connection;
mod dial;
mod error;
mod exchange;
mod io;
pub(crate) mod plain;
mod policy;
mod pool;
mod request;
mod resolve;
mod target;
#[cfg(test)]
mod tests;
#[cfg(feature = "tls-no-provider")]
mod tls;
mod upgrade;

pub use body::UpstreamBody;
pub use client::{UpstreamClient, UpstreamClientBuilder};
pub use dial::ConnectTimes;
pub use error::{ConnectPhase, UpstreamError};
pub use io::UpstreamIo;
pub use policy::{AddressPolicy, DEFAULT_DENY_LIST, Denied, DenyListError};
pub use resolve::{Resolve, Resolving, SystemResolver};
pub use target::{Scheme, TargetError, TlsVerify, UpstreamProtocol, UpstreamTarget, UpstreamTargetBuilder};
#[cfg(feature = "tls-no-provider")]
pub use tls::UpstreamTls;
pub use upgrade::into_upgraded;
