//! The handshake of a lane: `Hello`, then `Welcome` or `Refused`.

use serde::{Deserialize, Serialize};

use crate::{
    host::HostPattern,
    id::{AgentId, SessionId},
};

/// The sender can unpack LZ4 blocks.
pub const CAPABILITY_LZ4: &str = "lz4";

/// First message of the Agent on each lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The wire version that the Agent speaks.
    pub wire: u16,
    /// What else it can do; names that the other side does not know are skipped.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Bytes that the Gateway may send on a stream that it opens, before it gets credit.
    pub window: u32,
    /// Streams that the Gateway may have open on this lane at once.
    pub streams: u32,
    /// Who the Agent is, over restarts.
    pub agent: AgentId,
    /// Distinguishes processes with the same identity: random, chosen at each start.
    pub instance: u64,
    /// The session that this lane joins; absent on its first lane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// A name for people, usually the host name.
    #[serde(default)]
    pub name: String,
    /// The Agent's version.
    #[serde(default)]
    pub version: String,
}

/// The Gateway's answer when it opens the lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The wire version that both will speak.
    pub wire: u16,
    /// The capabilities that both have.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Bytes that the Agent may send on a stream that it opens, before it gets credit.
    pub window: u32,
    /// Streams that the Agent may have open on this lane at once.
    pub streams: u32,
    /// The session that the lane belongs to.
    pub session: SessionId,
    /// Lanes that the session should have.
    pub lanes: u8,
    /// A name for people, usually the host name.
    #[serde(default)]
    pub name: String,
    /// The Gateway's version.
    #[serde(default)]
    pub version: String,
    /// How long the Gateway has been up, in seconds.
    #[serde(default)]
    pub uptime_s: u64,
    /// The wildcard under which Agents may take names that they made up, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_domain: Option<HostPattern>,
}

/// Why a lane is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RefusalCode {
    /// The wire versions do not fit.
    Version,
    /// The session to join is not there (any more).
    UnknownSession,
    /// The session has all the lanes that it may have.
    TooManyLanes,
    /// The Gateway is stopping.
    Draining,
    /// The policy of the Gateway says no.
    NotAllowed,
    /// A reason that this version does not know.
    #[serde(other)]
    Other,
}

/// The Gateway's answer when it does not open the lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The reason, for programs.
    pub code: RefusalCode,
    /// The reason, for people.
    #[serde(default)]
    pub message: String,
    /// When to try again, in milliseconds from now.
    #[serde(default)]
    pub retry_after_ms: u64,
}
