//! How long to leave a proxy alone that failed.

use std::time::Duration;

use rand::Rng as _;

/// Pauses that double from one bound to the other, each between half and the whole of its ceiling: two Gateways at one
/// Caddy do not stay in step.
#[derive(Debug)]
pub(super) struct Backoff {
    least: Duration,
    most: Duration,
    ceiling: Duration,
}

impl Backoff {
    pub(super) const fn new(least: Duration, most: Duration) -> Self {
        Self { least, most, ceiling: least }
    }

    /// The pause after one more failure.
    pub(super) fn next_pause(&mut self) -> Duration {
        let ceiling = self.ceiling.min(self.most);
        self.ceiling = ceiling.saturating_mul(2);
        rand::rng().random_range(ceiling / 2..=ceiling).max(self.least.min(ceiling))
    }

    /// It went well.
    pub(super) const fn reset(&mut self) {
        self.ceiling = self.least;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_most_and_start_again() {
        let seconds = Duration::from_secs;
        let mut backoff = Backoff::new(seconds(1), seconds(60));
        for ceiling in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            let pause = backoff.next_pause();
            assert!(
                (seconds(ceiling) / 2).max(seconds(1)) <= pause && pause <= seconds(ceiling),
                "{ceiling}: {pause:?}"
            );
        }
        backoff.reset();
        assert_eq!(backoff.next_pause(), seconds(1));
    }
}
