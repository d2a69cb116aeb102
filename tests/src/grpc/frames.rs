//! The length-prefixed messages of gRPC: one byte compressed flag, four bytes length, message.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

/// Bytes before each message.
const PREFIX_BYTES: usize = 5;

/// Largest message the harness reads, in bytes: four times gRPC's own default.
const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// Puts a prefix before `message`.
pub(crate) fn frame(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).expect("a test's message is below 4 GiB");
    let mut framed = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    framed.put_u8(0);
    framed.put_u32(length);
    framed.put_slice(message);
    framed.freeze()
}

/// Finds messages in pieces that come as they come.
#[derive(Debug, Default)]
pub(crate) struct FrameReader {
    buffer: BytesMut,
}

impl FrameReader {
    /// Adds a piece.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// Takes the next whole message, if it is there; the error says what is wrong with it.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, &'static str> {
        let Some((mut prefix, rest)) = self.buffer.split_at_checked(PREFIX_BYTES) else {
            return Ok(None);
        };
        if prefix.get_u8() != 0 {
            return Err("the compressed flag is set");
        }
        let length = usize::try_from(prefix.get_u32()).unwrap_or(usize::MAX);
        if length > MESSAGE_BYTES_MAX {
            return Err("the message is too long");
        }
        if rest.len() < length {
            return Ok(None);
        }
        self.buffer.advance(PREFIX_BYTES);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }

    /// Whether nothing is left over.
    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }
}
