//! Reads a message body by its framing (RFC 9112, section 6), strictly: every line ends in CRLF, sizes are
//! plain hexadecimal.

use bytes::Bytes;
use thiserror::Error;
use tokio::io::AsyncRead;

use super::{Fields, Gone, RawReader, fields::latin1, pattern::count};

/// Most bytes given out at once.
const PIECE_BYTES_MAX: usize = 256 << 10;

/// Most trailer lines that are kept: above every limit under test.
const TRAILER_LINES_MAX: usize = 10_000;

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    Empty,
    /// As many bytes as `Content-Length` says.
    Length(u64),
    /// Chunks, a last chunk, trailers.
    Chunked,
    /// Until the peer closes.
    UntilClose,
}

/// Why a body did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BodyFault {
    /// The peer went away in the middle.
    #[error("the body was cut ({0:?})")]
    Cut(Gone),
    /// A chunk size that is not hexadecimal digits, or whose line does not end in CRLF.
    #[error("bad chunk size line {0:?}")]
    ChunkSize(String),
    /// Chunk data not followed by CRLF.
    #[error("bad end of chunk {0:?}")]
    ChunkEnd(String),
    /// A trailer line without colon, or that does not end in CRLF, or too many of them.
    #[error("bad trailer line {0:?}")]
    Trailer(String),
    /// A line above `HEAD_BYTES_MAX`.
    #[error("a line of the chunked coding is too long")]
    LineTooLong,
}

impl From<Gone> for BodyFault {
    fn from(gone: Gone) -> Self {
        Self::Cut(gone)
    }
}

/// The place in a body, and its trailers once they are read.
#[derive(Debug)]
pub(crate) struct BodyReader {
    step: Step,
    trailers: Fields,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Length { left: u64 },
    ChunkSize,
    ChunkData { left: u64 },
    ChunkEnd,
    Trailers,
    UntilClose,
    Done,
}

impl BodyReader {
    /// At the start of a body.
    pub(crate) fn new(framing: Framing) -> Self {
        let step = match framing {
            Framing::Empty => Step::Done,
            Framing::Length(left) => Step::Length { left },
            Framing::Chunked => Step::ChunkSize,
            Framing::UntilClose => Step::UntilClose,
        };
        Self { step, trailers: Fields::default() }
    }

    /// The trailers; complete once [`Self::next`] gave `None`.
    pub(crate) fn trailers(&self) -> &Fields {
        &self.trailers
    }

    /// The next bytes, at most `most` of them; `None` at the end.
    ///
    /// # Errors
    /// Why there is no more, though this is not the end.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(crate) async fn next<R: AsyncRead + Unpin>(
        &mut self,
        raw: &mut RawReader<R>,
        most: usize,
    ) -> Result<Option<Bytes>, BodyFault> {
        loop {
            match self.step {
                Step::Done | Step::Length { left: 0 } => {
                    self.step = Step::Done;
                    return Ok(None);
                }
                Step::Length { left } => {
                    let (piece, left) = counted(raw, left, most).await?;
                    self.step = Step::Length { left };
                    return Ok(Some(piece));
                }
                Step::ChunkSize => self.step = chunk_size(raw).await?,
                Step::ChunkData { left: 0 } => self.step = Step::ChunkEnd,
                Step::ChunkData { left } => {
                    let (piece, left) = counted(raw, left, most).await?;
                    self.step = Step::ChunkData { left };
                    return Ok(Some(piece));
                }
                Step::ChunkEnd => self.step = chunk_end(raw).await?,
                Step::Trailers => self.trailer_line(raw).await?,
                Step::UntilClose => match raw.some(most.min(PIECE_BYTES_MAX)).await {
                    Ok(piece) => return Ok(Some(piece)),
                    Err(Gone::Closed) => self.step = Step::Done,
                    Err(gone) => return Err(gone.into()),
                },
            }
        }
    }

    async fn trailer_line<R: AsyncRead + Unpin>(&mut self, raw: &mut RawReader<R>) -> Result<(), BodyFault> {
        let line = strict_line(raw, BodyFault::Trailer).await?;
        if line.is_empty() {
            self.step = Step::Done;
            return Ok(());
        }
        match Fields::parse_line(&line) {
            Some((name, value)) if self.trailers.len() < TRAILER_LINES_MAX => {
                self.trailers.push(name, value);
                Ok(())
            }
            _ => Err(BodyFault::Trailer(latin1(&line))),
        }
    }
}

/// Takes some of `left` bytes, and says how many are left then.
async fn counted<R: AsyncRead + Unpin>(
    raw: &mut RawReader<R>,
    left: u64,
    most: usize,
) -> Result<(Bytes, u64), BodyFault> {
    let most = most.min(PIECE_BYTES_MAX);
    let piece = raw.some(usize::try_from(left).map_or(most, |left| left.min(most))).await?;
    let left = left - count(piece.len());
    Ok((piece, left))
}

async fn chunk_size<R: AsyncRead + Unpin>(raw: &mut RawReader<R>) -> Result<Step, BodyFault> {
    let line = strict_line(raw, BodyFault::ChunkSize).await?;
    // Extensions are allowed, and mean nothing to us (RFC 9112, section 7.1.1).
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    match u64::from_str_radix(&latin1(digits), 16) {
        Ok(0) if plain => Ok(Step::Trailers),
        Ok(left) if plain => Ok(Step::ChunkData { left }),
        _ => Err(BodyFault::ChunkSize(latin1(&line))),
    }
}

async fn chunk_end<R: AsyncRead + Unpin>(raw: &mut RawReader<R>) -> Result<Step, BodyFault> {
    let end = raw.exact(2).await?;
    if &end[..] == b"\r\n" { Ok(Step::ChunkSize) } else { Err(BodyFault::ChunkEnd(latin1(&end))) }
}

/// A line without its CRLF; `fault` makes the error when it ends otherwise.
async fn strict_line<R: AsyncRead + Unpin>(
    raw: &mut RawReader<R>,
    fault: fn(String) -> BodyFault,
) -> Result<Bytes, BodyFault> {
    let mut line = raw.line().await?.ok_or(BodyFault::LineTooLong)?;
    if !line.ends_with(b"\r\n") {
        return Err(fault(latin1(&line)));
    }
    line.truncate(line.len() - 2);
    Ok(line)
}
