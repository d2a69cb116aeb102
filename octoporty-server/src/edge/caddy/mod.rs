//! Caddy as the proxy in front, through its admin API.
//!
//! A pass reads the whole configuration with its `Etag`, plans one write, and makes it with `If-Match`. So routes that
//! others add in between are never lost, and however many routes change, Caddy loads its configuration once.
//!
//! ```text
//!   address  where the admin API is       config   what it has, what must be written
//!   api      asks it                      route    one mapping as a route of Caddy
//!   proxy    the passes                   coverage which domains a route of others answers
//!   redact   what an Agent may see        servers  which server block the routes belong to
//!                                         arrange  where they stand in it
//! ```

mod address;
mod api;
mod arrange;
mod config;
mod coverage;
mod proxy;
mod redact;
mod route;
mod servers;

pub use address::{AdminAddress, AdminAddressError};
pub use proxy::Caddy;
pub use redact::redact;
