//! Who asks, as the Gateway says.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::{HeaderMap, HeaderName, header};
use octoporty_core::id::RequestId;

/// How the visitor speaks to the public server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VisitorScheme {
    /// In plain text.
    Http,
    /// Over TLS.
    Https,
}

/// Who asks for something, as the Gateway says.
///
/// Services get it as an extension of each request, and `axum` handlers as `ConnectInfo<Visitor>`. All of it comes from
/// the Gateway, which replaces what strangers claim (see `X-Forwarded-For` in the project's security requirements).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    ip: IpAddr,
    host: String,
    scheme: VisitorScheme,
    request: RequestId,
}

impl Visitor {
    /// Reads the fields that a Gateway sets.
    pub(crate) fn read(headers: &HeaderMap, request: RequestId) -> Self {
        const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
        const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let is_tls = text(FORWARDED_PROTO).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
        Self {
            ip: text(REAL_IP).and_then(|ip| ip.parse().ok()).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            host: text(header::HOST).unwrap_or_default().to_owned(),
            scheme: if is_tls { VisitorScheme::Https } else { VisitorScheme::Http },
            request,
        }
    }

    /// The address, as the Gateway or a proxy that it trusts saw it. `0.0.0.0` if it is not known.
    #[must_use]
    pub const fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The address as programs expect it that listen on sockets. Its port is always 0: it does not go through a tunnel.
    #[must_use]
    pub const fn socket_addr(&self) -> SocketAddr {
        SocketAddr::new(self.ip, 0)
    }

    /// The host that was asked for, as it stood in the request, with a port if there was one.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// How the visitor speaks to the public server.
    #[must_use]
    pub const fn scheme(&self) -> VisitorScheme {
        self.scheme
    }

    /// The exchange, as the Gateway's log and the answer's `X-Octoporty-Request-Id` name it.
    #[must_use]
    pub const fn request_id(&self) -> RequestId {
        self.request
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn fields_of_the_gateway_are_read() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("x-real-ip", "2001:db8::7"), ("x-forwarded-proto", "https"), ("host", "app.test:8443")] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let visitor = Visitor::read(&headers, RequestId::from_u128(7));
        assert_eq!(visitor.ip(), "2001:db8::7".parse::<IpAddr>().unwrap());
        assert_eq!((visitor.host(), visitor.scheme()), ("app.test:8443", VisitorScheme::Https));
        assert_eq!(visitor.socket_addr().port(), 0);
        let unknown = Visitor::read(&HeaderMap::new(), RequestId::from_u128(7));
        assert_eq!((unknown.ip().is_unspecified(), unknown.scheme()), (true, VisitorScheme::Http));
    }
}
