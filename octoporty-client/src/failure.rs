//! What ended a connection to the Gateway, or kept one from being made: one word for programs.

use octoporty_core::{
    message::{GoAwayReason, RefusalCode},
    proto::ConnectionError,
};

use crate::connect::DialError;

/// Why the last try to connect failed, or the tunnel was lost: a kind for programs, and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    kind: TunnelFailure,
    message: String,
}

impl Failure {
    pub(crate) const fn new(kind: TunnelFailure, message: String) -> Self {
        Self { kind, message }
    }

    /// What it was.
    #[must_use]
    pub const fn kind(&self) -> TunnelFailure {
        self.kind
    }

    /// A word for programs and statistics, such as `wrong-key` or `connection-refused`. It stays the same over versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Whether trying again may help without a person's doing. A wrong key will not become right.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        self.kind.is_retryable()
    }
}

/// What ended a connection to the Gateway, or kept one from being made. The sentence beside it is
/// [`Status::last_error`](crate::Status::last_error).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TunnelFailure {
    /// The Gateway refused the key.
    WrongKey,
    /// The Gateway takes no more tries from this address for now.
    TooManyTries,
    /// The Gateway speaks another version of the tunnel.
    Version,
    /// The Gateway's policy says no, or the session to join is not there.
    NotAllowed,
    /// The Gateway stops and takes nobody in.
    Draining,
    /// Its name was not found.
    NameNotFound,
    /// Nothing listens there.
    ConnectionRefused,
    /// There is no way there.
    Unreachable,
    /// It took too long.
    TimedOut,
    /// Its certificate was refused.
    Certificate,
    /// The TLS handshake failed for another reason.
    Tls,
    /// The proxy on the way refused, or failed.
    Proxy,
    /// Something answers there that is no Gateway.
    NotAGateway,
    /// The Gateway, or what stands in front of it, answered with 5xx.
    Unavailable,
    /// The WebSocket handshake broke off.
    Handshake,
    /// The mappings could not be synced.
    Sync,
    /// Nothing was heard for too long.
    Silent,
    /// The connection broke.
    Lost,
    /// One side broke the protocol.
    Protocol,
    /// The Gateway stopped.
    Shutdown,
    /// The Gateway restarts.
    Restart,
    /// Another process with the same identity took over.
    Replaced,
    /// The connection was used up, and makes room for a new one.
    Exhausted,
    /// The Gateway ended the session for a reason that this version does not know.
    Ended,
    /// Somebody here asked for a new connection.
    Reconnect,
    /// The settings cannot be used.
    Settings,
}

impl TunnelFailure {
    /// A stable word, such as `wrong-key` or `keepalive-timeout`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::WrongKey => "wrong-key",
            Self::TooManyTries => "too-many-tries",
            Self::Version => "version",
            Self::NotAllowed => "not-allowed",
            Self::Draining => "draining",
            Self::NameNotFound => "name-not-found",
            Self::ConnectionRefused => "connection-refused",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed-out",
            Self::Certificate => "certificate",
            Self::Tls => "tls",
            Self::Proxy => "proxy",
            Self::NotAGateway => "not-a-gateway",
            Self::Unavailable => "unavailable",
            Self::Handshake => "handshake",
            Self::Sync => "sync",
            Self::Silent => "keepalive-timeout",
            Self::Lost => "connection-lost",
            Self::Protocol => "protocol",
            Self::Shutdown => "gateway-stopped",
            Self::Restart => "gateway-restart",
            Self::Replaced => "replaced",
            Self::Exhausted => "exhausted",
            Self::Ended => "gateway-ended",
            Self::Reconnect => "reconnect",
            Self::Settings => "settings",
        }
    }

    /// Whether trying again may help without a person's doing. A wrong key will not become right.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        !matches!(self, Self::WrongKey | Self::Version | Self::NotAllowed | Self::Settings)
    }

    /// The Gateway was there and did not let this Agent in.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(self, Self::WrongKey | Self::TooManyTries | Self::Version | Self::NotAllowed | Self::Draining)
    }

    /// One side ended the connection in good order.
    #[must_use]
    pub const fn is_orderly(self) -> bool {
        matches!(
            self,
            Self::Shutdown | Self::Restart | Self::Replaced | Self::Exhausted | Self::Ended | Self::Reconnect
        )
    }
}

impl From<&DialError> for TunnelFailure {
    fn from(error: &DialError) -> Self {
        match error {
            DialError::WrongKey { .. } => Self::WrongKey,
            DialError::TooManyTries { .. } => Self::TooManyTries,
            DialError::Version { .. } | DialError::Subprotocol { .. } => Self::Version,
            DialError::Name { .. } => Self::NameNotFound,
            DialError::Refused { .. } => Self::ConnectionRefused,
            DialError::Unreachable { .. } | DialError::Connector { .. } => Self::Unreachable,
            DialError::TimedOut { .. } => Self::TimedOut,
            DialError::Certificate { .. } => Self::Certificate,
            DialError::Tls { .. } => Self::Tls,
            DialError::ProxyRefused { .. } | DialError::ProxyFailed { .. } => Self::Proxy,
            DialError::NotAGateway { .. } => Self::NotAGateway,
            DialError::Unavailable { .. } => Self::Unavailable,
            DialError::Handshake { .. } => Self::Handshake,
            DialError::Url { .. }
            | DialError::ProxyUrl { .. }
            | DialError::Insecure { .. }
            | DialError::Key
            | DialError::TlsNotBuilt { .. } => Self::Settings,
        }
    }
}

impl From<&ConnectionError> for TunnelFailure {
    fn from(error: &ConnectionError) -> Self {
        match error {
            ConnectionError::Silent { .. } => Self::Silent,
            ConnectionError::HandshakeTimeout { .. } => Self::TimedOut,
            ConnectionError::Refused(refused) => match refused.code {
                RefusalCode::Version => Self::Version,
                RefusalCode::Draining => Self::Draining,
                _ => Self::NotAllowed,
            },
            ConnectionError::ClosedByPeer { reason, .. } => (*reason).into(),
            ConnectionError::TransportLost { .. } | ConnectionError::Closed => Self::Lost,
            ConnectionError::WrongVersion { .. } => Self::Version,
            _ => Self::Protocol,
        }
    }
}

impl From<GoAwayReason> for TunnelFailure {
    fn from(reason: GoAwayReason) -> Self {
        match reason {
            GoAwayReason::Shutdown => Self::Shutdown,
            GoAwayReason::Restart => Self::Restart,
            GoAwayReason::Exhausted => Self::Exhausted,
            GoAwayReason::Replaced => Self::Replaced,
            GoAwayReason::Protocol => Self::Protocol,
            _ => Self::Ended,
        }
    }
}
