//! Which Gateway to dial, and how, checked once.

use std::{fmt, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderValue, Uri, uri::Authority};
use octoporty_core::{id::AgentId, secret::Secret};
use percent_encoding::percent_decode_str;

use super::{
    connector::{Connector, ErasedConnector},
    error::DialError,
    pin::CertificatePin,
    tcp::PrepareTcp,
};

/// A Gateway's address with all that dialling it needs. Made by [`DialTarget::builder`], then fixed.
#[derive(Clone)]
pub struct DialTarget {
    pub(super) uri: Uri,
    pub(super) host: Box<str>,
    pub(super) port: u16,
    pub(super) is_tls: bool,
    /// Plain text may go to this machine alone.
    pub(super) loopback_only: bool,
    pub(super) key: HeaderValue,
    pub(super) proxy: Option<Proxy>,
    /// Opens byte streams in place of TCP.
    pub(super) connector: Option<Arc<dyn ErasedConnector>>,
    /// Tells the Gateway who comes, so that lanes of one Agent spread over its shards.
    pub(super) agent: Option<AgentId>,
    #[cfg(feature = "tls-no-provider")]
    pub(super) tls: Option<super::tls::GatewayTls>,
    pub(super) tcp: Option<PrepareTcp>,
}

/// A proxy on the way to the Gateway.
#[derive(Clone)]
pub(super) struct Proxy {
    pub(super) host: Box<str>,
    pub(super) port: u16,
    pub(super) kind: ProxyKind,
}

/// What a proxy speaks, and who we are to it.
#[derive(Clone)]
pub(super) enum ProxyKind {
    Http {
        /// The value of Proxy-Authorization.
        authorization: Option<HeaderValue>,
    },
    Socks5 {
        /// User and password (RFC 1929).
        credentials: Option<(Secret, Secret)>,
    },
}

impl DialTarget {
    /// Starts from a Gateway's URL, such as `wss://gateway.example.com/tunnel`, and its key.
    pub fn builder(url: &str, api_key: &Secret) -> DialTargetBuilder {
        DialTargetBuilder {
            url: url.to_owned(),
            api_key: api_key.clone(),
            is_insecure_allowed: false,
            proxy: None,
            connector: None,
            agent: None,
            pin: None,
            tcp: None,
            #[cfg(feature = "tls-no-provider")]
            tls: None,
        }
    }

    /// The URL without its query, as errors and status pages show it.
    #[must_use]
    pub fn address(&self) -> String {
        let scheme = if self.is_tls { "wss" } else { "ws" };
        format!("{scheme}://{}:{}{}", self.host_in_url(), self.port, self.uri.path())
    }

    /// The address of a host behind the same public server, with its port unless it is the usual one.
    pub(super) fn public_url(&self, host: &str) -> String {
        match (self.is_tls, self.port) {
            (true, 443) => format!("https://{host}"),
            (true, port) => format!("https://{host}:{port}"),
            (false, 80) => format!("http://{host}"),
            (false, port) => format!("http://{host}:{port}"),
        }
    }

    /// Whether all is there that TLS needs: the feature, and a crypto provider.
    pub(super) fn can_speak_tls(&self) -> bool {
        #[cfg(feature = "tls-no-provider")]
        let can = self.tls.as_ref().is_some_and(|tls| tls.config().is_some());
        #[cfg(not(feature = "tls-no-provider"))]
        let can = false;
        can
    }

    /// The host as it stands in a URL: an IPv6 address in brackets.
    pub(super) fn host_in_url(&self) -> &str {
        self.uri.host().unwrap_or(&self.host)
    }
}

impl fmt::Debug for DialTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DialTarget")
            .field("address", &self.address())
            .field("proxied", &self.proxy.is_some())
            .finish_non_exhaustive()
    }
}

/// Builds a [`DialTarget`].
#[derive(Clone)]
#[must_use]
pub struct DialTargetBuilder {
    url: String,
    api_key: Secret,
    is_insecure_allowed: bool,
    proxy: Option<Secret>,
    connector: Option<Arc<dyn ErasedConnector>>,
    agent: Option<AgentId>,
    pin: Option<CertificatePin>,
    tcp: Option<PrepareTcp>,
    #[cfg(feature = "tls-no-provider")]
    tls: Option<super::tls::GatewayTls>,
}

impl DialTargetBuilder {
    /// Allows `ws://` to other machines: key and traffic are readable on the way. Without it only this machine is
    /// dialled in plain text (R21).
    pub const fn allow_insecure(mut self) -> Self {
        self.is_insecure_allowed = true;
        self
    }

    /// Goes through a proxy: `http://host:port` asks for a tunnel by CONNECT, `socks5://host:port` speaks SOCKS 5 and lets
    /// the proxy look the name up; with `user:password@` in front of the host if it wants them. A proxy is never taken
    /// from the environment.
    pub fn proxy(mut self, url: &Secret) -> Self {
        self.proxy = Some(url.clone());
        self
    }

    /// Opens byte streams itself, in place of TCP and proxies. Default: TCP.
    pub fn connector(mut self, connector: impl Connector) -> Self {
        self.connector = Some(Arc::new(connector));
        self
    }

    /// Who comes: a hint for the Gateway, which spreads the lanes of one Agent over its shards.
    pub const fn agent(mut self, id: AgentId) -> Self {
        self.agent = Some(id);
        self
    }

    /// Takes only the certificate of this fingerprint, or one whose key has it, of those that are trusted (R21).
    pub const fn pin(mut self, pin: CertificatePin) -> Self {
        self.pin = Some(pin);
        self
    }

    /// Is shown the connection when it is open. Default: nobody is.
    pub fn prepare(mut self, prepare: PrepareTcp) -> Self {
        self.tcp = Some(prepare);
        self
    }

    /// How TLS is spoken; [`GatewayTls::platform`](super::GatewayTls::platform) unless said.
    #[cfg(feature = "tls-no-provider")]
    pub fn tls(mut self, tls: super::tls::GatewayTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    /// The first setting that can not work.
    pub fn build(self) -> Result<DialTarget, DialError> {
        let (uri, is_tls, port) = parse_url(&self.url)?;
        let in_url = uri.host().unwrap_or_default();
        let host: Box<str> = bare(in_url).into();
        let loopback_only = !is_tls && !self.is_insecure_allowed;
        if loopback_only && !is_loopback(&host) {
            return Err(DialError::Insecure { address: format!("ws://{in_url}:{port}") });
        }
        let mut key = HeaderValue::from_str(self.api_key.expose()).map_err(|_invalid| DialError::Key)?;
        if key.is_empty() {
            return Err(DialError::Key);
        }
        key.set_sensitive(true);
        let proxy = self.proxy.map(|url| Proxy::parse(url.expose())).transpose()?;
        if self.pin.is_some() && !is_tls {
            return Err(bad_pin(&self.url));
        }
        #[cfg(feature = "tls-no-provider")]
        let tls = is_tls.then(|| {
            let tls = self.tls.unwrap_or_else(super::tls::GatewayTls::platform);
            self.pin.map_or_else(|| tls.clone(), |pin| tls.pinned(pin))
        });
        Ok(DialTarget {
            #[cfg(feature = "tls-no-provider")]
            tls,
            tcp: self.tcp,
            uri,
            host,
            port,
            is_tls,
            loopback_only,
            key,
            proxy,
            connector: self.connector,
            agent: self.agent,
        })
    }
}

impl fmt::Debug for DialTargetBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DialTargetBuilder").field("url", &self.url).finish_non_exhaustive()
    }
}

fn bad_pin(url: &str) -> DialError {
    DialError::Url { url: without_secrets(url), reason: "without TLS there is no certificate that could be pinned" }
}

fn parse_url(url: &str) -> Result<(Uri, bool, u16), DialError> {
    let bad = |reason| DialError::Url { url: without_secrets(url), reason };
    let uri: Uri = url.parse().map_err(|_invalid| bad("it is not a URL"))?;
    let is_tls = match uri.scheme_str() {
        Some("wss") => true,
        Some("ws") => false,
        Some("https" | "http") => {
            return Err(bad("the scheme must be wss (or ws on this machine)"));
        }
        _ => return Err(bad("it must start with wss://")),
    };
    let authority = uri.authority().ok_or_else(|| bad("it has no host"))?;
    if authority.as_str().contains('@') {
        return Err(bad("a user or password does not belong there; the key is a setting of its own"));
    }
    if authority.host().is_empty() || authority.host() == "[]" {
        return Err(bad("it has no host"));
    }
    let port = port(authority).ok_or_else(|| bad("the port must be from 1 to 65535"))?;
    Ok((uri, is_tls, port.unwrap_or(if is_tls { 443 } else { 80 })))
}

/// The port of an authority: `None` where it can not be one, which the URL type takes for none at all.
fn port(authority: &Authority) -> Option<Option<u16>> {
    let text = authority.as_str();
    let (_, host_and_port) = text.rsplit_once('@').unwrap_or(("", text));
    match host_and_port.strip_prefix(authority.host())? {
        "" => Some(None),
        _ => authority.port_u16().filter(|port| *port != 0).map(Some),
    }
}

/// A URL as it may be shown: no user, password or query.
fn without_secrets(url: &str) -> String {
    let (url, cut) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
    match (url.split_once("://"), url.rsplit_once('@')) {
        // What looks like a query may be the rest of a password.
        (Some((scheme, _)), _) if cut.contains('@') => format!("{scheme}://…"),
        (None, _) if cut.contains('@') => "…".to_owned(),
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{rest}"),
        (None, Some((_, rest))) => rest.to_owned(),
        (_, None) => url.to_owned(),
    }
}

fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Names that lead to this machine alone (RFC 6761 §6.3), and its addresses. What a name resolves to is checked
/// when it is dialled.
fn is_loopback(host: &str) -> bool {
    match host.parse::<std::net::IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost"),
    }
}

impl Proxy {
    fn parse(url: &str) -> Result<Self, DialError> {
        let bad = |reason| DialError::ProxyUrl { url: without_secrets(url), reason };
        let uri: Uri = url.parse().map_err(|_invalid| bad("it is not a URL"))?;
        let is_socks = match uri.scheme_str() {
            Some("http") => false,
            Some("socks5" | "socks5h") => true,
            _ => return Err(bad("it must start with http:// or socks5://")),
        };
        let authority = uri.authority().ok_or_else(|| bad("it has no host"))?;
        let port = port(authority).ok_or_else(|| bad("the port must be from 1 to 65535"))?;
        let credentials = authority.as_str().rsplit_once('@').map(|(credentials, _)| credentials);
        let host = bare(authority.host());
        if host.is_empty() {
            return Err(bad("it has no host"));
        }
        let kind = if is_socks {
            let credentials = credentials.map(user_and_password).transpose().map_err(bad)?;
            ProxyKind::Socks5 { credentials }
        } else {
            ProxyKind::Http { authorization: credentials.map(basic) }
        };
        let default_port = if is_socks { SOCKS_PORT } else { 80 };
        Ok(Self { host: host.into(), port: port.unwrap_or(default_port), kind })
    }

    /// Host and port, as errors name them.
    pub(super) fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// The port of SOCKS proxies where none is said (IANA).
const SOCKS_PORT: u16 = 1080;

/// Most bytes of a user and of a password (RFC 1929 §2).
const SOCKS_CREDENTIAL_BYTES_MAX: usize = 255;

/// User and password from the user part of a URL, whose special characters are percent-encoded.
fn user_and_password(credentials: &str) -> Result<(Secret, Secret), &'static str> {
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    let decode = |text| match percent_decode_str(text).decode_utf8() {
        Ok(text) if (1..=SOCKS_CREDENTIAL_BYTES_MAX).contains(&text.len()) => Ok(Secret::new(text.into_owned())),
        Ok(_) => Err("user and password must have 1 to 255 bytes each"),
        Err(_) => Err("user and password must be UTF-8"),
    };
    Ok((decode(user)?, decode(password)?))
}

/// Basic credentials (RFC 7617 §2) from the user part of a URL, whose special characters are percent-encoded.
fn basic(credentials: &str) -> HeaderValue {
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    let mut plain: Vec<u8> = percent_decode_str(user).collect();
    plain.push(b':');
    plain.extend(percent_decode_str(password));
    let mut value = HeaderValue::try_from(format!("Basic {}", BASE64_STANDARD.encode(plain)))
        .expect("base64 has only characters that a field may have");
    value.set_sensitive(true);
    value
}
