//! Which callers are believed when they say for whom they ask (R13, R40).

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Most networks in the list. It is searched for every request and written by hand.
pub const TRUSTED_PROXIES_MAX: usize = 256;

/// A text that is not a list of networks; whoever wrote the configuration must change it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustedProxiesError {
    /// One entry is neither an address nor a network.
    #[error("{entry:?} is neither an IP address nor a network such as 10.0.0.0/8 or fd00::/8")]
    Entry {
        /// The entry.
        entry: String,
    },
    /// There are more than [`TRUSTED_PROXIES_MAX`] entries.
    #[error("{count} trusted proxies are listed, at most {TRUSTED_PROXIES_MAX} are possible")]
    TooMany {
        /// How many there are.
        count: usize,
    },
}

/// The networks of proxies whose forwarding fields are believed. The default is loopback, where Caddy usually runs.
///
/// Too wide a list lets visitors choose the address that upstreams and limits see; too narrow a one makes every visitor
/// look like the proxy. IPv4 addresses inside IPv6 (`::ffff:0:0/96`) count as IPv4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// These networks.
    ///
    /// # Errors
    ///
    /// When there are more than [`TRUSTED_PROXIES_MAX`].
    pub fn new(networks: Vec<IpNet>) -> Result<Self, TrustedProxiesError> {
        if networks.len() > TRUSTED_PROXIES_MAX {
            return Err(TrustedProxiesError::TooMany { count: networks.len() });
        }
        Ok(Self(networks.into_iter().map(canonical).collect()))
    }

    /// Nobody is believed.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Whether this address is a trusted proxy's.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl Default for TrustedProxies {
    fn default() -> Self {
        let v4 = Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8);
        let v6 = Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128);
        Self(vec![v4.into(), v6.into()])
    }
}

impl FromStr for TrustedProxies {
    type Err = TrustedProxiesError;

    /// Reads addresses and networks between commas; an empty text trusts nobody.
    fn from_str(text: &str) -> Result<Self, TrustedProxiesError> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let count = entries.clone().count();
        if count > TRUSTED_PROXIES_MAX {
            return Err(TrustedProxiesError::TooMany { count });
        }
        entries.map(parse_entry).collect::<Result<Vec<IpNet>, _>>().and_then(Self::new)
    }
}

fn parse_entry(entry: &str) -> Result<IpNet, TrustedProxiesError> {
    let address = || entry.parse::<IpAddr>().ok().map(IpNet::from);
    entry
        .parse()
        .ok()
        .or_else(address)
        .ok_or_else(|| TrustedProxiesError::Entry { entry: entry.chars().take(64).collect() })
}

/// The network as IPv4 if it lies within `::ffff:0:0/96`, because addresses are compared in that form.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else {
        return network;
    };
    let inner = v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96));
    inner.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok()).map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(list: &str, address: &str) -> bool {
        list.parse::<TrustedProxies>().unwrap().contains(address.parse().unwrap())
    }

    // R13
    #[test]
    fn by_default_only_loopback_is_trusted() {
        let trusted = TrustedProxies::default();
        for address in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            assert!(trusted.contains(address.parse().unwrap()), "{address}");
        }
        for address in ["10.0.0.1", "192.0.2.1", "::2", "fe80::1", "::ffff:10.0.0.1", "::"] {
            assert!(!trusted.contains(address.parse().unwrap()), "{address}");
            assert!(!TrustedProxies::none().contains(address.parse().unwrap()));
        }
    }

    #[test]
    fn lists_take_addresses_and_networks_of_both_kinds() {
        assert!(contains(" 10.0.0.0/8, fd00::/8 ,,192.0.2.7", "10.200.0.1"));
        assert!(contains("10.0.0.0/8,fd00::/8,192.0.2.7", "fd12::1"));
        assert!(contains("10.0.0.0/8,fd00::/8,192.0.2.7", "192.0.2.7"));
        assert!(!contains("10.0.0.0/8,fd00::/8,192.0.2.7", "192.0.2.8"));
        assert!(contains("10.1.2.3/8", "10.9.9.9"));
        assert!(contains("::ffff:10.0.0.0/104", "10.9.9.9"));
        assert!(contains("10.0.0.0/8", "::ffff:10.9.9.9"));
        assert!(contains("::ffff:10.0.0.1", "10.0.0.1"));
        assert!(!contains("", "127.0.0.1"));
    }

    #[test]
    fn other_text_is_refused_with_the_entry() {
        for entry in ["10.0.0.0/33", "caddy", "10.0.0", "::1/129", "10.0.0.0-10.0.0.9"] {
            let error = format!("10.0.0.1, {entry}").parse::<TrustedProxies>().unwrap_err();
            assert_eq!(error, TrustedProxiesError::Entry { entry: entry.to_owned() });
        }
    }

    #[test]
    fn the_list_is_bounded() {
        let list = |count: usize| vec!["10.0.0.1"; count].join(",").parse::<TrustedProxies>();
        assert!(list(TRUSTED_PROXIES_MAX).is_ok());
        assert_eq!(list(TRUSTED_PROXIES_MAX + 1), Err(TrustedProxiesError::TooMany { count: TRUSTED_PROXIES_MAX + 1 }));
    }
}
