//! The framing of chunked bodies (R04, R05, RFC 9112 §7.1): finds the end, checks the lines, copies nothing.

use std::ops::Range;

use super::{
    error::ChunkError,
    grammar::{self, TOKEN, VALUE},
};
use crate::limits;

/// What a piece of a chunked body held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Bytes at the front of the piece that belong to this body.
    pub used: usize,
    /// The body ended with them. What is behind belongs to the next message.
    pub done: bool,
}

/// The next bytes of content in a piece of a chunked body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Bytes at the front of the piece that were followed; the content is the last of them.
    pub used: usize,
    /// Where in the piece the content stands. Empty when the piece has no more of it.
    pub at: Range<usize>,
    /// The body ended with what was used.
    pub done: bool,
}

/// Follows one chunked body through pieces of any size.
///
/// ```text
/// Size ─> [Extension] ─> SizeLf ─┬─> Data ─> DataCr ─> DataLf ─> Size
///                                └─ size 0 ─> TrailerStart ─┬─> EndLf ─> Done
///                 TrailerName ─> TrailerValue ─> TrailerLf ─┘ <──┐
///                      └──────────────── again ──────────────────┘
/// ```
#[derive(Clone, Debug, Default)]
pub struct ChunkedScanner {
    state: State,
    extension_bytes: usize,
    trailers: usize,
    trailer_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Size { digits: usize, size: u64 },
    Extension { bytes: usize, size: u64 },
    SizeLf { size: u64 },
    Data { left: u64 },
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    Done,
    Failed(ChunkError),
}

impl Default for State {
    fn default() -> Self {
        Self::Size { digits: 0, size: 0 }
    }
}

impl ChunkedScanner {
    /// A scanner at the start of a body.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Follows the body through the next piece.
    ///
    /// # Errors
    /// The first violation; every later call gives the same error.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<Scan, ChunkError> {
        let mut used = 0;
        while used < bytes.len() {
            match self.state {
                State::Data { left } => {
                    let rest = u64::try_from(bytes.len() - used).unwrap_or(u64::MAX);
                    let taken = left.min(rest);
                    // `taken` is at most the length of a slice.
                    used += usize::try_from(taken).unwrap_or(usize::MAX);
                    self.state = if taken == left { State::DataCr } else { State::Data { left: left - taken } };
                }
                State::Done => return Ok(Scan { used, done: true }),
                State::Failed(error) => return Err(error),
                _ => {
                    if let Err(error) = self.line_byte(bytes[used]) {
                        self.state = State::Failed(error);
                        return Err(error);
                    }
                    used += 1;
                }
            }
        }
        match self.state {
            State::Failed(error) => Err(error),
            state => Ok(Scan { used, done: state == State::Done }),
        }
    }

    /// Follows the body up to and with the next run of content. What is behind it is presented again. Trailers are
    /// checked and passed over.
    ///
    /// # Errors
    /// As [`scan`](Self::scan).
    pub fn next_content(&mut self, bytes: &[u8]) -> Result<Content, ChunkError> {
        let mut used = 0;
        while used < bytes.len() && !matches!(self.state, State::Data { .. } | State::Done) {
            used += self.scan(&bytes[used..=used])?.used;
        }
        let State::Data { left } = self.state else {
            return Ok(Content { used, at: used..used, done: self.state == State::Done });
        };
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len() - used);
        let at = used..used + here;
        self.scan(&bytes[at.clone()])?;
        Ok(Content { used: at.end, at, done: false })
    }

    /// One byte that is not chunk data.
    fn line_byte(&mut self, byte: u8) -> Result<(), ChunkError> {
        self.state = match self.state {
            State::Size { digits, size } if byte == b';' && digits > 0 => self.extension_byte(byte, 0, size)?,
            State::Size { digits, size } => size_byte(byte, digits, size)?,
            State::Extension { size, .. } if byte == b'\r' => State::SizeLf { size },
            State::Extension { bytes, size } => self.extension_byte(byte, bytes, size)?,
            State::SizeLf { size } => match size {
                0 => line_feed(byte, State::TrailerStart)?,
                left => line_feed(byte, State::Data { left })?,
            },
            State::DataCr if byte == b'\r' => State::DataLf,
            State::DataCr => return Err(ChunkError::LineEnd),
            State::DataLf => line_feed(byte, State::default())?,
            State::EndLf => line_feed(byte, State::Done)?,
            State::TrailerStart | State::TrailerName | State::TrailerValue | State::TrailerLf => {
                self.trailer_byte(byte)?
            }
            // Handled by the caller.
            state @ (State::Data { .. } | State::Done | State::Failed(_)) => state,
        };
        Ok(())
    }

    /// A byte of an extension; the semicolon before it counts too.
    fn extension_byte(&mut self, byte: u8, bytes: usize, size: u64) -> Result<State, ChunkError> {
        match byte {
            b'\n' => return Err(ChunkError::LineEnd),
            _ if !grammar::is(byte, VALUE) => return Err(ChunkError::Extension),
            _ => {}
        }
        self.extension_bytes += 1;
        let bytes = bytes + 1;
        if bytes > limits::CHUNK_EXTENSION_BYTES_MAX || self.extension_bytes > limits::BODY_EXTENSION_BYTES_MAX {
            return Err(ChunkError::ExtensionTooLarge);
        }
        Ok(State::Extension { bytes, size })
    }

    fn trailer_byte(&mut self, byte: u8) -> Result<State, ChunkError> {
        if self.state == State::TrailerStart && byte == b'\r' {
            return Ok(State::EndLf);
        }
        self.trailer_bytes += 1;
        if self.trailer_bytes > limits::TRAILER_BYTES_MAX {
            return Err(ChunkError::TrailersTooLarge);
        }
        match self.state {
            State::TrailerStart if grammar::is(byte, TOKEN) => {
                self.trailers += 1;
                if self.trailers > limits::TRAILERS_MAX {
                    return Err(ChunkError::TrailersTooLarge);
                }
                Ok(State::TrailerName)
            }
            State::TrailerName if byte == b':' => Ok(State::TrailerValue),
            State::TrailerName if grammar::is(byte, TOKEN) => Ok(State::TrailerName),
            State::TrailerValue if byte == b'\r' => Ok(State::TrailerLf),
            State::TrailerValue if grammar::is(byte, VALUE) => Ok(State::TrailerValue),
            State::TrailerLf => line_feed(byte, State::TrailerStart),
            _ if byte == b'\n' => Err(ChunkError::LineEnd),
            _ => Err(ChunkError::Trailer),
        }
    }
}

fn line_feed(byte: u8, next: State) -> Result<State, ChunkError> {
    if byte == b'\n' { Ok(next) } else { Err(ChunkError::LineEnd) }
}

/// Hexadecimal digits, then CR; no white space, no sign, no prefix.
fn size_byte(byte: u8, digits: usize, size: u64) -> Result<State, ChunkError> {
    let digit = match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        b'A'..=b'F' => byte - b'A' + 10,
        b'\r' if digits > 0 => return Ok(State::SizeLf { size }),
        b'\n' if digits > 0 => return Err(ChunkError::LineEnd),
        _ => return Err(ChunkError::Size),
    };
    if digits == limits::CHUNK_SIZE_DIGITS_MAX {
        return Err(ChunkError::SizeTooLong);
    }
    // 16 digits of 4 bits are what a u64 holds, so nothing is shifted out.
    Ok(State::Size { digits: digits + 1, size: size << 4 | u64::from(digit) })
}

/// Whether a trailer field must be dropped: it frames, routes or authenticates, or describes the content
/// (R05, RFC 9110 §6.5.1).
///
/// Such a trailer is no error, and no trailer is ever merged into the fields of the head.
#[must_use]
pub fn is_forbidden_trailer(name: &[u8]) -> bool {
    const FORBIDDEN: [&[u8]; 34] = [
        b"accept-encoding",
        b"age",
        b"authorization",
        b"cache-control",
        b"connection",
        b"content-encoding",
        b"content-length",
        b"content-location",
        b"content-range",
        b"content-type",
        b"cookie",
        b"date",
        b"expect",
        b"expires",
        b"forwarded",
        b"host",
        b"keep-alive",
        b"location",
        b"max-forwards",
        b"pragma",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"range",
        b"retry-after",
        b"set-cookie",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"vary",
        b"via",
        b"www-authenticate",
        b"x-real-ip",
    ];
    let starts = |prefix: &[u8]| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    starts(b"x-forwarded-")
        || starts(b"sec-")
        || starts(b"if-")
        || FORBIDDEN.iter().any(|forbidden| forbidden.eq_ignore_ascii_case(name))
}
