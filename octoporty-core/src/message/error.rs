//! What can be wrong with a MessagePack message.

/// A message that is not what its place asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// Not MessagePack, not this shape, or nested too deeply.
    #[error("malformed {what}: {detail}")]
    Malformed {
        /// Which message.
        what: &'static str,
        /// What the decoder said.
        detail: String,
    },
    /// Bytes behind the value.
    #[error("{bytes} bytes behind the {what}")]
    TrailingBytes {
        /// Which message.
        what: &'static str,
        /// How many.
        bytes: usize,
    },
    /// A list or text that is longer than allowed.
    #[error("{what} with {actual} entries, at most {limit} are allowed")]
    TooMany {
        /// Which list.
        what: &'static str,
        /// Most entries.
        limit: usize,
        /// Entries of this one.
        actual: usize,
    },
    /// A value that is larger than its reader takes.
    #[error("{what} of {actual} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Which value.
        what: &'static str,
        /// Most bytes.
        limit: usize,
        /// Bytes of this one.
        actual: usize,
    },
}
