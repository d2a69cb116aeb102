//! Who is calling: the visitor behind trusted proxies, and the fields that tell the upstream so (R13, R40).

use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv6Addr},
    str,
};

use http::{HeaderMap, HeaderName, HeaderValue, header::FORWARDED};
use octoporty_core::{
    host::{SCRATCH_BYTES, normalise_into},
    id::RequestId,
};

use crate::trusted_proxies::TrustedProxies;

/// Most entries of `X-Forwarded-For` that are looked at, from the right: no honest chain of proxies is longer.
pub const FORWARDED_FOR_MAX: usize = 32;

/// Fields that are set on each request.
const FIELDS_SET: usize = 5;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// The field that carries a request's id, to the upstream and back to the visitor.
pub(crate) static X_OCTOPORTY_REQUEST_ID: HeaderName = HeaderName::from_static("x-octoporty-request-id");

/// How the visitor spoke to the first server on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

impl Scheme {
    /// The scheme as URLs and `X-Forwarded-Proto` write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// What is known about a request's visitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarding {
    client_ip: IpAddr,
    proto: Scheme,
    host: HeaderValue,
    peer: IpAddr,
    /// Whether the peer is a trusted proxy.
    by_proxy: bool,
    /// Who is believed to stand behind the peer, from the nearest proxy to the visitor.
    chain: Vec<IpAddr>,
}

impl Forwarding {
    /// Reads who is behind a request that came from `peer`.
    ///
    /// `host` is the request's authority as the visitor sent it (`Host`, or `:authority`), `scheme` how this very
    /// connection speaks. What `headers` say is believed only if `peer` is a trusted proxy. Then the visitor is the last
    /// address in `X-Forwarded-For` that is not a trusted proxy's; entries before it, which anyone may have written, are
    /// dropped. An entry that is no address ends the chain: the visitor is then who reported it.
    #[must_use]
    pub fn read(
        peer: IpAddr,
        host: &HeaderValue,
        headers: &HeaderMap,
        scheme: Scheme,
        trusted: &TrustedProxies,
    ) -> Self {
        let peer = peer.to_canonical();
        if !trusted.contains(peer) {
            return Self {
                client_ip: peer,
                proto: scheme,
                host: host.clone(),
                peer,
                by_proxy: false,
                chain: Vec::new(),
            };
        }
        // Most requests claim nothing; looking at each name once is cheaper than asking for each field.
        if !headers.keys().any(|name| name.as_str().starts_with("x-forwarded-")) {
            return Self {
                client_ip: peer,
                proto: scheme,
                host: host.clone(),
                peer,
                by_proxy: true,
                chain: Vec::new(),
            };
        }
        let chain = believed_chain(headers, trusted);
        Self {
            client_ip: chain.last().copied().unwrap_or(peer),
            proto: forwarded_proto(headers).unwrap_or(scheme),
            host: forwarded_host(headers).unwrap_or_else(|| host.clone()),
            peer,
            by_proxy: true,
            chain,
        }
    }

    /// The visitor's address; IPv4 inside IPv6 is given as IPv4.
    #[must_use]
    pub const fn client_ip(&self) -> IpAddr {
        self.client_ip
    }

    /// How the visitor spoke to the first server.
    #[must_use]
    pub const fn proto(&self) -> Scheme {
        self.proto
    }

    /// The host that the visitor asked for, as sent. Never used for routing (R09).
    #[must_use]
    pub const fn host(&self) -> &HeaderValue {
        &self.host
    }

    /// Replaces whatever forwarding fields `headers` have by what is known.
    ///
    /// All of `X-Forwarded-*` goes if the peer is not trusted; from a trusted one other such fields stay, as its own
    /// additions. `Forwarded` and `X-Octoporty-*` always go: the first is not kept up here, the second is ours alone.
    ///
    /// Gives the request's id as it was set, for the answer.
    pub fn apply(&self, headers: &mut HeaderMap, request_id: RequestId) -> HeaderValue {
        self.remove_claims(headers);
        headers.reserve(FIELDS_SET);
        let client = text_value(self.client_ip.to_string());
        let forwarded_for = if self.chain.is_empty() { client.clone() } else { text_value(self.chain_text()) };
        headers.insert(X_FORWARDED_FOR.clone(), forwarded_for);
        headers.insert(X_FORWARDED_PROTO.clone(), HeaderValue::from_static(self.proto.as_str()));
        headers.insert(X_FORWARDED_HOST.clone(), self.host.clone());
        headers.insert(X_REAL_IP.clone(), client);
        let request_id = request_id_value(request_id);
        headers.insert(X_OCTOPORTY_REQUEST_ID.clone(), request_id.clone());
        request_id
    }

    /// The visitor first and the peer last, as `X-Forwarded-For` has them.
    fn chain_text(&self) -> String {
        let mut text = String::new();
        for address in self.chain.iter().rev() {
            write!(text, "{address}, ").expect("writing to a string does not fail");
        }
        write!(text, "{}", self.peer).expect("writing to a string does not fail");
        text
    }

    /// Removes what the peer said, as far as it is not believed and not replaced anyway.
    fn remove_claims(&self, headers: &mut HeaderMap) {
        let is_claim = |name: &HeaderName| {
            let name = name.as_str();
            name == "forwarded" || name.starts_with("x-forwarded-") || name.starts_with("x-octoporty-")
        };
        if !headers.keys().any(is_claim) {
            return;
        }
        headers.remove(FORWARDED);
        if self.by_proxy && !has_valid_port(headers) {
            headers.remove(&X_FORWARDED_PORT);
        }
        let refused = |name: &HeaderName| {
            name.as_str().starts_with("x-octoporty-") || (!self.by_proxy && name.as_str().starts_with("x-forwarded-"))
        };
        // Ordinary requests have none, and then nothing is allocated.
        let refused: Vec<HeaderName> = headers.keys().filter(|name| refused(name)).cloned().collect();
        for name in refused {
            headers.remove(name);
        }
    }
}

/// Who a trusted peer says called it, and so on until the first that is not trusted.
fn believed_chain(headers: &HeaderMap, trusted: &TrustedProxies) -> Vec<IpAddr> {
    let mut chain = Vec::new();
    let lines = headers.get_all(&X_FORWARDED_FOR).iter().rev();
    let entries = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    for entry in entries.map(<[u8]>::trim_ascii).take(FORWARDED_FOR_MAX) {
        // Lists may have empty members (RFC 9110 §5.6.1).
        if entry.is_empty() {
            continue;
        }
        let Some(address) = parse_node(entry) else {
            break;
        };
        chain.push(address);
        if !trusted.contains(address) {
            break;
        }
    }
    chain
}

/// An address with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn parse_node(entry: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(entry).ok()?;
    let address = if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        if !port.is_empty() {
            port.strip_prefix(':')?.parse::<u16>().ok()?;
        }
        address.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
    } else if let Some((address, port)) = text.split_once(':').filter(|(_, port)| !port.contains(':')) {
        port.parse::<u16>().ok()?;
        address.parse().ok().map(IpAddr::V4)
    } else {
        text.parse().ok()
    };
    address.map(|address| address.to_canonical())
}

/// What the nearest proxy wrote last, if it is a scheme.
fn forwarded_proto(headers: &HeaderMap) -> Option<Scheme> {
    let proto = last_member(headers, &X_FORWARDED_PROTO)?;
    let is_one_of = |names: [&str; 2]| names.iter().any(|name| proto.eq_ignore_ascii_case(name.as_bytes()));
    if is_one_of(["https", "wss"]) {
        Some(Scheme::Https)
    } else if is_one_of(["http", "ws"]) {
        Some(Scheme::Http)
    } else {
        None
    }
}

/// What the nearest proxy wrote last, if it is a host.
fn forwarded_host(headers: &HeaderMap) -> Option<HeaderValue> {
    let host = last_member(headers, &X_FORWARDED_HOST)?;
    normalise_into(host, &mut [0; SCRATCH_BYTES]).ok()?;
    HeaderValue::from_bytes(host).ok()
}

fn has_valid_port(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(&X_FORWARDED_PORT).iter();
    let only = lines.next().filter(|_line| lines.next().is_none());
    let digits = only.map_or(&[][..], HeaderValue::as_bytes);
    digits.iter().all(u8::is_ascii_digit)
        && str::from_utf8(digits).is_ok_and(|text| text.parse::<u16>().is_ok_and(|port| port != 0))
}

fn last_member<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let line = headers.get_all(name).iter().next_back()?;
    line.as_bytes().rsplit(|byte| *byte == b',').next().map(<[u8]>::trim_ascii)
}

/// A request's id as a header value.
pub(crate) fn request_id_value(request_id: RequestId) -> HeaderValue {
    HeaderValue::from_bytes(&request_id.to_hex()).expect("hex digits are a header value")
}

fn text_value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("addresses, commas and spaces are a header value")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CADDY: &str = "127.0.0.1";
    const STRANGER: &str = "203.0.113.9";

    fn map(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn trusted() -> TrustedProxies {
        "127.0.0.0/8, 10.0.0.0/8, fd00::/8".parse().unwrap()
    }

    fn read(peer: &str, lines: &[(&'static str, &str)]) -> Forwarding {
        let host = HeaderValue::from_static("App.example.com");
        Forwarding::read(peer.parse().unwrap(), &host, &map(lines), Scheme::Http, &trusted())
    }

    /// The fields as an upstream gets them.
    fn applied(peer: &str, lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = map(lines);
        read(peer, lines).apply(&mut headers, RequestId::from_u128(0xabc));
        headers
    }

    fn check_chain(peer: &str, lines: &[&str], client: &str, forwarded_for: &str) {
        let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
        assert_eq!(read(peer, &lines).client_ip().to_string(), client, "{lines:?}");
        let headers = applied(peer, &lines);
        assert_eq!(headers["x-forwarded-for"], forwarded_for, "{lines:?}");
        assert_eq!(headers["x-real-ip"], client, "{lines:?}");
    }

    // R13
    #[test]
    fn what_a_stranger_claims_is_replaced() {
        let sent = [
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "bank.example"),
            ("x-forwarded-port", "443"),
            ("x-forwarded-user", "admin"),
            ("x-real-ip", "127.0.0.1"),
            ("forwarded", "for=127.0.0.1"),
            ("x-octoporty-request-id", "1"),
            ("x-octoporty-agent", "1"),
            ("accept", "*/*"),
        ];
        let expected = map(&[
            ("accept", "*/*"),
            ("x-forwarded-for", STRANGER),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-host", "App.example.com"),
            ("x-real-ip", STRANGER),
            ("x-octoporty-request-id", "00000000000000000000000000000abc"),
        ]);
        assert_eq!(applied(STRANGER, &sent), expected);
    }

    // R13
    #[test]
    fn what_a_trusted_proxy_says_is_kept() {
        let sent = [
            ("x-forwarded-for", STRANGER),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "other.example:8443"),
            ("x-forwarded-port", "8443"),
            ("x-forwarded-user", "ann"),
            ("x-real-ip", "1.1.1.1"),
            ("forwarded", "for=1.1.1.1"),
            ("x-octoporty-request-id", "1"),
        ];
        let expected = map(&[
            ("x-forwarded-for", "203.0.113.9, 127.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "other.example:8443"),
            ("x-forwarded-port", "8443"),
            ("x-forwarded-user", "ann"),
            ("x-real-ip", STRANGER),
            ("x-octoporty-request-id", "00000000000000000000000000000abc"),
        ]);
        assert_eq!(applied(CADDY, &sent), expected);
    }

    // R13, R40
    #[test]
    fn the_visitor_is_the_last_address_that_is_not_a_proxy() {
        check_chain(CADDY, &[], CADDY, "127.0.0.1");
        check_chain(CADDY, &["198.51.100.1, 203.0.113.9"], STRANGER, "203.0.113.9, 127.0.0.1");
        check_chain(CADDY, &["198.51.100.1", "203.0.113.9", "10.0.0.5"], STRANGER, "203.0.113.9, 10.0.0.5, 127.0.0.1");
        check_chain(CADDY, &["198.51.100.1,203.0.113.9 ,, 10.0.0.5,"], STRANGER, "203.0.113.9, 10.0.0.5, 127.0.0.1");
        check_chain(CADDY, &["10.0.0.4, 10.0.0.5"], "10.0.0.4", "10.0.0.4, 10.0.0.5, 127.0.0.1");
        check_chain(STRANGER, &["198.51.100.1"], STRANGER, STRANGER);
    }

    #[test]
    fn addresses_come_in_many_spellings() {
        check_chain(CADDY, &["203.0.113.9:4711"], STRANGER, "203.0.113.9, 127.0.0.1");
        check_chain(CADDY, &["::ffff:203.0.113.9"], STRANGER, "203.0.113.9, 127.0.0.1");
        check_chain(CADDY, &["[2001:DB8::9]:4711"], "2001:db8::9", "2001:db8::9, 127.0.0.1");
        check_chain(CADDY, &["[2001:db8::9]"], "2001:db8::9", "2001:db8::9, 127.0.0.1");
        check_chain(CADDY, &["2001:db8::9, [fd00::1]"], "2001:db8::9", "2001:db8::9, fd00::1, 127.0.0.1");
        check_chain("::ffff:127.0.0.1", &["203.0.113.9"], STRANGER, "203.0.113.9, 127.0.0.1");
        check_chain("::ffff:203.0.113.9", &["198.51.100.1"], STRANGER, STRANGER);
    }

    // R40
    #[test]
    fn an_entry_that_is_no_address_ends_the_chain() {
        for odd in [
            "unknown",
            "_hidden",
            "1.2.3",
            "1.2.3.4:x",
            "1.2.3.4:70000",
            "[::1",
            "[::1]x",
            "[1.2.3.4]",
            "fe80::1%eth0",
            "a:b",
        ] {
            check_chain(CADDY, &[&format!("198.51.100.1, {odd}, 10.0.0.5")], "10.0.0.5", "10.0.0.5, 127.0.0.1");
        }
    }

    #[test]
    fn a_chain_is_read_up_to_its_limit() {
        let list = |count: usize| vec!["10.0.0.5"; count].join(",");
        let visitor_at = |position: usize| format!("203.0.113.9,{}", list(position - 1));
        let client = |list: &str| read(CADDY, &[("x-forwarded-for", list)]).client_ip().to_string();
        assert_eq!(client(&visitor_at(FORWARDED_FOR_MAX)), STRANGER);
        assert_eq!(client(&visitor_at(FORWARDED_FOR_MAX + 1)), "10.0.0.5");
        assert_eq!(client(&format!("203.0.113.9{}", ",".repeat(FORWARDED_FOR_MAX))), CADDY);
    }

    #[test]
    fn of_several_schemes_and_hosts_the_nearest_proxy_wrote_the_last() {
        let proto = |lines: &[(&'static str, &str)]| read(CADDY, lines).proto();
        assert_eq!(proto(&[("x-forwarded-proto", "http, https")]), Scheme::Https);
        assert_eq!(proto(&[("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")]), Scheme::Http);
        assert_eq!(proto(&[("x-forwarded-proto", "WSS")]), Scheme::Https);
        assert_eq!(proto(&[("x-forwarded-proto", "gopher")]), Scheme::Http);
        let host = |value: &str| read(CADDY, &[("x-forwarded-host", value)]).host().to_str().unwrap().to_owned();
        assert_eq!(host("a.example, B.example:80"), "B.example:80");
        assert_eq!(host("a/b"), "App.example.com");
        assert_eq!(host(""), "App.example.com");
    }

    #[test]
    fn a_port_that_is_none_is_dropped() {
        for port in ["0", "65536", "x", "", "+80", "80, 81"] {
            assert!(!applied(CADDY, &[("x-forwarded-port", port)]).contains_key("x-forwarded-port"), "{port:?}");
        }
    }

    proptest! {
        // R13, R40
        #[test]
        fn a_chain_never_reaches_beyond_the_first_stranger(
            entries in proptest::collection::vec("(10\\.0\\.0\\.[1-9]|203\\.0\\.113\\.[1-9]|x|)", 0..40),
        ) {
            let forwarding = read(CADDY, &[("x-forwarded-for", &entries.join(","))]);
            let trusted = trusted();
            prop_assert!(forwarding.chain.iter().rev().skip(1).all(|proxy| trusted.contains(*proxy)));
            prop_assert!(forwarding.chain.len() <= FORWARDED_FOR_MAX);
        }

        #[test]
        fn any_bytes_are_read_without_panic(value in proptest::collection::vec(0x20_u8..=0xff, 0..80)) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                let mut headers = HeaderMap::new();
                for name in [&X_FORWARDED_FOR, &X_FORWARDED_HOST, &X_FORWARDED_PROTO, &X_FORWARDED_PORT] {
                    headers.insert(name, value.clone());
                }
                let host = HeaderValue::from_static("a");
                let peer = IpAddr::from([127, 0, 0, 1]);
                let forwarding = Forwarding::read(peer, &host, &headers, Scheme::Https, &trusted());
                forwarding.apply(&mut headers, RequestId::from_u128(1));
            }
        }
    }
}
