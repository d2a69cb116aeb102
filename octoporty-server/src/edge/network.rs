//! Which addresses count as near: loopback, and private networks such as those of containers (R63).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether packets to `address` stay on this machine or in a private network.
pub(super) fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local() || is_shared(v4),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || is_link_local(v6),
    }
}

/// RFC 6598: the space between a provider and its customers, which some container networks use.
const fn is_shared(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    first == 100 && second >= 64 && second < 128
}

fn is_link_local(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xffc0 == 0xfe80
}

#[cfg(test)]
mod tests {
    use super::*;

    // R63
    #[test]
    fn loopback_and_private_networks_are_near_and_nothing_else() {
        for near in
            ["127.0.0.1", "::1", "10.1.2.3", "172.17.0.2", "192.168.1.1", "100.64.0.1", "fd00::1", "::ffff:10.0.0.1"]
        {
            assert!(is_near(near.parse().unwrap()), "{near}");
        }
        for far in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "0.0.0.0", "::", "2001:db8::1", "::ffff:8.8.8.8"] {
            assert!(!is_near(far.parse().unwrap()), "{far}");
        }
    }
}
