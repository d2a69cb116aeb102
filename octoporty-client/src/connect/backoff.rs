//! How long to wait before the next try to reach a Gateway. No clock, no sleeping.

use std::{fmt, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng};

/// Longest first wait: soon enough after a short interruption.
const FIRST: Duration = Duration::from_secs(1);

/// Longest wait at all: late enough for a Gateway that is away for hours, soon enough for whoever watches it come
/// back.
const LONGEST: Duration = Duration::from_secs(60);

/// Shortest wait, so that full jitter never makes two tries in a row without a pause.
const SHORTEST: Duration = Duration::from_millis(50);

/// Each such time that a connection lived takes back one doubling: one that lives 30 s, all of them. So a path that breaks
/// now and then does not keep visitors waiting, and a Gateway that takes connections only to drop them is not stormed.
const FORGIVEN_EACH: Duration = Duration::from_secs(5);

/// Exponential back-off with full jitter: each wait is drawn between almost nothing and a ceiling that doubles from
/// 1 s to 60 s. So Agents that lost one Gateway together come back spread over time.
pub struct Backoff {
    rng: StdRng,
    ceiling: Duration,
    hint: Option<Duration>,
}

impl Backoff {
    /// Starts at 1 s, with randomness from the operating system.
    #[must_use]
    pub fn new() -> Self {
        Self::with_rng(StdRng::from_os_rng())
    }

    /// Starts at 1 s, with waits that depend on the seed alone.
    #[must_use]
    pub fn with_seed(seed: u64) -> Self {
        Self::with_rng(StdRng::seed_from_u64(seed))
    }

    const fn with_rng(rng: StdRng) -> Self {
        Self { rng, ceiling: FIRST, hint: None }
    }

    /// The wait before the next try. Each call counts as a failed try.
    pub fn next_delay(&mut self) -> Duration {
        let ceiling = self.hint.take().unwrap_or_else(|| {
            let ceiling = self.ceiling;
            self.ceiling = (ceiling * 2).min(LONGEST);
            ceiling
        });
        self.rng.random_range(SHORTEST..=ceiling.max(SHORTEST))
    }

    /// Tells how long the last connection lived. Every 5 s of it take back one doubling, so after 30 s the waits start
    /// over.
    pub fn connected_for(&mut self, lifetime: Duration) {
        let doublings = lifetime.as_secs() / FORGIVEN_EACH.as_secs();
        let divisor =
            u32::try_from(doublings).ok().and_then(|doublings| 1_u32.checked_shl(doublings)).unwrap_or(u32::MAX);
        self.ceiling = (self.ceiling / divisor).max(FIRST);
    }

    /// Draws the next wait, and only that, from this span instead: a Gateway that goes away says over how long its
    /// Agents should spread. At most an hour is believed.
    pub fn hint(&mut self, spread: Duration) {
        self.hint = Some(spread.min(Duration::from_secs(3600)));
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backoff").field("ceiling", &self.ceiling).field("hint", &self.hint).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ceilings(backoff: &mut Backoff, count: usize) -> Vec<u64> {
        let step = |_| {
            let ceiling = backoff.ceiling;
            assert!((SHORTEST..=ceiling).contains(&backoff.next_delay()));
            ceiling.as_secs()
        };
        (0..count).map(step).collect()
    }

    #[test]
    fn ceiling_doubles_up_to_a_minute() {
        assert_eq!(ceilings(&mut Backoff::with_seed(1), 9), [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn same_seed_gives_same_waits() {
        let waits = |seed| {
            let mut backoff = Backoff::with_seed(seed);
            (0..8).map(|_| backoff.next_delay()).collect::<Vec<_>>()
        };
        assert_eq!(waits(7), waits(7));
        assert_ne!(waits(7), waits(8));
    }

    #[test]
    fn waits_use_the_whole_span() {
        let mut backoff = Backoff::with_seed(3);
        assert_eq!(ceilings(&mut backoff, 7).last(), Some(&60));
        let waits: Vec<_> = (0..200).map(|_| backoff.next_delay()).collect();
        assert!(waits.iter().any(|wait| *wait < Duration::from_secs(10)));
        assert!(waits.iter().any(|wait| *wait > Duration::from_secs(50)));
    }

    #[test]
    fn the_longer_a_connection_held_the_more_is_forgiven() {
        for (lifetime, ceiling) in [(0, 60), (4, 60), (5, 30), (14, 15), (29, 1), (30, 1), (u64::MAX, 1)] {
            let mut backoff = Backoff::with_seed(1);
            ceilings(&mut backoff, 9);
            backoff.connected_for(Duration::from_secs(lifetime));
            assert_eq!(backoff.ceiling.as_secs(), ceiling, "{lifetime} s");
        }
    }

    #[test]
    fn a_path_that_breaks_now_and_then_is_dialled_again_soon() {
        let mut backoff = Backoff::with_seed(1);
        for _ in 0..100 {
            assert!(backoff.next_delay() <= FIRST * 2);
            backoff.connected_for(Duration::from_secs(9));
        }
    }

    #[test]
    fn hint_counts_once() {
        let mut backoff = Backoff::with_seed(1);
        backoff.hint(Duration::ZERO);
        assert_eq!(backoff.next_delay(), SHORTEST);
        assert!(backoff.next_delay() <= FIRST);
        assert_eq!(backoff.ceiling, Duration::from_secs(2));
    }
}
