//! Which addresses an Agent may dial, judged on the resolved address (R33). Not which hosts are mapped.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

/// The ranges that no mapping may reach unless the configuration says otherwise: what is unspecified, link-local
/// or multicast, and the addresses at which clouds hand out credentials.
pub const DEFAULT_DENY_LIST: [&str; 11] = [
    "0.0.0.0/8",
    "169.254.0.0/16",
    "100.100.100.200/32",
    "224.0.0.0/4",
    "255.255.255.255/32",
    "::/128",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
    "fd00:ec2::254/128",
    "fd20:ce::254/128",
];

/// The ranges and sockets that may not be dialled.
///
/// Loopback and private ranges are allowed: they are what a tunnel is for. An IPv6 address that carries an IPv4
/// address (mapped, compatible, NAT64, 6to4) is judged as both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressPolicy {
    ranges: Vec<IpNet>,
    sockets: Vec<SocketAddr>,
}

impl AddressPolicy {
    /// Denies these ranges and nothing else.
    #[must_use]
    pub const fn new(ranges: Vec<IpNet>) -> Self {
        Self { ranges, sockets: Vec::new() }
    }

    /// Denies the ranges of a comma-separated list, as the setting `Agent__UpstreamDenyList` holds it. An address
    /// alone is a range of one; an empty list denies nothing.
    ///
    /// # Errors
    /// The first entry that is neither a range nor an address.
    pub fn from_list(list: &str) -> Result<Self, DenyListError> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        Ok(Self::new(entries.map(parse_range).collect::<Result<_, _>>()?))
    }

    /// Denies a listening socket of this program too, such as the Agent's own UI. One bound to the unspecified
    /// address is denied at every address of this machine.
    #[must_use]
    pub fn deny_socket(mut self, socket: SocketAddr) -> Self {
        self.sockets.push(SocketAddr::new(socket.ip().to_canonical(), socket.port()));
        self
    }

    /// Judges an address before it is dialled.
    ///
    /// # Errors
    /// What forbids it.
    pub fn check(&self, address: SocketAddr) -> Result<(), Denied> {
        let ip = address.ip();
        for form in forms(ip).into_iter().flatten() {
            if let Some(range) = self.ranges.iter().find(|range| range.contains(&form)) {
                return Err(Denied::Range { address: ip, range: *range });
            }
        }
        let ip = ip.to_canonical();
        let own = |socket: &SocketAddr| {
            socket.port() == address.port() && (socket.ip() == ip || (socket.ip().is_unspecified() && ip.is_loopback()))
        };
        if self.sockets.iter().any(own) { Err(Denied::OwnSocket { address }) } else { Ok(()) }
    }

    /// Judges a connection by both its ends, before a byte is sent: one whose ends have the same address stays on
    /// this machine, which no look at the address alone can tell.
    ///
    /// # Errors
    /// What forbids it.
    pub(super) fn check_connected(&self, local: SocketAddr, peer: SocketAddr) -> Result<(), Denied> {
        let here = local.ip().to_canonical() == peer.ip().to_canonical();
        let own = |socket: &SocketAddr| socket.port() == peer.port() && socket.ip().is_unspecified();
        if here && self.sockets.iter().any(own) { Err(Denied::OwnSocket { address: peer }) } else { Ok(()) }
    }
}

impl Default for AddressPolicy {
    fn default() -> Self {
        let ranges = DEFAULT_DENY_LIST.iter().filter_map(|range| range.parse().ok()).collect();
        Self::new(ranges)
    }
}

/// What forbids an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// A range of the deny list.
    #[error("{address} is in {range}, which the setting Agent__UpstreamDenyList forbids")]
    Range {
        /// The resolved address.
        address: IpAddr,
        /// The range that holds it, or the IPv4 address within it.
        range: IpNet,
    },
    /// A socket of this program.
    #[error("{address} is this Agent itself")]
    OwnSocket {
        /// The resolved address.
        address: SocketAddr,
    },
}

/// An entry of a deny list that can not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{entry}` is neither an address nor a range such as 169.254.0.0/16 or fe80::/10")]
pub struct DenyListError {
    entry: String,
}

fn parse_range(entry: &str) -> Result<IpNet, DenyListError> {
    if let Ok(range) = entry.parse::<IpNet>() {
        return Ok(range.trunc());
    }
    match entry.parse::<IpAddr>() {
        Ok(address) => Ok(address.into()),
        Err(_) => Err(DenyListError { entry: entry.to_owned() }),
    }
}

/// The address itself and every IPv4 address that it may lead to.
fn forms(address: IpAddr) -> [Option<IpAddr>; 4] {
    let IpAddr::V6(v6) = address else {
        return [Some(address), None, None, None];
    };
    let [outer, local] = embedded(v6);
    let v4 = |form: Ipv4Addr| IpAddr::V4(form);
    [Some(address), v6.to_ipv4_mapped().map(v4), outer.map(v4), local.map(v4)]
}

/// IPv4 addresses inside an IPv6 address, other than mapped ones. At most two readings of one address.
fn embedded(address: Ipv6Addr) -> [Option<Ipv4Addr>; 2] {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let low = join(g, h);
    match [a, b, c, d, e, f] {
        // IPv4-compatible, RFC 4291 §2.5.5.1. `::` and `::1` have that form and are not meant by it.
        [0, 0, 0, 0, 0, 0] if (g, h) != (0, 0) && (g, h) != (0, 1) => [Some(low), None],
        // IPv4-translated, RFC 2765 §2.1, and NAT64, RFC 6052 §2.1.
        [0, 0, 0, 0, 0xffff, 0] | [0x64, 0xff9b, 0, 0, 0, 0] => [Some(low), None],
        // NAT64 for local use, RFC 8215: read with the shortest and the longest prefix of RFC 6052 §2.2.
        [0x64, 0xff9b, 1, ..] => [Some(low), Some(join(d, (e << 8) | (f >> 8)))],
        // 6to4, RFC 3056 §2.
        [0x2002, ..] => [Some(join(b, c)), None],
        _ => [None, None],
    }
}

fn join(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}
