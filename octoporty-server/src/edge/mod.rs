//! The TLS proxy in front of a Gateway: its routes follow the registry's, and it may ask which domains are mapped.
//!
//! ```text
//!   Registry ──changes──► Edge::keep ──Desired──► EdgeProxy ──► Caddy's admin API
//!   Caddy, before it fetches a certificate ──► Gateway::serve_ask
//! ```
//!
//! Level-triggered: each pass compares all that should be there with all that is there, so it does not matter which
//! change, restart or failure came before.

mod ask;
mod ask_limits;
mod backoff;
pub mod caddy;
mod desired;
mod error;
mod keep;
mod network;
mod proxy;
mod source;

pub use desired::{Completeness, Desired};
pub use error::EdgeError;
pub use keep::{Edge, EdgeOptions};
pub use proxy::{Applied, EdgeProxy};
