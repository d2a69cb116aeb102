//! How many connections there may be, in all and from one address (R20).

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

/// Whom an address stands for where addresses are counted: an IPv6 host has all of its /64, so that is one.
pub(crate) fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Counts connections; a [`Place`] holds one.
#[derive(Debug)]
pub(crate) struct Limiter {
    max: usize,
    per_address_max: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection's place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    limiter: Arc<Limiter>,
    address: Option<IpAddr>,
}

impl Limiter {
    pub(crate) fn new(max: usize, per_address_max: usize) -> Arc<Self> {
        Arc::new(Self { max, per_address_max, held: Mutex::new(Held::default()) })
    }

    /// How many places are held.
    pub(crate) fn held(&self) -> usize {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).all
    }

    /// A place for a connection from `address`; `None` for one that is not limited by itself, such as a proxy.
    pub(crate) fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Place> {
        let address = address.map(counted_as);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.all >= self.max {
            return None;
        }
        if let Some(address) = address {
            let count = held.by_address.entry(address).or_insert(0);
            if *count >= self.per_address_max {
                return None;
            }
            *count += 1;
        }
        held.all += 1;
        Some(Place { limiter: Arc::clone(self), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.limiter.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.all -= 1;
        if let Some(address) = self.address
            && let Some(count) = held.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                held.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // R20
    #[test]
    fn both_limits_hold_and_places_come_back() {
        let limiter = Limiter::new(3, 2);
        let one: Option<IpAddr> = Some("192.0.2.1".parse().unwrap());
        let other: Option<IpAddr> = Some("192.0.2.2".parse().unwrap());
        let first = limiter.admit(one).unwrap();
        let _second = limiter.admit(one).unwrap();
        assert!(limiter.admit(one).is_none(), "two from one address");
        let _third = limiter.admit(other).unwrap();
        assert!(limiter.admit(None).is_none(), "three in all");
        drop(first);
        assert!(limiter.admit(one).is_some());
        assert_eq!(limiter.held.lock().unwrap().by_address.len(), 2);
    }

    // R20
    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let limiter = Limiter::new(3, 1);
        let address = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        let _place = limiter.admit(address("2001:db8::1")).unwrap();
        assert!(limiter.admit(address("2001:db8::2")).is_none(), "a host has as many as it likes");
        assert!(limiter.admit(address("2001:db8:0:1::1")).is_some());
        assert!(limiter.admit(address("::ffff:192.0.2.1")).is_some());
    }
}
