//! The management API and the dashboard: who may ask what, and the answers. Knows nothing of frames and streams.

mod auth;
mod error;
mod health;
mod hosts;
mod json;
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
mod state;
#[cfg(test)]
mod tests;

pub(crate) use auth::Auth;
pub(crate) use error::Problem;
pub(crate) use hosts::AllowedHosts;
pub(crate) use mappings::tell_changes;
pub(crate) use rate_limit::RateLimits;
pub(crate) use router::router;
pub(crate) use serve::serve;
pub(crate) use state::{ApiConfig, ApiState, Shared};
