//! A restart of the Gateway that is to come.

use serde::{Deserialize, Serialize};

/// The call by which a Gateway tells its Agents.
pub const RESTART_COMING: &str = "restart.coming";

/// Its body. Nothing else changes: the lane takes streams as before, until the goodbye.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartComing {
    /// Why, for people.
    #[serde(default)]
    pub message: String,
    /// If the tunnel is lost without a goodbye, reconnect at a random moment within this many milliseconds.
    #[serde(default)]
    pub spread_ms: u32,
}
