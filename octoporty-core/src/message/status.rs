//! How the Gateway is doing, for the Agents' dashboards.

use serde::{Deserialize, Serialize};

use super::{CaddyState, LandingOwner, QueuedUpdate};

/// The answer to `status.read`. What a later version adds has a default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GatewayStatus {
    /// The Gateway's version.
    #[serde(default)]
    pub version: String,
    /// How long it has been up, in seconds.
    #[serde(default)]
    pub uptime_s: u64,
    /// Its name for people, usually the host name.
    #[serde(default)]
    pub name: String,
    /// Threads of its data path.
    #[serde(default)]
    pub shards: u32,
    /// Agents that are connected.
    #[serde(default)]
    pub agents: u32,
    /// Lanes of all of them.
    #[serde(default)]
    pub lanes: u32,
    /// How it gets on with Caddy.
    #[serde(default)]
    pub caddy: CaddyState,
    /// Whether an Agent may ask for an update.
    #[serde(default)]
    pub remote_update: bool,
    /// The update that waits for the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<QueuedUpdate>,
    /// Whose landing page is shown; absent while nobody has set one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landing: Option<LandingOwner>,
    /// Log lines that live streams left out since the start.
    #[serde(default)]
    pub log_lines_skipped: u64,
}
