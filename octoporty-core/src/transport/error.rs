//! Why a transport failed.

use std::io;

/// A transport that failed. It carries nothing any more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The other side is gone.
    #[error("the connection is closed")]
    Closed,
    /// The other side sent, or this side wanted to send, a message that is too large.
    #[error("message of {actual} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Most bytes.
        limit: usize,
        /// Bytes of this one.
        actual: usize,
    },
    /// The other side sent text, where all messages are binary.
    #[error("text message, only binary ones are allowed")]
    NotBinary,
    /// Reading or writing failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The other side broke RFC 6455.
    #[error("WebSocket: {0}")]
    WebSocket(String),
}
