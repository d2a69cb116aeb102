//! Why a stream ended early, and whose doing it was.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use super::FrameError;

/// Bytes of detail that travel with a reset; longer text is cut.
const DETAIL_BYTES_MAX: usize = 256;

/// Code, side: what stands in front of the detail.
const RESET_FIXED_BYTES: usize = 3;

/// Why a stream ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResetCode {
    /// All is well: the answer is complete and the rest of the request is not wanted.
    NoError,
    /// Whoever wanted the answer has gone.
    Cancelled,
    /// Not taken up at all; it may be tried elsewhere (RFC 9110 §9.2.2 does not even matter).
    Refused,
    /// A fault of this software.
    Internal,
    /// The upstream was too slow, or the visitor was.
    Timeout,
    /// The upstream could not be reached.
    Unreachable,
    /// The upstream broke off, or answered nonsense.
    BadAnswer,
    /// The visitor's message broke the rules or stopped half-way.
    BadRequest,
    /// Something is larger than a limit.
    TooLarge,
    /// There is no such mapping, or it is off.
    NoMapping,
    /// The mapping's address is one that the Agent may not reach.
    Forbidden,
    /// A code that this version does not know.
    Other(u16),
}

impl ResetCode {
    const fn bits(self) -> u16 {
        match self {
            Self::NoError => 0,
            Self::Cancelled => 1,
            Self::Refused => 2,
            Self::Internal => 3,
            Self::Timeout => 4,
            Self::Unreachable => 5,
            Self::BadAnswer => 6,
            Self::BadRequest => 7,
            Self::TooLarge => 8,
            Self::NoMapping => 9,
            Self::Forbidden => 10,
            Self::Other(bits) => bits,
        }
    }

    const fn from_bits(bits: u16) -> Self {
        match bits {
            0 => Self::NoError,
            1 => Self::Cancelled,
            2 => Self::Refused,
            3 => Self::Internal,
            4 => Self::Timeout,
            5 => Self::Unreachable,
            6 => Self::BadAnswer,
            7 => Self::BadRequest,
            8 => Self::TooLarge,
            9 => Self::NoMapping,
            10 => Self::Forbidden,
            _ => Self::Other(bits),
        }
    }
}

/// On which part of the path something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Side {
    /// The visitor, or what stands between the visitor and the Gateway.
    Visitor,
    /// The tunnel between Gateway and Agent.
    Tunnel,
    /// The internal service.
    Upstream,
    /// Gateway or Agent themselves.
    Internal,
}

impl Side {
    const fn bits(self) -> u8 {
        match self {
            Self::Visitor => 0,
            Self::Tunnel => 1,
            Self::Upstream => 2,
            Self::Internal => 3,
        }
    }

    /// A word for logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Tunnel => "tunnel",
            Self::Upstream => "upstream",
            Self::Internal => "internal",
        }
    }
}

/// The early end of a stream: code, side, and a sentence for the log (at most 256 bytes on the wire).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reset {
    /// Why.
    pub code: ResetCode,
    /// Whose doing it was.
    pub side: Side,
    /// For the log of the other side; never shown to visitors. May be empty.
    pub detail: String,
}

impl Reset {
    /// A reset without detail.
    #[must_use]
    pub const fn new(code: ResetCode, side: Side) -> Self {
        Self { code, side, detail: String::new() }
    }

    /// A reset with a sentence for the log.
    #[must_use]
    pub fn with_detail(code: ResetCode, side: Side, detail: impl Into<String>) -> Self {
        Self { code, side, detail: detail.into() }
    }

    /// The visitor has gone.
    #[must_use]
    pub const fn cancelled() -> Self {
        Self::new(ResetCode::Cancelled, Side::Visitor)
    }

    pub(super) fn payload_bytes(&self) -> usize {
        RESET_FIXED_BYTES + self.cut_detail().len()
    }

    pub(super) fn encode(&self, out: &mut BytesMut) {
        out.put_u16(self.code.bits());
        out.put_u8(self.side.bits());
        out.put_slice(self.cut_detail().as_bytes());
    }

    pub(super) fn decode(payload: &Bytes) -> Result<Self, FrameError> {
        let [a, b, side, detail @ ..] = payload.as_ref() else {
            return Err(FrameError::TooShort { kind: "reset", length: payload.len(), least: RESET_FIXED_BYTES });
        };
        if detail.len() > DETAIL_BYTES_MAX {
            return Err(FrameError::TooLong {
                kind: "reset",
                length: payload.len(),
                most: RESET_FIXED_BYTES + DETAIL_BYTES_MAX,
            });
        }
        Ok(Self {
            code: ResetCode::from_bits(u16::from_be_bytes([*a, *b])),
            side: match side {
                0 => Side::Visitor,
                1 => Side::Tunnel,
                2 => Side::Upstream,
                _ => Side::Internal,
            },
            detail: String::from_utf8_lossy(detail).into_owned(),
        })
    }

    fn cut_detail(&self) -> &str {
        let mut end = self.detail.len().min(DETAIL_BYTES_MAX);
        while !self.detail.is_char_boundary(end) {
            end -= 1;
        }
        &self.detail[..end]
    }
}

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stream reset, {:?} on the side of {}", self.code, self.side.as_str())?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Reset {}
