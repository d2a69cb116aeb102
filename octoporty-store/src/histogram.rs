//! How long things took, in buckets whose width grows with the time: small to keep, and good to a sixteenth.

use std::time::Duration;

/// Bits of the microseconds below which all is one bucket: 64 µs.
const FIRST_BITS: u32 = 6;
/// Bits that tell the buckets of one doubling apart.
const FINE_BITS: u32 = 3;
/// The last bucket, of all from 2^32 µs on, some 71 minutes.
const LAST: u8 = 209;

/// A histogram of durations, from 64 µs to over an hour, with eight buckets for each doubling.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Bucket and count, by rising bucket, without empty ones.
    buckets: Vec<(u8, u32)>,
}

impl Histogram {
    /// Counts a duration. Shorter and longer ones than the range go into the first and the last bucket.
    pub fn record(&mut self, duration: Duration) {
        self.add(bucket(duration), 1);
    }

    fn add(&mut self, bucket: u8, count: u32) {
        match self.buckets.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(index) => self.buckets[index].1 = self.buckets[index].1.saturating_add(count),
            Err(index) => self.buckets.insert(index, (bucket, count)),
        }
    }

    /// Adds all of another one.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.buckets {
            self.add(*bucket, *count);
        }
    }

    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// The duration that `share` (0 to 1) of all are not above, within a sixteenth; `None` if none was counted.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let total = self.count();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a count of requests is below 2^52, and the share is held between 0 and 1"
        )]
        let rank = (share.clamp(0.0, 1.0) * total as f64).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in &self.buckets {
            seen += u64::from(*count);
            if seen >= rank.max(1) {
                return Some(middle(*bucket));
            }
        }
        None
    }

    /// Bytes for a row: each bucket and its count, in as few bytes as it takes (LEB128).
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.buckets.len() * 3);
        for (bucket, count) in &self.buckets {
            bytes.push(*bucket);
            let mut rest = *count;
            while rest >= 0x80 {
                bytes.push(rest.to_le_bytes()[0] | 0x80);
                rest >>= 7;
            }
            bytes.push(rest.to_le_bytes()[0]);
        }
        bytes
    }

    /// What [`Self::to_bytes`] made; `None` for bytes that it did not make.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut histogram = Self::default();
        let mut bytes = bytes.iter();
        while let Some(bucket) = bytes.next() {
            let mut count = 0_u64;
            for shift in (0..35).step_by(7) {
                let byte = bytes.next()?;
                count |= u64::from(byte & 0x7f) << shift;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            if *bucket > LAST {
                return None;
            }
            histogram.add(*bucket, u32::try_from(count).ok()?);
        }
        Some(histogram)
    }
}

/// Bucket 0 is below 64 µs. From there on, the position of the highest bit and the three bits behind it are the bucket.
fn bucket(duration: Duration) -> u8 {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    let Some(bits) = micros.checked_ilog2().filter(|bits| *bits >= FIRST_BITS) else { return 0 };
    let fine = (micros >> (bits - FINE_BITS)) & ((1 << FINE_BITS) - 1);
    let bucket = (u64::from(bits - FIRST_BITS) << FINE_BITS) + fine + 1;
    u8::try_from(bucket).unwrap_or(LAST).min(LAST)
}

/// The middle of a bucket, or the start of the last one.
fn middle(bucket: u8) -> Duration {
    let Some(bucket) = bucket.checked_sub(1) else { return Duration::from_micros(1 << (FIRST_BITS - 1)) };
    let bits = u32::from(bucket >> FINE_BITS) + FIRST_BITS;
    let fine = u64::from(bucket & ((1 << FINE_BITS) - 1));
    let width = 1_u64 << (bits - FINE_BITS);
    let start = (1_u64 << bits) + fine * width;
    Duration::from_micros(if bucket + 1 == LAST { start } else { start + width / 2 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantiles_of_nothing_and_of_one() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), None);
        histogram.record(Duration::from_millis(100));
        for share in [0.0, 0.5, 1.0] {
            let found = histogram.quantile(share).unwrap();
            assert!(found.abs_diff(Duration::from_millis(100)) <= Duration::from_millis(100) / 16, "{found:?}");
        }
    }

    #[test]
    fn ends_of_the_range() {
        for (duration, expected) in [
            (Duration::ZERO, 0),
            (Duration::from_micros(63), 0),
            (Duration::from_micros(64), 1),
            (Duration::from_secs(71 * 60), LAST - 1),
            (Duration::from_secs(72 * 60), LAST),
            (Duration::MAX, LAST),
        ] {
            assert_eq!(bucket(duration), expected, "{duration:?}");
        }
        let shortest_of_last = middle(LAST);
        assert!(shortest_of_last > Duration::from_secs(3_600), "{shortest_of_last:?}");
    }

    proptest! {
        #[test]
        fn a_duration_is_found_again_within_a_sixteenth(micros in 64_u64..3_600_000_000) {
            let duration = Duration::from_micros(micros);
            prop_assert!(middle(bucket(duration)).abs_diff(duration) <= duration / 16 + Duration::from_micros(1));
        }

        #[test]
        fn bytes_and_merging_keep_all(a in prop::collection::vec(0_u64..10_000_000_000, 0..200), b in prop::collection::vec(0_u64..10_000_000, 0..200)) {
            let of = |micros: &[u64]| {
                let mut histogram = Histogram::default();
                micros.iter().for_each(|micros| histogram.record(Duration::from_micros(*micros)));
                histogram
            };
            let (mut merged, other) = (of(&a), of(&b));
            merged.merge(&other);
            prop_assert_eq!(&merged, &of(&[a, b].concat()));
            prop_assert_eq!(Histogram::from_bytes(&merged.to_bytes()), Some(merged));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _read_or_not = Histogram::from_bytes(&bytes);
        }
    }
}
