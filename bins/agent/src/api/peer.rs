//! Who asks, and over what (R40, R41): the socket's word, or that of a proxy which is trusted.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::Response,
};
use ipnet::IpNet;

use super::{error::Problem, security_headers, state::ApiState};

/// Most entries of `X-Forwarded-For` that are looked at, from the near end.
const HOPS_MAX: usize = 16;

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SocketPeer(pub(crate) SocketAddr);

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The caller's address, in its plain form.
    pub(crate) address: IpAddr,
    /// The caller's browser speaks HTTPS to whatever is in front.
    pub(crate) is_https: bool,
}

/// What one household or host shares: an IPv4 address, or the /64 of an IPv6 one (R39).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AddressBucket(IpAddr);

impl Peer {
    pub(crate) fn bucket(&self) -> AddressBucket {
        AddressBucket(match self.address {
            IpAddr::V4(_) => self.address,
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }

    fn of(socket: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let socket = socket.ip().to_canonical();
        let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
        if !is_trusted(socket) {
            return Self { address: socket, is_https: false };
        }
        let proto = headers.get_all("x-forwarded-proto").iter().next_back();
        let proto = proto.and_then(|value| value.to_str().ok()).and_then(|value| value.rsplit(',').next());
        let is_https = proto.is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"));
        let mut address = socket;
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        // From the near end: each hop is believed only because the one after it is trusted.
        for hop in hops.take(HOPS_MAX) {
            let Some(hop) = parse_hop(hop.trim()) else { break };
            address = hop;
            if !is_trusted(hop) {
                break;
            }
        }
        Self { address, is_https }
    }
}

fn parse_hop(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    address.map(|address| address.to_canonical())
}

/// Finds out who asks, once, and asks browsers behind TLS to stay with it (R48).
pub(crate) async fn layer(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let socket = request.extensions().get::<SocketPeer>().copied();
    let socket = socket.map_or_else(|| SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0), |peer| peer.0);
    let peer = Peer::of(socket, request.headers(), &state.config.trusted_proxies);
    request.extensions_mut().insert(peer);
    let mut response = next.run(request).await;
    if peer.is_https {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, security_headers::HSTS);
    }
    response
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().copied().ok_or_else(Problem::internal)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(*name, HeaderValue::from_static(value));
        }
        map
    }

    fn peer(socket: &str, fields: &[(&'static str, &'static str)], trusted: &[&str]) -> (String, bool) {
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        let peer = Peer::of(SocketAddr::new(socket.parse().unwrap(), 1), &headers(fields), &trusted);
        (peer.address.to_string(), peer.is_https)
    }

    #[test]
    fn forwarding_fields_count_from_trusted_proxies_alone() {
        // R40, R41
        let fields = [("x-forwarded-for", "9.9.9.9"), ("x-forwarded-proto", "https")];
        assert_eq!(peer("127.0.0.1", &fields, &[]), ("127.0.0.1".to_owned(), false));
        assert_eq!(peer("127.0.0.1", &fields, &["127.0.0.0/8"]), ("9.9.9.9".to_owned(), true));
        assert_eq!(peer("::ffff:127.0.0.1", &fields, &["127.0.0.0/8"]), ("9.9.9.9".to_owned(), true));
    }

    #[test]
    fn made_up_hops_before_the_last_untrusted_one_count_for_nothing() {
        // R40
        let trusted = ["10.0.0.0/8"];
        let one = [("x-forwarded-for", "6.6.6.6, 9.9.9.9, 10.0.0.2")];
        assert_eq!(peer("10.0.0.1", &one, &trusted).0, "9.9.9.9");
        let two = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "9.9.9.9:4711, 10.0.0.2")];
        assert_eq!(peer("10.0.0.1", &two, &trusted).0, "9.9.9.9");
        assert_eq!(peer("10.0.0.1", &[("x-forwarded-for", "6.6.6.6, what")], &trusted).0, "10.0.0.1");
    }

    #[test]
    fn a_household_shares_a_bucket() {
        // R39
        let bucket = |text: &str| Peer { address: text.parse().unwrap(), is_https: false }.bucket();
        assert_eq!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:2:ffff::9"));
        assert_ne!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:3::1"));
        assert_ne!(bucket("10.0.0.1"), bucket("10.0.0.2"));
    }
}
