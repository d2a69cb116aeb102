//! The management API and the dashboard: who may ask what, and the answers. Knows nothing of frames and streams.

mod assets;
mod auth;
mod body_start;
mod dns;
mod error;
mod events;
mod gateway;
mod health;
mod hosts;
mod inspect;
mod json;
mod logs;
mod mappings;
mod openapi;
mod origin;
mod peer;
mod query;
mod rate_limit;
mod request_id;
mod router;
mod security_headers;
mod serve;
mod settings;
mod state;
mod status;
#[cfg(test)]
mod tests;
mod traffic;
mod transfer;

pub(crate) use auth::Auth;
pub(crate) use error::Problem;
pub(crate) use hosts::AllowedHosts;
pub(crate) use mappings::{RenderedList, tell_changes};
pub(crate) use rate_limit::RateLimits;
pub(crate) use router::router;
pub(crate) use serve::serve;
pub(crate) use settings::sync_landing;
pub(crate) use state::{ApiConfig, ApiState, Shared};
pub(crate) use status::tell_status;
pub(crate) use traffic::{RequestEvent, StatsPoint};
