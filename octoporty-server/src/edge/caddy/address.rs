//! Where Caddy's admin API is: a port on this machine or a private network, or a Unix socket (R63).

use std::{fmt, path::PathBuf};

use http::Uri;

/// The port that Caddy listens on unless told otherwise.
const ADMIN_PORT_DEFAULT: u16 = 2019;

/// An address that cannot be one of Caddy's admin API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdminAddressError {
    /// The text is no URL with scheme and host.
    #[error("is not an absolute URL")]
    NotAbsolute,
    /// The scheme is neither `http` nor `unix`.
    #[error("has the scheme {0}")]
    Scheme(String),
    /// There is a user name or password.
    #[error("holds a user name or password")]
    UserInfo,
    /// There is a path, query or fragment, or a port that is none.
    #[error("has more than a host and a port, or a port that is none")]
    More,
    /// The path of a Unix socket is not absolute.
    #[error("names a socket without its whole path")]
    RelativePath,
}

/// Where Caddy's admin API is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdminAddress {
    /// A host name or address, and a port.
    Tcp {
        /// Host name, IPv4 address, or IPv6 address without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
}

impl AdminAddress {
    /// Reads `http://HOST:PORT`, or `unix//PATH` as Caddy's own configuration writes it.
    ///
    /// The port is 2019 unless given. `unix:///PATH` works too, and the socket's permissions behind `|` are skipped.
    ///
    /// # Errors
    ///
    /// When the text is neither. The message does not repeat the text.
    pub fn parse(text: &str) -> Result<Self, AdminAddressError> {
        let text = text.trim();
        if let Some(path) = text.strip_prefix("unix://").or_else(|| text.strip_prefix("unix/")) {
            let path = path.split_once('|').map_or(path, |(path, _permissions)| path);
            return if path.starts_with('/') && path.len() > 1 {
                Ok(Self::Unix(path.into()))
            } else {
                Err(AdminAddressError::RelativePath)
            };
        }
        let uri: Uri = text.parse().map_err(|_syntax: http::uri::InvalidUri| AdminAddressError::NotAbsolute)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(AdminAddressError::NotAbsolute);
        };
        if scheme != "http" {
            return Err(AdminAddressError::Scheme(scheme.to_owned()));
        }
        if authority.as_str().contains('@') {
            return Err(AdminAddressError::UserInfo);
        }
        let host = authority.host();
        let port = match &authority.as_str()[host.len()..] {
            "" => Some(ADMIN_PORT_DEFAULT),
            rest => rest.strip_prefix(':').and_then(|port| port.parse().ok()).filter(|port| *port > 0),
        };
        let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none() && !text.contains('#');
        match port {
            Some(port) if is_bare && !host.is_empty() => {
                Ok(Self::Tcp { host: host.trim_matches(['[', ']']).to_owned(), port })
            }
            _ => Err(AdminAddressError::More),
        }
    }

    /// The host, if there is one.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Tcp { host, .. } => Some(host),
            Self::Unix(_) => None,
        }
    }

    /// What goes into the `Host` field: Caddy answers only to names that it knows itself by.
    pub(super) fn authority(&self) -> String {
        match self {
            Self::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Self::Tcp { host, port } => format!("{host}:{port}"),
            // A socket has no name (RFC 9110 §7.2), and Caddy 2.6 takes none at it.
            Self::Unix(_) => String::new(),
        }
    }
}

impl fmt::Display for AdminAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { .. } => write!(f, "http://{}", self.authority()),
            Self::Unix(path) => write!(f, "unix/{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_sockets_are_read() {
        let check = |text: &str, shown: &str, authority: &str| {
            let address = AdminAddress::parse(text).unwrap();
            assert_eq!((address.to_string(), address.authority()), (shown.to_owned(), authority.to_owned()), "{text}");
            assert_eq!(AdminAddress::parse(shown).unwrap(), address, "{text}");
        };
        check("http://localhost:2019", "http://localhost:2019", "localhost:2019");
        check(" http://caddy/ ", "http://caddy:2019", "caddy:2019");
        check("http://[::1]:17202", "http://[::1]:17202", "[::1]:17202");
        check("unix//run/caddy.sock", "unix//run/caddy.sock", "");
        check("unix:///run/caddy/admin.sock|0220", "unix//run/caddy/admin.sock", "");
    }

    #[test]
    fn everything_else_is_refused() {
        for (text, wrong) in [
            ("caddy:2019", AdminAddressError::NotAbsolute),
            ("localhost", AdminAddressError::NotAbsolute),
            ("https://caddy", AdminAddressError::Scheme("https".to_owned())),
            ("http://u:p@caddy", AdminAddressError::UserInfo),
            ("http://caddy/config/", AdminAddressError::More),
            ("http://caddy:0", AdminAddressError::More),
            ("http://caddy:99999", AdminAddressError::More),
            ("http://caddy:", AdminAddressError::More),
            ("http://caddy?x", AdminAddressError::More),
            ("unix/", AdminAddressError::RelativePath),
            ("unix/run/caddy.sock", AdminAddressError::RelativePath),
        ] {
            assert_eq!(AdminAddress::parse(text), Err(wrong), "{text}");
        }
    }
}
