//! Request ids: unlikely to meet again, cheap to make, and telling nothing about their neighbours.

use std::sync::atomic::{AtomicU64, Ordering};

use octoporty_core::id::RequestId;

/// Makes the ids of one process: a random half that is the process's own, and a counter scrambled by a second random
/// number, so that ids do not show how much traffic there is.
#[derive(Debug)]
pub(crate) struct RequestIds {
    prefix: u64,
    scramble: u64,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        Self { prefix: rand::random(), scramble: rand::random::<u64>() | 1, next: AtomicU64::new(rand::random()) }
    }

    pub(crate) fn next(&self) -> RequestId {
        // Multiplying by an odd number is a permutation, so no two of 2^64 are the same.
        let count = self.next.fetch_add(1, Ordering::Relaxed).wrapping_mul(self.scramble);
        let mixed = (count ^ (count >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        RequestId::from_u128(u128::from(self.prefix) << 64 | u128::from(mixed ^ (mixed >> 32)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::RequestIds;

    #[test]
    fn ids_do_not_repeat() {
        let ids = RequestIds::new();
        let made: HashSet<_> = (0..10_000).map(|_| ids.next()).collect();
        assert_eq!(made.len(), 10_000);
    }
}
