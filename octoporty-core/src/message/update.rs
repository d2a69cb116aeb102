//! Asking the Gateway to update itself.

use serde::{Deserialize, Serialize};

/// The body of an `update.request` call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateRequest {
    /// The version to update to, in strict semantic versioning.
    pub version: String,
    /// Take it even if it is not newer.
    #[serde(default)]
    pub force: bool,
}

/// What became of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum UpdateStatus {
    /// The host was told; the Gateway will restart.
    Queued,
    /// Nothing happens; the code says why.
    Rejected,
    /// An update waits for the host already.
    AlreadyQueued,
    /// A status that this version does not know.
    #[serde(other)]
    Other,
}

/// The answer to `update.request`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateAnswer {
    /// What became of it.
    pub status: UpdateStatus,
    /// Why it was rejected, for programs: `not-newer`, `bad-version`, `not-allowed`, `too-soon`, `unavailable`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// What happens now, or why nothing does, for people.
    #[serde(default)]
    pub message: String,
    /// The version that the Gateway has.
    #[serde(default)]
    pub version: String,
}

/// An update that waits for the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedUpdate {
    /// The version to come.
    pub target: String,
    /// The Agent that asked for it.
    #[serde(default)]
    pub by: String,
    /// When, in milliseconds since 1970 (UTC).
    #[serde(default)]
    pub at_ms: u64,
}
