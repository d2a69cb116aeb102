//! The public end of an Octoporty tunnel: accept Agents, route visitors.
//!
//! A [`Gateway`] takes visitors' HTTP and WebSocket requests, finds the mapping for the host, and sends each through the
//! tunnel of the Agent that holds it. It knows no database and reads no environment: everything is in its builder.
//!
//! ```no_run
//! use octoporty_core::secret::Secret;
//! use octoporty_server::Gateway;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let key = Secret::new("0123456789abcdef0123456789abcdef".to_owned());
//! let gateway = Gateway::builder().api_key(key).build()?;
//! let listener = tokio::net::TcpListener::bind("0.0.0.0:17200").await?;
//! gateway.serve(listener, 0).await;
//! # Ok(())
//! # }
//! ```
//!
//! In a server of one's own it is a tower service: [`Gateway::into_service`]. An [`Authenticator`] gives each Agent a key
//! of its own, and a [`RouteRegistry`] has a say in each domain.
//!
//! The feature `axum-08` lets `axum::serve` take a Gateway, and adds `Gateway::agent_route`. The guides by task are in
//! `docs/embedding` of the repository, programs to start from in `examples`.

mod auth;
mod caddy_source;
mod claims;
pub mod classify;
mod clock;
mod config;
mod control;
pub mod edge;
mod files;
pub mod forwarding;
mod gateway;
#[cfg(all(doctest, feature = "axum-08"))]
mod guides;
mod health;
mod landing;
mod limiter;
mod listen;
mod logs;
mod metrics;
pub mod observe;
pub mod pages;
mod registry;
mod request_ids;
pub mod routes;
mod service;
mod state;
mod throttle;
pub mod trusted_proxies;
mod tunnel;
mod update;
mod visitor;

pub use auth::{AgentScope, Attempt, Authenticator, Denied, NoKeys, PresentedKey};
pub use caddy_source::{CaddySource, CaddyUnreadable};
pub use claims::{Claim, ClaimRefused, RouteRegistry};
pub use clock::{Clock, SystemClock};
pub use config::{ConfigError, GatewayBuilder};
pub use gateway::{Drained, Gateway};
pub use logs::LogSource;
pub use octoporty_core::{
    host::{HostPattern, Hostname},
    id::{AgentId, MappingId, RequestId},
    secret::Secret,
    transport,
};
pub use registry::AgentStatus;
#[cfg(feature = "axum-08")]
pub use service::ConnectionService;
pub use service::{GatewayService, Peer, VisitorBody};
