//! An answer as a raw visitor sees it: exact head, body, how it ended.

use std::{fmt, io, time::Duration};

use bytes::Bytes;
use thiserror::Error;
use tokio::time::Instant;

use crate::wire::{BodyFault, Fields, Framing, Gone};

/// Body bytes that `Debug` shows.
const DEBUG_BYTES_MAX: usize = 300;

/// Why there is no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The peer went away before a head was whole.
    #[error("the peer went away ({how:?}) before a whole head, after {received:?}")]
    Gone {
        /// In which way.
        how: Gone,
        /// The bytes of the unfinished head; empty when there were none.
        received: String,
    },
    /// Nothing came for longer than the visitor's patience.
    #[error("no answer within {patience:?}")]
    Silent {
        /// How long the visitor waited.
        patience: Duration,
    },
    /// The head is longer than the harness reads.
    #[error("the head of the answer is too long")]
    HeadTooLong,
    /// The head breaks RFC 9112.
    #[error("bad head ({what}): {head:?}")]
    BadHead {
        /// The rule.
        what: &'static str,
        /// The head, at most its first 1,000 bytes.
        head: String,
    },
    /// The body did not come to its end.
    #[error("the body did not come to its end")]
    Body(#[source] BodyFault),
    /// The request could not be sent, and no answer came.
    #[error("the request could not be sent")]
    Send(#[source] io::Error),
}

/// The head of an answer.
#[derive(Debug, Clone)]
pub struct AnswerHead {
    /// `HTTP/1.1` or `HTTP/1.0`.
    pub version: String,
    /// The status code.
    pub status: u16,
    /// The reason phrase; may be empty.
    pub reason: String,
    /// The field lines.
    pub fields: Fields,
    /// The exact bytes with the blank line.
    pub raw: Bytes,
    /// How its body ends.
    pub framing: Framing,
    /// When the head was whole.
    pub arrived: Instant,
    /// The interim answers (1xx) before it, in order.
    pub interim: Vec<Self>,
}

/// A piece of a body.
#[derive(Debug, Clone)]
pub struct Part {
    /// The bytes, never none.
    pub bytes: Bytes,
    /// When they were read.
    pub at: Instant,
}

/// How the body of an [`Answer`] ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyEnd {
    /// As its framing says.
    Complete,
    /// Cut or malformed.
    Bad(BodyFault),
    /// Nothing came for longer than the visitor's patience.
    Silent,
    /// It is longer than a visitor collects.
    TooLong,
}

/// An answer with its collected body.
#[derive(Clone)]
pub struct Answer {
    /// The head, with the interim answers.
    pub head: AnswerHead,
    /// What came of the body.
    pub body: Bytes,
    /// Whether that is all of it.
    pub end: BodyEnd,
    /// The trailers; complete only if the body is.
    pub trailers: Fields,
}

/// A body that was counted and not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodySummary {
    /// Bytes that came.
    pub bytes: u64,
    /// Their SHA-256, in lower-case hexadecimal.
    pub sha256: String,
    /// Whether that is all of it.
    pub end: BodyEnd,
}

impl Answer {
    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// The field lines.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.head.fields
    }

    /// Whether the body came to the end that its framing says.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.end == BodyEnd::Complete
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn json(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::from_slice(&self.body)
    }
}

/// Shows the beginning of the body only: answers can be large, and this ends in test output.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.body[..self.body.len().min(DEBUG_BYTES_MAX)];
        f.debug_struct("Answer")
            .field("status", &self.head.status)
            .field("fields", &self.head.fields)
            .field("interim", &self.head.interim.len())
            .field("body_bytes", &self.body.len())
            .field("body", &String::from_utf8_lossy(shown))
            .field("end", &self.end)
            .field("trailers", &self.trailers)
            .finish()
    }
}
