//! The cookies: names, flags and lifetimes (R41). Tokens travel in nothing else.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::cookie::{Cookie, SameSite};

use super::token::{ACCESS_LIFE, BROWSER_LIFE};
use crate::api::peer::Peer;

/// Where the refresh cookie and the one of known browsers are sent to.
const AUTH_PATH: &str = "/api/v1/auth";

/// One of the cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Access,
    Refresh,
    Browser,
}

impl Kind {
    /// Over HTTPS with the prefix by which browsers hold a site to the flags (RFC 6265bis §4.1.3). One of a path can
    /// not be `__Host-`.
    const fn name(self, is_https: bool) -> &'static str {
        match (self, is_https) {
            (Self::Access, false) => "octoporty_access",
            (Self::Access, true) => "__Host-octoporty_access",
            (Self::Refresh, false) => "octoporty_refresh",
            (Self::Refresh, true) => "__Secure-octoporty_refresh",
            (Self::Browser, false) => "octoporty_browser",
            (Self::Browser, true) => "__Secure-octoporty_browser",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Access => "/",
            Self::Refresh | Self::Browser => AUTH_PATH,
        }
    }

    const fn life(self) -> Duration {
        match self {
            Self::Access => ACCESS_LIFE,
            Self::Refresh => octoporty_store::limits::SESSION_IDLE,
            Self::Browser => BROWSER_LIFE,
        }
    }

    /// The value that a request carries, if it does so once. Cookies that were set over plain HTTP are not looked at
    /// over HTTPS, where somebody on the way could have set them.
    pub(super) fn value(self, peer: Peer, headers: &HeaderMap) -> Option<String> {
        let name = self.name(peer.is_https);
        let mut values = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(Cookie::split_parse)
            .filter_map(Result::ok)
            .filter(|cookie| cookie.name() == name);
        let first = values.next()?;
        values.next().is_none().then(|| first.value().to_owned())
    }

    /// Sets it.
    pub(super) fn set(self, peer: Peer, value: String, headers: &mut HeaderMap) {
        self.write(peer, value, self.life(), headers);
    }

    /// Takes it away.
    pub(super) fn remove(self, peer: Peer, headers: &mut HeaderMap) {
        self.write(peer, String::new(), Duration::ZERO, headers);
    }

    fn write(self, peer: Peer, value: String, life: Duration, headers: &mut HeaderMap) {
        let mut cookie = Cookie::new(self.name(peer.is_https), value);
        cookie.set_path(self.path());
        cookie.set_http_only(true);
        cookie.set_same_site(SameSite::Strict);
        // Decided by how the browser came here, never by the name it used.
        if peer.is_https {
            cookie.set_secure(true);
        }
        let text = format!("{cookie}; Max-Age={}", life.as_secs());
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.append(header::SET_COOKIE, value);
        }
    }
}
