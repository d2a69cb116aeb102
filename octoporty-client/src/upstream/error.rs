//! What can go wrong between an Agent and an upstream, each as one line that says what to do.

use std::{error::Error as StdError, fmt, io, net::SocketAddr, time::Duration};

use octoporty_core::http1::HeadError;

use super::policy::Denied;

/// Any cause.
pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// What was under way when the connect timeout ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectPhase {
    /// Looking up the name.
    Name,
    /// Opening the TCP connection.
    Tcp,
    /// The TLS or HTTP/2 handshake.
    Handshake,
}

impl fmt::Display for ConnectPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "looking up its name",
            Self::Tcp => "opening a connection",
            Self::Handshake => "shaking hands",
        })
    }
}

/// Why a request got no answer, or an answer was cut off.
///
/// `upstream` is the target's URL without a path. The visitor gets 504 where
/// [`is_timeout`](Self::is_timeout) holds, else 502; never this text, as it names internal addresses.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// The request can not be sent as it stands. The caller's doing.
    #[error("the request can not be sent: {0}")]
    InvalidRequest(&'static str),
    /// The name has no address. The mapping's doing, or the resolver's.
    #[error("{upstream}: the name was not found; check the mapping's host")]
    NameNotFound {
        /// The target.
        upstream: Box<str>,
        /// What the resolver said; `None` if it said that there is no address.
        source: Option<io::Error>,
    },
    /// Every address of the target is forbidden (R33). The mapping's doing.
    #[error("{upstream}: {denied}")]
    NotAllowed {
        /// The target.
        upstream: Box<str>,
        /// The first address that was refused, and why.
        denied: Box<Denied>,
    },
    /// Nothing listens there.
    #[error("{upstream}: {address} refused the connection; is the service running?")]
    Refused {
        /// The target.
        upstream: Box<str>,
        /// The last address that was tried.
        address: SocketAddr,
    },
    /// There is no way there, or no socket to be had.
    #[error("{upstream}: {address} can not be reached")]
    Unreachable {
        /// The target.
        upstream: Box<str>,
        /// The last address that was tried.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A Unix socket that is not there, or may not be used.
    #[error("{upstream}: the socket can not be reached; is the service running, and may this program use it?")]
    SocketUnreachable {
        /// The target.
        upstream: Box<str>,
        /// What the system said.
        source: io::Error,
    },
    /// The listener in this process is gone.
    #[error("{upstream} takes no connections any more")]
    NotAccepted {
        /// The target.
        upstream: Box<str>,
    },
    /// No connection within the target's connect timeout.
    #[error("{upstream}: no connection within {} ms, while {phase}", after.as_millis())]
    ConnectTimeout {
        /// The target.
        upstream: Box<str>,
        /// What was under way.
        phase: ConnectPhase,
        /// The limit.
        after: Duration,
    },
    /// The certificate was refused (R35). The upstream's doing.
    #[error("{upstream}: {refused}; trust its issuer, pin this certificate, or allow invalid certificates")]
    Certificate {
        /// The target.
        upstream: Box<str>,
        /// Why, and the fingerprint of what was shown.
        refused: Box<crate::connect::CertificateRefused>,
    },
    /// The TLS handshake failed for another reason.
    #[error("{upstream}: the TLS handshake failed")]
    TlsHandshake {
        /// The target.
        upstream: Box<str>,
        /// What was wrong.
        source: io::Error,
    },
    /// TLS was expected and plain HTTP came.
    #[error("{upstream}: it speaks plain HTTP, not HTTPS; change the mapping's protocol")]
    SpeaksHttp {
        /// The target.
        upstream: Box<str>,
    },
    /// Plain HTTP was expected and TLS came.
    #[error("{upstream}: it speaks HTTPS, not HTTP; change the mapping's protocol")]
    SpeaksHttps {
        /// The target.
        upstream: Box<str>,
    },
    /// HTTP/2 was expected and HTTP/1 came.
    #[error("{upstream}: it speaks HTTP/1.1, not HTTP/2 without TLS; change the mapping's protocol")]
    SpeaksHttp1 {
        /// The target.
        upstream: Box<str>,
    },
    /// What came is no HTTP at all.
    #[error("{upstream}: it does not speak HTTP")]
    NotHttp {
        /// The target.
        upstream: Box<str>,
    },
    /// An answer that breaks the rules of HTTP (R16). The upstream's doing; its connection is gone.
    #[error("{upstream}: it sent a malformed answer")]
    BadAnswer {
        /// The target.
        upstream: Box<str>,
        /// Which rule.
        source: HeadError,
    },
    /// The connection ended before the answer. Whether the upstream acted on the request is not known.
    #[error("{upstream}: it closed the connection before it answered")]
    Reset {
        /// The target.
        upstream: Box<str>,
        /// The connection had served requests before, so the upstream may just have grown tired of it.
        reused: bool,
        /// What was seen of it.
        source: BoxError,
    },
    /// No head of an answer in time.
    #[error("{upstream}: no answer within {} s", after.as_secs_f32())]
    HeadTimeout {
        /// The target.
        upstream: Box<str>,
        /// The limit.
        after: Duration,
    },
    /// The body of the request failed. The visitor's doing, or the tunnel's.
    #[error("the body of the request ended early")]
    RequestBody {
        /// What the body said.
        source: BoxError,
    },
    /// The answer was cut off in its body. It must not be shown as complete.
    #[error("{upstream}: its answer ended early")]
    AnswerBody {
        /// The target.
        upstream: Box<str>,
        /// What was seen of it.
        source: BoxError,
    },
    /// The target speaks HTTP/2 alone, which has no such upgrade (RFC 9113 §8.6).
    #[error("{upstream}: a WebSocket needs HTTP/1.1; change the mapping's protocol")]
    UpgradeUnsupported {
        /// The target.
        upstream: Box<str>,
    },
    /// An answer of 101 whose connection could not be taken over.
    #[error("the upgraded connection was lost")]
    UpgradeLost {
        /// What was seen of it.
        source: Option<hyper::Error>,
    },
    /// HTTPS without the crate feature `tls`, or with `tls-no-provider` and no provider.
    #[error(
        "{upstream}: this build can not speak TLS; it needs the feature `tls`, or a crypto provider for the process"
    )]
    TlsNotBuilt {
        /// The target.
        upstream: Box<str>,
    },
    /// The client is shutting down.
    #[error("the client is shutting down")]
    ShuttingDown,
}

impl UpstreamError {
    /// The upstream was too slow, rather than wrong: 504 instead of 502.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::ConnectTimeout { .. } | Self::HeadTimeout { .. })
    }

    /// No byte of the request was sent, so it may be sent again whatever its method is.
    #[must_use]
    pub const fn is_unsent(&self) -> bool {
        matches!(
            self,
            Self::InvalidRequest(_)
                | Self::NameNotFound { .. }
                | Self::NotAllowed { .. }
                | Self::Refused { .. }
                | Self::Unreachable { .. }
                | Self::SocketUnreachable { .. }
                | Self::NotAccepted { .. }
                | Self::ConnectTimeout { .. }
                | Self::Certificate { .. }
                | Self::TlsHandshake { .. }
                | Self::SpeaksHttp { .. }
                | Self::UpgradeUnsupported { .. }
                | Self::TlsNotBuilt { .. }
                | Self::ShuttingDown
        )
    }
}

/// The first error of this type in a chain, looking into [`io::Error`] too, which hides what it carries.
pub(super) fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
