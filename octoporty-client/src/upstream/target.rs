//! Where requests of a mapping go, checked once. Not how to get there, and not whether it may be reached.

use std::hash::{DefaultHasher, Hash, Hasher};
#[cfg(unix)]
use std::path::Path;
use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

/// Time for name, connection and TLS together, by default: past it a person has given up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for the head of an answer, by default: the usual patience of reverse proxies.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// Longest host name in bytes (RFC 1035 §2.3.4).
const HOST_BYTES_MAX: usize = 253;

/// Longest label of a host name in bytes (RFC 1035 §2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// Plain HTTP or HTTP over TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http`, port 80 unless said otherwise.
    Http,
    /// `https`, port 443 unless said otherwise.
    Https,
}

impl Scheme {
    /// The scheme as it stands in a URL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Which HTTP an upstream is spoken to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UpstreamProtocol {
    /// HTTP/1.1 in plain text; over TLS what ALPN agrees on, HTTP/2 first.
    #[default]
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 in plain text with prior knowledge (RFC 9113 §3.3), as gRPC services want it. Not for `https`.
    H2c,
}

/// What is asked of an upstream's certificate (R35).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsVerify {
    /// It must be valid for the host, from an issuer that this machine trusts.
    #[default]
    Verify,
    /// Anything will do: no protection against someone in between. For a mapping whose user allowed it.
    AcceptAny,
    /// The SHA-256 of the leaf certificate's DER must be this; names and dates do not matter then.
    Pin([u8; 32]),
}

/// Where a target is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Host {
    Name(Box<str>),
    Address(IpAddr),
    /// A Unix socket.
    #[cfg(unix)]
    Unix(Box<Path>),
    /// This process: each connection is made for one exchange and handed in, never dialled.
    Local(Box<str>),
}

/// Where requests go, and how. Made by [`UpstreamTarget::builder`], then fixed.
///
/// Two equal targets share pooled connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamTarget {
    scheme: Scheme,
    pub(super) host: Host,
    port: u16,
    protocol: UpstreamProtocol,
    tls: TlsVerify,
    connect_timeout: Duration,
    head_timeout: Option<Duration>,
    authority: Box<str>,
    /// A hash of all the rest, made once: targets are looked up twice for each request.
    hash: u64,
}

impl Hash for UpstreamTarget {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl UpstreamTarget {
    /// Starts a target from its three needed parts. `host` is a name or an address; an IPv6 address may stand in
    /// brackets.
    pub fn builder(scheme: Scheme, host: &str, port: u16) -> UpstreamTargetBuilder {
        UpstreamTargetBuilder {
            scheme,
            host: host.to_owned(),
            port,
            #[cfg(unix)]
            unix: None,
            protocol: UpstreamProtocol::Auto,
            tls: TlsVerify::Verify,
            connect_timeout: CONNECT_TIMEOUT,
            head_timeout: Some(HEAD_TIMEOUT),
        }
    }

    /// Starts a target that listens on a Unix socket, in plain HTTP. Where a mapping sets `Host` to the upstream's, that
    /// is `localhost`.
    ///
    /// Deny lists are about network addresses and say nothing of files, so only programs that embed this crate, and
    /// configuration files, can name a socket: a mapping from a dashboard cannot.
    #[cfg(unix)]
    pub fn unix(path: impl AsRef<Path>) -> UpstreamTargetBuilder {
        let mut builder = Self::builder(Scheme::Http, "localhost", Scheme::Http.default_port());
        builder.unix = Some(path.as_ref().into());
        builder
    }

    /// Stands for a listener in this process.
    pub(crate) fn local(name: &str) -> Arc<Self> {
        let host = Host::Local(name.into());
        let mut hasher = DefaultHasher::new();
        host.hash(&mut hasher);
        Arc::new(Self {
            hash: hasher.finish(),
            scheme: Scheme::Http,
            authority: name.into(),
            host,
            port: Scheme::Http.default_port(),
            protocol: UpstreamProtocol::Http1,
            tls: TlsVerify::Verify,
            connect_timeout: CONNECT_TIMEOUT,
            head_timeout: None,
        })
    }

    /// Whether it is reached over TCP.
    pub(super) const fn is_tcp(&self) -> bool {
        matches!(self.host, Host::Name(_) | Host::Address(_))
    }

    /// Plain HTTP or HTTPS.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The protocol asked for, which over TLS is not yet the one spoken.
    #[must_use]
    pub const fn protocol(&self) -> UpstreamProtocol {
        self.protocol
    }

    /// What is asked of the certificate.
    #[must_use]
    pub const fn tls(&self) -> TlsVerify {
        self.tls
    }

    /// Time for name, connection and TLS together.
    #[must_use]
    pub const fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// Time for the head of an answer, counted from the last progress of the request body. `None`: no limit.
    #[must_use]
    pub const fn head_timeout(&self) -> Option<Duration> {
        self.head_timeout
    }

    /// Host and port as a Host field says them: an IPv6 address in brackets, a default port left out.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl fmt::Display for UpstreamTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            #[cfg(unix)]
            Host::Unix(path) => write!(f, "unix:{}", path.display()),
            Host::Local(name) => write!(f, "the listener of {name} in this process"),
            Host::Name(_) | Host::Address(_) => write!(f, "{}://{}", self.scheme.as_str(), self.authority),
        }
    }
}

/// Builds an [`UpstreamTarget`].
#[derive(Clone, Debug)]
#[must_use]
pub struct UpstreamTargetBuilder {
    scheme: Scheme,
    host: String,
    port: u16,
    #[cfg(unix)]
    unix: Option<Box<Path>>,
    protocol: UpstreamProtocol,
    tls: TlsVerify,
    connect_timeout: Duration,
    head_timeout: Option<Duration>,
}

impl UpstreamTargetBuilder {
    /// Which HTTP to speak; [`UpstreamProtocol::Auto`] unless said.
    pub const fn protocol(mut self, protocol: UpstreamProtocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// What to ask of the certificate; [`TlsVerify::Verify`] unless said. Plain HTTP ignores it.
    pub const fn tls(mut self, tls: TlsVerify) -> Self {
        self.tls = tls;
        self
    }

    /// Time for name, connection and TLS together; 10 s unless said. Too long, and a dead host holds visitors;
    /// too short, and a far one is never reached.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Time for the head of an answer; 60 s unless said, `None` for services that think for longer.
    pub const fn head_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.head_timeout = timeout;
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    /// The first setting that can not work.
    pub fn build(self) -> Result<Arc<UpstreamTarget>, TargetError> {
        let host = parse_host(&self.host)?;
        if self.port == 0 {
            return Err(TargetError::Port);
        }
        if self.scheme == Scheme::Https && self.protocol == UpstreamProtocol::H2c {
            return Err(TargetError::H2cOverTls);
        }
        if self.connect_timeout.is_zero() || self.head_timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(TargetError::ZeroTimeout);
        }
        let authority = authority(&host, self.port, self.scheme);
        #[cfg(unix)]
        let host = match self.unix {
            Some(path) if path.as_os_str().is_empty() => return Err(TargetError::UnixPath),
            Some(path) => Host::Unix(path),
            None => host,
        };
        let mut hasher = DefaultHasher::new();
        (self.scheme, &host, self.port, self.protocol, self.tls).hash(&mut hasher);
        Ok(Arc::new(UpstreamTarget {
            hash: hasher.finish(),
            scheme: self.scheme,
            host,
            port: self.port,
            protocol: self.protocol,
            tls: self.tls,
            connect_timeout: self.connect_timeout,
            head_timeout: self.head_timeout,
            authority,
        }))
    }
}

/// Why a target can not be built. The doing of whoever entered the mapping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The host is empty, too long, or has a byte or a label that no host has.
    #[error("the host `{host}` is neither a name nor an address (letters, digits, `-`, `_` and `.`; ASCII only)")]
    Host {
        /// What was given.
        host: String,
    },
    /// Port 0.
    #[error("the port must be from 1 to 65535")]
    Port,
    /// An empty path of a Unix socket.
    #[error("the path of the Unix socket is empty")]
    UnixPath,
    /// H2c together with `https`.
    #[error("h2c is HTTP/2 without TLS; with https choose automatic, which takes HTTP/2 where it is offered")]
    H2cOverTls,
    /// A timeout of nothing at all.
    #[error("a timeout must be longer than zero")]
    ZeroTimeout,
}

fn parse_host(host: &str) -> Result<Host, TargetError> {
    let refused = || TargetError::Host { host: host.to_owned() };
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']').ok_or_else(refused)?;
        return match inner.parse::<Ipv6Addr>() {
            Ok(address) => Ok(Host::Address(address.into())),
            Err(_) => Err(refused()),
        };
    }
    if let Ok(address) = host.parse() {
        return Ok(Host::Address(address));
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.is_empty() || name.len() > HOST_BYTES_MAX || !name.split('.').all(is_label) {
        return Err(refused());
    }
    Ok(Host::Name(name.to_ascii_lowercase().into()))
}

/// Container networks use names with an underscore, so they pass.
fn is_label(label: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn authority(host: &Host, port: u16, scheme: Scheme) -> Box<str> {
    let host = match host {
        Host::Name(name) => name.to_string(),
        Host::Address(IpAddr::V4(address)) => address.to_string(),
        Host::Address(IpAddr::V6(address)) => format!("[{address}]"),
        #[cfg(unix)]
        Host::Unix(_) => "localhost".to_owned(),
        Host::Local(name) => name.to_string(),
    };
    if port == scheme.default_port() { host.into() } else { format!("{host}:{port}").into() }
}
