//! How many requests one address may make (part of R46 to R51): much for what is cheap, little for what is not.

use std::{num::NonZeroUsize, sync::Mutex, time::Duration};

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use lru::LruCache;
use tokio::time::Instant;

use super::{
    error::Problem,
    peer::{AddressBucket, Peer},
    state::ApiState,
};

/// Addresses that are remembered, for each kind of request. The one unseen for longest is forgotten first.
const ADDRESSES_MAX: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// One cheap request each half millisecond, and 4,000 in a burst: more than any dashboard or script needs, less than
/// what keeps a core busy.
const CHEAP: Rate = Rate { interval: Duration::from_micros(500), burst: 4_000 };

/// Requests that dial out, read a whole database or write much: five a second, and 30 in a burst.
const COSTLY: Rate = Rate { interval: Duration::from_millis(200), burst: 30 };

/// Where costly requests go.
const COSTLY_PATHS: [&str; 8] = [
    "/api/v1/test/diagnose",
    "/api/v1/mappings/test",
    "/api/mappings/test",
    "/api/v1/dns",
    "/api/v1/import-export/import",
    "/api/v1/import-export/export",
    "/api/v1/import-export/sqlite",
    "/api/v1/gateway/update",
];

/// One request each `interval`, `burst` at once.
#[derive(Debug, Clone, Copy)]
struct Rate {
    interval: Duration,
    burst: u32,
}

/// What each address has used up.
#[derive(Debug)]
pub(crate) struct RateLimits {
    cheap: Limiter,
    costly: Limiter,
}

impl RateLimits {
    pub(crate) fn new() -> Self {
        Self { cheap: Limiter::new(CHEAP), costly: Limiter::new(COSTLY) }
    }
}

/// For each address, when its next request would be on time (the generic cell rate algorithm).
#[derive(Debug)]
struct Limiter {
    rate: Rate,
    due: Mutex<LruCache<AddressBucket, Instant>>,
}

impl Limiter {
    fn new(rate: Rate) -> Self {
        Self { rate, due: Mutex::new(LruCache::new(ADDRESSES_MAX)) }
    }

    /// Takes one request, or says how long to wait.
    fn take(&self, bucket: AddressBucket, now: Instant) -> Result<(), Duration> {
        let mut due = self.due.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let next = due.get(&bucket).copied().unwrap_or(now).max(now) + self.rate.interval;
        let early = next - now;
        let slack = self.rate.interval * self.rate.burst;
        if early > slack {
            return Err(early - slack);
        }
        due.put(bucket, next);
        Ok(())
    }
}

/// Refuses what is too much.
pub(crate) async fn layer(State(state): State<ApiState>, peer: Peer, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let limiter = if COSTLY_PATHS.contains(&path) { &state.rates.costly } else { &state.rates.cheap };
    match limiter.take(peer.bucket(), Instant::now()) {
        Ok(()) => next.run(request).await,
        Err(wait) => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-requests",
            "Too many requests from this address. Wait a moment.",
        )
        .retry_after(wait)
        .into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(last: u8) -> AddressBucket {
        Peer { address: [10, 0, 0, last].into(), is_https: false }.bucket()
    }

    #[test]
    fn a_burst_passes_then_one_an_interval() {
        let limiter = Limiter::new(Rate { interval: Duration::from_secs(1), burst: 3 });
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(limiter.take(bucket(1), now), Ok(()));
        }
        assert_eq!(limiter.take(bucket(1), now), Err(Duration::from_secs(1)));
        assert_eq!(limiter.take(bucket(2), now), Ok(()), "another address has its own");
        assert_eq!(limiter.take(bucket(1), now + Duration::from_secs(1)), Ok(()));
        assert!(limiter.take(bucket(1), now + Duration::from_secs(1)).is_err());
    }
}
