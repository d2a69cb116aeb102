//! One mapping of the configuration, in types. Says nothing of how it was written.

use std::fmt;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use octoporty_core::host::{HostPattern, Hostname};

/// A public domain and the service that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MappingConfig {
    /// The domain as it was written.
    pub(crate) domain: String,
    /// The domain, or all names below one.
    pub(crate) pattern: HostPattern,
    /// The service.
    pub(crate) upstream: Upstream,
    /// The protocol spoken to the service.
    pub(crate) protocol: UpstreamProtocol,
    /// Take a certificate that nobody vouches for.
    pub(crate) allow_invalid_certificates: bool,
    /// Take the certificate of this SHA-256, and no other.
    pub(crate) pinned_certificate: Option<[u8; 32]>,
    /// The Host that the service sees.
    pub(crate) host: HostHeader,
    /// Changes to requests.
    pub(crate) request_headers: HeaderChanges,
    /// Changes to answers.
    pub(crate) response_headers: HeaderChanges,
    /// How long connecting may take; `None` for the default, as below.
    pub(crate) connect_timeout: Option<Duration>,
    /// How long the head of the answer may take.
    pub(crate) head_timeout: Option<Duration>,
    /// How long a body may pause.
    pub(crate) body_idle_timeout: Option<Duration>,
    /// How long an upgraded connection may be silent.
    pub(crate) upgrade_idle_timeout: Option<Duration>,
}

/// Where a service listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upstream {
    /// Whether it speaks TLS.
    pub(crate) scheme: UpstreamScheme,
    /// Its name or address.
    pub(crate) host: Hostname,
    /// Its port.
    pub(crate) port: u16,
}

/// Whether a service speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UpstreamScheme {
    Http,
    Https,
}

/// The protocol spoken to a service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum UpstreamProtocol {
    /// HTTP/1.1, or what TLS negotiates.
    #[default]
    Auto,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 without TLS, known beforehand (RFC 9113 §3.3).
    H2c,
}

/// The Host that a service sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum HostHeader {
    /// The visitor's.
    #[default]
    Keep,
    /// The upstream's own.
    Upstream,
    /// This one.
    Fixed(String),
}

/// Header fields to set and to remove.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HeaderChanges {
    /// Set, replacing what was there.
    pub(crate) set: Vec<(HeaderName, HeaderValue)>,
    /// Removed.
    pub(crate) remove: Vec<HeaderName>,
}

impl MappingConfig {
    /// A mapping with everything else at its default.
    pub(super) fn new(domain: &str, pattern: HostPattern, upstream: Upstream) -> Self {
        Self {
            domain: domain.to_owned(),
            pattern,
            upstream,
            protocol: UpstreamProtocol::default(),
            allow_invalid_certificates: false,
            pinned_certificate: None,
            host: HostHeader::default(),
            request_headers: HeaderChanges::default(),
            response_headers: HeaderChanges::default(),
            connect_timeout: None,
            head_timeout: None,
            body_idle_timeout: None,
            upgrade_idle_timeout: None,
        }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            UpstreamScheme::Http => "http",
            UpstreamScheme::Https => "https",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}
