//! Why an exchange failed, and on whose side.

use super::WireError;
use crate::{
    frame::{Reset, ResetCode, Side},
    proto::{OpenError, ReadError, WriteError},
};

/// Why there is no answer, or why it stops.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// No stream could be opened; nothing was sent.
    #[error("the request could not be sent into the tunnel")]
    NotSent(#[source] OpenError),
    /// The other side ended the stream.
    #[error("the exchange was ended")]
    Reset(#[source] Reset),
    /// The lane was lost.
    #[error("the tunnel was lost")]
    Lost(#[source] ReadError),
    /// The other side sent something that is no answer.
    #[error("the tunnel sent a malformed answer")]
    Malformed(#[source] WireError),
    /// The stream ended without an answer, or brought what is none.
    #[error("the stream ended without an answer")]
    NoAnswer,
}

impl ExchangeError {
    /// On which part of the path it failed.
    #[must_use]
    pub const fn side(&self) -> Side {
        match self {
            Self::NotSent(_) | Self::Lost(_) => Side::Tunnel,
            Self::Reset(reset) => reset.side,
            Self::Malformed(_) | Self::NoAnswer => Side::Internal,
        }
    }

    /// Nothing of the request was taken up, so that it may be sent again whatever it is.
    #[must_use]
    pub const fn was_not_taken(&self) -> bool {
        match self {
            // A lane without room was waited for already.
            Self::NotSent(error) => !matches!(error, OpenError::TooLarge { .. } | OpenError::NoRoom),
            Self::Reset(reset) => matches!(reset.code, ResetCode::Refused),
            _ => false,
        }
    }

    /// The tunnel is gone; a request that may be repeated (RFC 9110 §9.2.2) can be tried on another lane.
    #[must_use]
    pub const fn was_lost(&self) -> bool {
        matches!(self, Self::Lost(_))
    }
}

impl From<ReadError> for ExchangeError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Reset(reset) => Self::Reset(reset),
            ReadError::Closed => Self::NoAnswer,
            ReadError::Lost(_) => Self::Lost(error),
        }
    }
}

impl From<WireError> for ExchangeError {
    fn from(error: WireError) -> Self {
        Self::Malformed(error)
    }
}

impl From<WriteError> for ExchangeError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Reset(reset) => Self::Reset(reset),
            WriteError::Lost(error) => Self::Lost(ReadError::Lost(error)),
            WriteError::Stopped | WriteError::Closed | WriteError::NoHead | WriteError::TooLarge { .. } => {
                Self::NoAnswer
            }
        }
    }
}
