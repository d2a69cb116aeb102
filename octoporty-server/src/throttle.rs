//! How many wrong keys an address may try (R23).

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::limiter::counted_as;

/// Wrong keys that one address may present in [`PERIOD`].
const FAILURES_MAX: u32 = 10;

/// The period that failures are counted in.
const PERIOD: Duration = Duration::from_secs(60);

/// Addresses that are remembered. Beyond it, those whose period is over are forgotten, then all: an attacker with
/// that many addresses is not stopped by counting them.
const ADDRESSES_MAX: usize = 10_000;

/// Counts failures by address; an IPv6 host is its /64, of which it has all addresses.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    failures: Mutex<HashMap<IpAddr, (u32, Instant)>>,
}

impl Throttle {
    /// How long `address` must wait before it may try again, if it must.
    pub(crate) fn check(&self, address: IpAddr) -> Option<Duration> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, since) = *failures.get(&counted_as(address))?;
        let passed = since.elapsed();
        (count >= FAILURES_MAX && passed < PERIOD).then(|| PERIOD - passed)
    }

    /// `address` presented a wrong key.
    pub(crate) fn count(&self, address: IpAddr) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= ADDRESSES_MAX {
            failures.retain(|_, (_, since)| since.elapsed() < PERIOD);
            if failures.len() >= ADDRESSES_MAX {
                failures.clear();
            }
        }
        let entry = failures.entry(counted_as(address)).or_insert_with(|| (0, Instant::now()));
        if entry.1.elapsed() >= PERIOD {
            *entry = (0, Instant::now());
        }
        entry.0 = entry.0.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // R23
    #[tokio::test(start_paused = true)]
    async fn ten_wrong_keys_a_minute_are_heard() {
        let throttle = Throttle::default();
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
        for _ in 0..FAILURES_MAX {
            assert_eq!(throttle.check(address), None);
            throttle.count(address);
        }
        assert_eq!(throttle.check(neighbour), Some(PERIOD), "the whole /64 is one");
        assert_eq!(throttle.check("192.0.2.1".parse().unwrap()), None);
        tokio::time::advance(PERIOD).await;
        assert_eq!(throttle.check(address), None);
    }
}
