//! Body bytes that a test can make, count and check without keeping them: byte `i` is `i % 256`.

use std::fmt::Write as _;

use bytes::Bytes;
use sha2::{Digest, Sha256};

/// Bytes in one block of the pattern: a multiple of 256, so that blocks join without a seam.
const BLOCK_BYTES: usize = 64 << 10;

/// The first `length` bytes of the pattern.
#[must_use]
pub fn pattern(length: usize) -> Bytes {
    (0..=u8::MAX).cycle().take(length).collect()
}

/// SHA-256 of the first `length` bytes of the pattern, in lower-case hexadecimal. Needs no memory for them.
#[must_use]
pub fn pattern_sha256(length: u64) -> String {
    let block = pattern(BLOCK_BYTES);
    let mut digest = Sha256::new();
    let mut left = length;
    while left > 0 {
        let take = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
        digest.update(&block[..take]);
        left -= count(take);
    }
    hex(&digest.finalize())
}

/// SHA-256 of `bytes` in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
        text
    })
}

/// A length in memory as a counter counts it.
pub(crate) fn count(length: usize) -> u64 {
    u64::try_from(length).expect("lengths in memory are below 2^64")
}
