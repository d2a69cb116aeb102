//! Leaving in good order.

use serde::{Deserialize, Serialize};

/// Why no new streams are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GoAwayReason {
    /// The program stops.
    Shutdown,
    /// The program restarts and will be back.
    Restart,
    /// The stream identifiers of this lane are nearly used up; open another lane.
    Exhausted,
    /// A newer connection of the same Agent took over.
    Replaced,
    /// The other side broke the protocol; the lane closes at once.
    Protocol,
    /// A reason that this version does not know.
    #[serde(other)]
    Other,
}

/// No new streams will be taken; what is open may finish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoAway {
    /// The reason, for programs.
    pub reason: GoAwayReason,
    /// The reason, for people.
    #[serde(default)]
    pub message: String,
    /// The highest identifier of the peer's streams that was taken; later ones may be repeated elsewhere.
    #[serde(default)]
    pub last_stream: u32,
    /// Reconnect at a random moment within this many milliseconds, so that not all come at once.
    #[serde(default)]
    pub spread_ms: u32,
}
