//! Why a transport failed.

use std::io;

use crate::limits::MESSAGE_BYTES_MAX;

/// Why a transport failed. Every one of them is final: nothing more arrives and nothing more is sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// A message was sent after this side closed, or after the peer went away.
    #[error("connection closed")]
    Closed,
    /// A message was sent without waiting for room, and there was none. Our own mistake.
    #[error("no room to send another message")]
    Full,
    /// A message is longer than any may be: the peer's doing when it was received, ours when it was to be sent.
    #[error("message of {actual} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Most bytes of a message.
        limit: usize,
        /// Bytes of this one, as announced.
        actual: usize,
    },
    /// The peer sent a WebSocket text message; only binary ones carry frames.
    #[error("text message where only binary ones are allowed")]
    NotBinary,
    /// The connection below failed. A peer that went without closing shows as
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof).
    #[error(transparent)]
    Io(io::Error),
    /// The peer broke the WebSocket protocol; the text says how.
    #[error("websocket: {0}")]
    WebSocket(String),
}

impl TransportError {
    /// Checks the length of a message, in bytes, before memory is set aside for it.
    pub(super) const fn check_length(actual: usize) -> Result<(), Self> {
        if actual > MESSAGE_BYTES_MAX {
            return Err(Self::TooLarge { limit: MESSAGE_BYTES_MAX, actual });
        }
        Ok(())
    }
}
