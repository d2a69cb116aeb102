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
//! let gateway = Gateway::builder(key).build()?;
//! let listener = tokio::net::TcpListener::bind("0.0.0.0:17200").await?;
//! gateway.serve(listener, 0).await;
//! # Ok(())
//! # }
//! ```

mod caddy_source;
pub mod classify;
mod clock;
mod config;
mod control;
pub mod edge;
mod files;
pub mod forwarding;
mod gateway;
mod health;
mod landing;
mod limiter;
mod listen;
mod logs;
mod metrics;
pub mod pages;
mod registry;
mod request_ids;
pub mod routes;
mod state;
mod throttle;
pub mod trusted_proxies;
mod tunnel;
mod update;
mod visitor;

pub use caddy_source::{CaddySource, CaddyUnreadable};
pub use config::{ConfigError, GatewayBuilder};
pub use gateway::{Drained, Gateway};
pub use logs::LogSource;
pub use registry::AgentStatus;
