//! What can go wrong on the way to a Gateway, each as one line that says what to do.

use std::{fmt, io, net::SocketAddr, time::Duration};

use http::StatusCode;

use super::certificate::CertificateRefused;

/// What was under way when the time for a dial ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DialPhase {
    /// Looking up the name.
    Name,
    /// Opening the TCP connection.
    Tcp,
    /// Asking the proxy.
    Proxy,
    /// The TLS handshake.
    Tls,
    /// The WebSocket handshake.
    WebSocket,
}

impl fmt::Display for DialPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "looking up its name",
            Self::Tcp => "opening a connection",
            Self::Proxy => "asking the proxy",
            Self::Tls => "shaking hands over TLS",
            Self::WebSocket => "waiting for its answer",
        })
    }
}

/// Why a Gateway could not be dialled. `address` is its URL without a query.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The URL can not be used. The configuration's doing.
    #[error("the Gateway URL `{url}` can not be used: {reason}; set Agent__GatewayUrl to wss://HOST/tunnel")]
    Url {
        /// The URL, without what may be secret in it.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The proxy's URL can not be used. The configuration's doing.
    #[error(
        "the proxy URL `{url}` can not be used: {reason}; it looks like http://user:password@HOST:PORT or socks5://HOST:PORT"
    )]
    ProxyUrl {
        /// The URL, without what may be secret in it.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Plain text to another machine, without permission (R21).
    #[error("{address} is not encrypted and leads to another machine; use wss://, or allow it explicitly")]
    Insecure {
        /// The Gateway.
        address: String,
    },
    /// The key has characters that no header can carry, or none at all.
    #[error("the key can not be sent; set Agent__ApiKey to the Gateway's key, printable ASCII only")]
    Key,
    /// The name was not found.
    #[error("{address}: the name `{host}` was not found; check Agent__GatewayFqdn and the network")]
    Name {
        /// The Gateway.
        address: String,
        /// The name: the Gateway's, or its proxy's.
        host: String,
        /// What the resolver said; `None` if it said that there is no address.
        source: Option<io::Error>,
    },
    /// Nothing listens there.
    #[error("{address}: {peer} refused the connection; is the Gateway running, and the port right?")]
    Refused {
        /// The Gateway.
        address: String,
        /// The last address that was tried: the Gateway's, or its proxy's.
        peer: SocketAddr,
    },
    /// There is no way there.
    #[error("{address}: {peer} can not be reached; check the network")]
    Unreachable {
        /// The Gateway.
        address: String,
        /// The last address that was tried: the Gateway's, or its proxy's.
        peer: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The program's own connector gave no stream.
    #[error("{address}: no connection could be opened")]
    Connector {
        /// The Gateway.
        address: String,
        /// What it said.
        source: io::Error,
    },
    /// The time for the whole dial ran out.
    #[error("{address}: no tunnel within {} s, while {phase}", after.as_secs())]
    TimedOut {
        /// The Gateway.
        address: String,
        /// What was under way.
        phase: DialPhase,
        /// The limit.
        after: Duration,
    },
    /// The certificate was refused.
    #[error("{address}: {refused}; {}", refused.advice_on_gateway())]
    Certificate {
        /// The Gateway.
        address: String,
        /// Why, and what was shown.
        refused: Box<CertificateRefused>,
    },
    /// The TLS handshake failed for another reason.
    #[error("{address}: the TLS handshake failed; is that port the one for HTTPS?")]
    Tls {
        /// The Gateway.
        address: String,
        /// What was wrong.
        source: io::Error,
    },
    /// TLS without the crate feature `tls`, or with `tls-no-provider` and no provider.
    #[error(
        "{address}: this build can not speak TLS; it needs the feature `tls`, or a crypto provider for the process"
    )]
    TlsNotBuilt {
        /// The Gateway.
        address: String,
    },
    /// The proxy said no.
    #[error("the proxy {proxy} refused to connect to {address}: {reason}; check its rules and password")]
    ProxyRefused {
        /// The Gateway.
        address: String,
        /// The proxy's host and port.
        proxy: String,
        /// What the proxy answered.
        reason: String,
    },
    /// The proxy spoke no HTTP, or no SOCKS, or went away.
    #[error("the proxy {proxy} gave no proper answer")]
    ProxyFailed {
        /// The proxy's host and port.
        proxy: String,
        /// What was seen of it.
        source: io::Error,
    },
    /// 401 or 403: the key is wrong.
    #[error("{address} refused the key; set Agent__ApiKey to the value of Gateway__ApiKey")]
    WrongKey {
        /// The Gateway.
        address: String,
    },
    /// 429: too many tries with a wrong key from this address.
    #[error("{address} takes no more tries from here for now; check Agent__ApiKey")]
    TooManyTries {
        /// The Gateway.
        address: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// Something answers there that has no tunnel.
    #[error("{address} answers with status {status}, but is no Octoporty Gateway; check the URL's path (/tunnel)")]
    NotAGateway {
        /// The Gateway.
        address: String,
        /// What it answered.
        status: u16,
    },
    /// 426: no upgrade arrived there, or one to another version of WebSocket.
    #[error(
        "{address} got no WebSocket upgrade; let the proxy in front of it pass upgrades on, or update the Agent or the Gateway"
    )]
    Version {
        /// The Gateway.
        address: String,
    },
    /// The subprotocol was not agreed on.
    #[error("{address} speaks WebSocket, but not the tunnel protocol; check the URL, or update the Gateway")]
    Subprotocol {
        /// The Gateway.
        address: String,
    },
    /// 5xx: the Gateway, or its front, is not well.
    #[error("{address} answers with status {status}; is the Gateway behind its front up?")]
    Unavailable {
        /// The Gateway.
        address: String,
        /// What it answered.
        status: u16,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// The handshake broke off, or was not HTTP.
    #[error("{address}: the WebSocket handshake failed; is that port the right one, and wss:// or ws://?")]
    Handshake {
        /// The Gateway.
        address: String,
        /// What was wrong.
        source: HandshakeError,
    },
}

/// Why a WebSocket handshake failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The connection broke.
    #[error("the connection broke")]
    Io(#[from] io::Error),
    /// The connection ended before the answer did.
    #[error("the connection ended before the answer did")]
    Ended,
    /// What came is no HTTP, or no agreement to the upgrade.
    #[error("the answer is malformed")]
    Answer(#[from] octoporty_core::http1::HeadError),
    /// `Sec-WebSocket-Accept` is not what follows from our key (RFC 6455 §4.1): something else answered.
    #[error("the answer is to another request")]
    Accept,
}

impl DialError {
    /// Trying again will not help until a person has changed something. An Agent tries on all the same, for that may be
    /// at the Gateway.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        matches!(
            self,
            Self::Url { .. }
                | Self::ProxyUrl { .. }
                | Self::Insecure { .. }
                | Self::Key
                | Self::TlsNotBuilt { .. }
                | Self::WrongKey { .. }
                | Self::Version { .. }
                | Self::Subprotocol { .. }
        )
    }

    /// Whether the same dial may succeed later, without a person's help.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        !self.is_fatal()
    }

    /// A word for programs and statistics. It stays the same over versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Url { .. } => "gateway-url",
            Self::ProxyUrl { .. } => "proxy-url",
            Self::Insecure { .. } => "insecure",
            Self::Key => "key-not-sendable",
            Self::Name { .. } => "name-not-found",
            Self::Refused { .. } => "connection-refused",
            Self::Unreachable { .. } => "unreachable",
            Self::Connector { .. } => "connector-failed",
            Self::TimedOut { .. } => "timed-out",
            Self::Certificate { .. } => "certificate",
            Self::Tls { .. } => "tls",
            Self::TlsNotBuilt { .. } => "tls-not-built",
            Self::ProxyRefused { .. } => "proxy-refused",
            Self::ProxyFailed { .. } => "proxy-failed",
            Self::WrongKey { .. } => "wrong-key",
            Self::TooManyTries { .. } => "too-many-tries",
            Self::NotAGateway { .. } => "not-a-gateway",
            Self::Version { .. } => "version",
            Self::Subprotocol { .. } => "subprotocol",
            Self::Unavailable { .. } => "unavailable",
            Self::Handshake { .. } => "handshake",
        }
    }

    /// How long the Gateway asks to wait before the next try. At most what its answer said; a caller caps it.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyTries { retry_after, .. } | Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What an answer other than 101 means.
    pub(super) fn from_status(address: String, status: StatusCode, retry_after: Option<Duration>) -> Self {
        match status.as_u16() {
            401 | 403 => Self::WrongKey { address },
            429 => Self::TooManyTries { address, retry_after },
            426 => Self::Version { address },
            status @ 500.. => Self::Unavailable { address, status, retry_after },
            status => Self::NotAGateway { address, status },
        }
    }
}
