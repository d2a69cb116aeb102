//! Records in a stream's data: each a length (32) and a MessagePack value, since pieces of data end anywhere.

use bytes::{Buf, BytesMut};
use serde::{Serialize, de::DeserializeOwned};

use super::{MessageError, decode, encode};

/// Largest record in bytes; a reader refuses more before it has them (R26).
pub const RECORD_BYTES_MAX: usize = 1 << 20;

/// Bytes of the length in front of a record.
const LENGTH_BYTES: usize = 4;

/// A value as a record.
///
/// # Errors
///
/// When it is larger than [`RECORD_BYTES_MAX`].
pub fn encode_record<T: Serialize>(what: &'static str, value: &T) -> Result<Vec<u8>, MessageError> {
    let body = encode(value);
    let length = checked(what, body.len())?;
    Ok([&length.to_be_bytes(), body.as_slice()].concat())
}

/// Puts records together from pieces.
#[derive(Debug, Default)]
pub struct RecordReader {
    buffer: BytesMut,
}

impl RecordReader {
    /// Takes the next piece of data.
    pub fn push(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// The next record, once it is there as a whole.
    ///
    /// # Errors
    ///
    /// When it is too large, or not that value; nothing sensible follows then.
    pub fn next<T: DeserializeOwned>(&mut self, what: &'static str) -> Result<Option<T>, MessageError> {
        let Some(length) = self.buffer.first_chunk::<LENGTH_BYTES>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        checked(what, length)?;
        if self.buffer.len() - LENGTH_BYTES < length {
            return Ok(None);
        }
        self.buffer.advance(LENGTH_BYTES);
        decode(what, &self.buffer.split_to(length)).map(Some)
    }
}

fn checked(what: &'static str, actual: usize) -> Result<u32, MessageError> {
    u32::try_from(actual).ok().filter(|_| actual <= RECORD_BYTES_MAX).ok_or(MessageError::TooLarge {
        what,
        limit: RECORD_BYTES_MAX,
        actual,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_pass_in_pieces_of_any_size() {
        let values = ["", "a", "longer than the others"].map(str::to_owned);
        let stream: Vec<u8> = values.iter().flat_map(|value| encode_record("text", value).unwrap()).collect();
        for size in [1, 3, 7, stream.len()] {
            let mut reader = RecordReader::default();
            let mut read = Vec::new();
            for piece in stream.chunks(size) {
                reader.push(piece);
                while let Some(value) = reader.next::<String>("text").unwrap() {
                    read.push(value);
                }
            }
            assert_eq!(read, values, "pieces of {size}");
        }
    }

    #[test]
    fn a_record_that_is_too_large_is_refused_at_its_length() {
        // R26
        let mut reader = RecordReader::default();
        reader.push(&u32::try_from(RECORD_BYTES_MAX + 1).unwrap().to_be_bytes());
        let refused = MessageError::TooLarge { what: "text", limit: RECORD_BYTES_MAX, actual: RECORD_BYTES_MAX + 1 };
        assert_eq!(reader.next::<String>("text"), Err(refused));
    }
}
