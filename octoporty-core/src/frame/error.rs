//! What can be wrong with the bytes of a frame.

/// A message that is not a row of whole, well-formed frames. Each is the peer's fault and ends the lane.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The message is larger than any may be.
    #[error("message of {actual} bytes, at most {limit} are allowed")]
    MessageTooLarge {
        /// Most bytes of a message.
        limit: usize,
        /// Bytes of this one.
        actual: usize,
    },
    /// The message holds no frame.
    #[error("empty message")]
    EmptyMessage,
    /// The message ends inside a frame.
    #[error("message ends inside a frame: {missing} bytes are missing")]
    Cut {
        /// Bytes that the frame's head promised and the message lacks.
        missing: usize,
    },
    /// A kind below 32 that this version does not know.
    #[error("frame of the unknown kind {0}, which may not be skipped")]
    UnknownKind(u8),
    /// The payload is shorter than its kind needs.
    #[error("{kind} frame of {length} bytes, at least {least} are needed")]
    TooShort {
        /// The frame's kind.
        kind: &'static str,
        /// Bytes of payload.
        length: usize,
        /// Fewest bytes that a frame of this kind has.
        least: usize,
    },
    /// The payload is longer than its kind may be.
    #[error("{kind} frame of {length} bytes, at most {most} are allowed")]
    TooLong {
        /// The frame's kind.
        kind: &'static str,
        /// Bytes of payload (or of its head, or its plain bytes).
        length: usize,
        /// Most bytes that are allowed.
        most: usize,
    },
    /// A frame for the lane names a stream, or one for a stream names none.
    #[error("{kind} frame with the stream identifier {stream}")]
    WrongStream {
        /// The frame's kind.
        kind: &'static str,
        /// The identifier that it carries.
        stream: u32,
    },
    /// The flag is not allowed on this kind, or is missing on it.
    #[error("{kind} frame with wrong flags")]
    WrongFlags {
        /// The frame's kind.
        kind: &'static str,
    },
    /// The stream kind of an `Open` is none that may be.
    #[error("stream of the unknown kind {0}")]
    UnknownStreamKind(u8),
    /// An LZ4 block does not hold what its head says.
    #[error("broken LZ4 block, {plain} plain bytes were announced")]
    BadBlock {
        /// Plain bytes that were announced.
        plain: usize,
    },
}
