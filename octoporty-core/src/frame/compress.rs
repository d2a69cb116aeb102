//! LZ4 on body bytes: when to try, when to give up, and how to unpack safely.

use bytes::{BufMut, Bytes, BytesMut};

use super::FrameError;
use crate::limits::{COMPRESS_BYTES_MIN, COMPRESS_MISSES_MAX, PIECE_BYTES_MAX};

/// Bytes of the plain length in front of an LZ4 block.
pub(super) const PLAIN_LENGTH_BYTES: usize = 4;

/// One stream's decision about compression: on for content that may shrink, off for good after
/// [`COMPRESS_MISSES_MAX`] blocks in a row that did not shrink by an eighth.
#[derive(Debug, Clone, Copy)]
pub struct Compressor {
    misses_left: u8,
}

impl Compressor {
    /// Whether it tries.
    #[must_use]
    pub const fn is_on(self) -> bool {
        self.misses_left > 0
    }

    /// Never tries.
    pub const OFF: Self = Self { misses_left: 0 };

    /// Tries until it does not pay.
    pub const ON: Self = Self { misses_left: COMPRESS_MISSES_MAX };

    /// Packs `plain` with its length in front, or says that it does not pay.
    ///
    /// # Panics
    ///
    /// Never: lengths are checked first, and the output has room for the worst case.
    pub fn compress(&mut self, plain: &[u8]) -> Option<Bytes> {
        if self.misses_left == 0 || !(COMPRESS_BYTES_MIN..=PIECE_BYTES_MAX).contains(&plain.len()) {
            return None;
        }
        let worst = lz4_flex::block::get_maximum_output_size(plain.len());
        let mut block = BytesMut::with_capacity(PLAIN_LENGTH_BYTES + worst);
        block.put_u32(u32::try_from(plain.len()).expect("a piece has at most 64 KiB"));
        block.resize(PLAIN_LENGTH_BYTES + worst, 0);
        let packed = lz4_flex::block::compress_into(plain, &mut block[PLAIN_LENGTH_BYTES..])
            .expect("the output has room for the worst case");
        if packed + PLAIN_LENGTH_BYTES > plain.len() - plain.len() / 8 {
            self.misses_left -= 1;
            return None;
        }
        self.misses_left = COMPRESS_MISSES_MAX;
        block.truncate(PLAIN_LENGTH_BYTES + packed);
        Some(block.freeze())
    }
}

/// Unpacks an LZ4 block of exactly `plain` bytes. The caller has checked `plain` against the limits (R25).
///
/// # Errors
///
/// [`FrameError::BadBlock`] when the block does not unpack to exactly that many bytes.
pub fn decompress(block: &[u8], plain: usize) -> Result<Bytes, FrameError> {
    let mut out = vec![0; plain];
    match lz4_flex::block::decompress_into(block, &mut out) {
        Ok(unpacked) if unpacked == plain => Ok(Bytes::from(out)),
        _ => Err(FrameError::BadBlock { plain }),
    }
}
