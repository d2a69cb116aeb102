//! How the tunnel is doing, as others may see it.

use std::{fmt, time::Duration};

use octoporty_core::{
    host::HostPattern,
    id::{MappingId, SessionId},
};
use tokio::time::Instant;

use crate::TunnelFailure;

/// Where the connection to the Gateway stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ConnectionState {
    /// Not connected, and not trying: not started yet, or stopped.
    #[default]
    Disconnected,
    /// Dialling for the first time.
    Connecting,
    /// Connected; the handshake runs.
    Authenticating,
    /// The mappings are being sent.
    Syncing,
    /// Requests come through.
    Connected,
    /// Lost, and dialling again or waiting to.
    Reconnecting,
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A mapping that the Gateway did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouteProblem {
    /// The mapping.
    pub id: MappingId,
    /// Its public name.
    pub domain: HostPattern,
    /// For programs: `taken`, `reserved`, `not-allowed`.
    pub code: String,
    /// For people.
    pub message: String,
}

/// A moment's view of the tunnel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Status {
    /// Where the connection stands.
    pub state: ConnectionState,
    /// Since when it stands there.
    pub since: Option<Instant>,
    /// When it was last fully connected.
    pub last_connected: Option<Instant>,
    /// When it was last lost.
    pub last_disconnected: Option<Instant>,
    /// Attempts since it was last connected.
    pub attempts: u32,
    /// When the next attempt is due, while waiting for it.
    pub next_attempt: Option<Instant>,
    /// What went wrong last, in one line with the remedy where there is one.
    pub last_error: Option<String>,
    /// The kind of what ended the last connection, or kept the last try from making one. It stays when the tunnel is back.
    pub last_failure: Option<TunnelFailure>,
    /// The stay at the Gateway, while there is one.
    pub session: Option<SessionId>,
    /// The Gateway's name for people.
    pub gateway_name: Option<String>,
    /// The Gateway's version.
    pub gateway_version: Option<String>,
    /// When the Gateway started, by its own count.
    pub gateway_started: Option<Instant>,
    /// The Gateway said that it will restart, and over how long to spread the return if it goes without a goodbye.
    pub gateway_restart: Option<Duration>,
    /// The last round trip.
    pub round_trip: Option<Duration>,
    /// Lanes that are up.
    pub lanes: usize,
    /// The wildcard under which the Gateway gives out names, such as `*.share.example.com`, if it does.
    pub share_domain: Option<HostPattern>,
    /// The revision of the mappings that the Gateway has answered to, which is the one that `live` and what follows it
    /// speak of; none while the tunnel is down. See [`Agent::replace_mappings`](crate::Agent::replace_mappings).
    pub synced: Option<u64>,
    /// Mappings that are live at the Gateway.
    pub live: u32,
    /// Mappings that the Gateway did not take, at most 1,024 of them.
    pub problems: Vec<RouteProblem>,
    /// How many more it did not take, without saying which.
    pub unnamed_problems: u32,
}
