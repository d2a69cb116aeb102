//! What an Agent asks of its Gateway besides traffic: status, log lines, Caddy's configuration, the landing page, updates.
//!
//! A [`GatewayControl`] comes from [`Agent::control`](crate::Agent::control). Each question is a call over a lane of its
//! own choice, with a deadline; dropping its future cancels it at the Gateway too. What a Gateway answers is data to be
//! shown, bounded and escaped here whatever it sent (R36).

pub(crate) mod call;
mod error;
mod gateway;
mod landing;
mod tail;
mod update;

pub use error::ControlError;
pub use gateway::{CaddyConfig, GatewayControl};
pub use landing::{Landing, LandingOutcome, LandingPageError};
pub use tail::LogTail;
pub use update::{Force, UpdateOutcome};
