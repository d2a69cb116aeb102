//! From a message to its frames: every length is checked, payloads are slices of the message.

use bytes::{Buf, Bytes};

use super::{FRAME_HEAD_BYTES, FrameError, FrameHead, Kind, Reset, compress::PLAIN_LENGTH_BYTES};
use crate::limits::{
    CONTROL_PAYLOAD_BYTES_MAX, ENCODED_HEAD_BYTES_MAX, ENCODED_TRAILERS_BYTES_MAX, INLINE_BODY_BYTES_MAX,
    MESSAGE_BYTES_MAX, PIECE_BYTES_MAX,
};

/// Kind, head length and window in front of an `Open` frame's head.
pub(super) const OPEN_PREFIX_BYTES: usize = 8;
/// Reserved byte and head length in front of a `Head` frame's head.
pub(super) const HEAD_PREFIX_BYTES: usize = 4;

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamKind {
    /// An HTTP exchange.
    Http,
    /// An upgraded connection: HTTP heads, then bytes both ways.
    Upgrade,
    /// A call between Gateway and Agent.
    Control,
}

impl StreamKind {
    pub(super) const fn bits(self) -> u8 {
        match self {
            Self::Http => 1,
            Self::Upgrade => 2,
            Self::Control => 3,
        }
    }

    const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            1 => Some(Self::Http),
            2 => Some(Self::Upgrade),
            3 => Some(Self::Control),
            _ => None,
        }
    }
}

/// A decoded frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// First frame of the side that dialled; MessagePack.
    Hello(Bytes),
    /// The lane is open; MessagePack.
    Welcome(Bytes),
    /// The lane is not opened; MessagePack.
    Refused(Bytes),
    /// A new stream.
    Open {
        /// Its identifier.
        stream: u32,
        /// The opener sends nothing after this frame.
        end: bool,
        /// What it carries.
        kind: StreamKind,
        /// Bytes that the other side may send before it gets credit.
        window: u32,
        /// The head, opaque here.
        head: Bytes,
        /// The first bytes of the body, perhaps all; outside flow control.
        body: Bytes,
    },
    /// A head in answer.
    Head {
        /// The stream.
        stream: u32,
        /// Nothing follows from this side.
        end: bool,
        /// The head, opaque here.
        head: Bytes,
        /// The first bytes of the body, perhaps all; outside flow control.
        body: Bytes,
    },
    /// Bytes of a body.
    Data {
        /// The stream.
        stream: u32,
        /// Nothing follows from this side.
        end: bool,
        /// Plain bytes, or an LZ4 block.
        payload: Bytes,
        /// For an LZ4 block, how many plain bytes it holds.
        packed: Option<usize>,
    },
    /// Trailers, opaque here; nothing follows from this side.
    Trailers {
        /// The stream.
        stream: u32,
        /// The block.
        block: Bytes,
    },
    /// More bytes may be sent on a stream.
    Credit {
        /// The stream.
        stream: u32,
        /// How many.
        bytes: u32,
    },
    /// A stream ends early.
    Reset {
        /// The stream.
        stream: u32,
        /// Why.
        reset: Reset,
    },
    /// Wants a `Pong` with the same number.
    Ping(u64),
    /// Answers a `Ping`.
    Pong(u64),
    /// No new streams will be taken; MessagePack.
    GoAway(Bytes),
}

/// The frames of one message. Ends after the first error.
#[derive(Debug)]
pub struct Frames {
    rest: Bytes,
}

impl Frames {
    /// Checks the size of a message.
    ///
    /// # Errors
    ///
    /// When it is empty or larger than [`MESSAGE_BYTES_MAX`].
    pub fn new(message: Bytes) -> Result<Self, FrameError> {
        if message.is_empty() {
            return Err(FrameError::EmptyMessage);
        }
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(FrameError::MessageTooLarge { limit: MESSAGE_BYTES_MAX, actual: message.len() });
        }
        Ok(Self { rest: message })
    }

    fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            let Some(head) = self.rest.first_chunk::<FRAME_HEAD_BYTES>() else {
                return if self.rest.is_empty() {
                    Ok(None)
                } else {
                    Err(FrameError::Cut { missing: FRAME_HEAD_BYTES - self.rest.len() })
                };
            };
            let head = FrameHead::decode(*head);
            let length = usize::try_from(head.length).expect("24 bits fit");
            let whole = FRAME_HEAD_BYTES + length;
            if self.rest.len() < whole {
                return Err(FrameError::Cut { missing: whole - self.rest.len() });
            }
            self.rest.advance(FRAME_HEAD_BYTES);
            let payload = self.rest.split_to(length);
            if let Some(frame) = decode(head, payload)? {
                return Ok(Some(frame));
            }
        }
    }
}

impl Iterator for Frames {
    type Item = Result<Frame, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_frame().transpose();
        if matches!(next, Some(Err(_))) {
            self.rest.clear();
        }
        next
    }
}

/// `None` is a frame that may be skipped.
fn decode(head: FrameHead, payload: Bytes) -> Result<Option<Frame>, FrameError> {
    let stream = head.stream;
    Ok(Some(match head.kind {
        Kind::Hello => Frame::Hello(lane_payload(head, "hello", payload)?),
        Kind::Welcome => Frame::Welcome(lane_payload(head, "welcome", payload)?),
        Kind::Refused => Frame::Refused(lane_payload(head, "refused", payload)?),
        Kind::GoAway => Frame::GoAway(lane_payload(head, "go-away", payload)?),
        Kind::Ping => Frame::Ping(number(&lane_payload(head, "ping", payload)?, "ping")?),
        Kind::Pong => Frame::Pong(number(&lane_payload(head, "pong", payload)?, "pong")?),
        Kind::Open => decode_open(head, payload)?,
        Kind::Head => decode_head(head, payload)?,
        Kind::Data => decode_data(head, payload)?,
        Kind::Trailers => {
            on_stream(head, "trailers", false)?;
            if !head.end {
                return Err(FrameError::WrongFlags { kind: "trailers" });
            }
            at_most("trailers", payload.len(), ENCODED_TRAILERS_BYTES_MAX)?;
            Frame::Trailers { stream, block: payload }
        }
        Kind::Credit => {
            on_stream_without_end(head, "credit")?;
            let bytes: [u8; 4] = exactly(&payload, "credit")?;
            Frame::Credit { stream, bytes: u32::from_be_bytes(bytes) }
        }
        Kind::Reset => {
            on_stream_without_end(head, "reset")?;
            Frame::Reset { stream, reset: Reset::decode(&payload)? }
        }
        Kind::Optional(_) => return Ok(None),
        Kind::Unknown(bits) => return Err(FrameError::UnknownKind(bits)),
    }))
}

fn decode_open(head: FrameHead, mut payload: Bytes) -> Result<Frame, FrameError> {
    on_stream(head, "open", false)?;
    let Some([kind, a, b, c, window @ ..]) = payload.first_chunk::<OPEN_PREFIX_BYTES>() else {
        return Err(FrameError::TooShort { kind: "open", length: payload.len(), least: OPEN_PREFIX_BYTES });
    };
    let kind = StreamKind::from_bits(*kind).ok_or(FrameError::UnknownStreamKind(*kind))?;
    let head_bytes = u32::from_be_bytes([0, *a, *b, *c]);
    let window = u32::from_be_bytes(*window);
    payload.advance(OPEN_PREFIX_BYTES);
    let (block, body) = split_head("open", payload, head_bytes)?;
    Ok(Frame::Open { stream: head.stream, end: head.end, kind, window, head: block, body })
}

fn decode_head(head: FrameHead, mut payload: Bytes) -> Result<Frame, FrameError> {
    on_stream(head, "head", false)?;
    let Some([_reserved, a, b, c]) = payload.first_chunk::<HEAD_PREFIX_BYTES>() else {
        return Err(FrameError::TooShort { kind: "head", length: payload.len(), least: HEAD_PREFIX_BYTES });
    };
    let head_bytes = u32::from_be_bytes([0, *a, *b, *c]);
    payload.advance(HEAD_PREFIX_BYTES);
    let (block, body) = split_head("head", payload, head_bytes)?;
    Ok(Frame::Head { stream: head.stream, end: head.end, head: block, body })
}

fn decode_data(head: FrameHead, mut payload: Bytes) -> Result<Frame, FrameError> {
    on_stream(head, "data", true)?;
    let mut packed = None;
    if head.compressed {
        let Some(plain) = payload.first_chunk::<PLAIN_LENGTH_BYTES>() else {
            return Err(FrameError::TooShort { kind: "data", length: payload.len(), least: PLAIN_LENGTH_BYTES });
        };
        let plain = usize::try_from(u32::from_be_bytes(*plain)).unwrap_or(usize::MAX);
        at_most("data", plain, PIECE_BYTES_MAX)?;
        payload.advance(PLAIN_LENGTH_BYTES);
        packed = Some(plain);
    }
    at_most("data", payload.len(), PIECE_BYTES_MAX)?;
    Ok(Frame::Data { stream: head.stream, end: head.end, payload, packed })
}

fn split_head(kind: &'static str, mut payload: Bytes, head_bytes: u32) -> Result<(Bytes, Bytes), FrameError> {
    let head_bytes = usize::try_from(head_bytes).expect("24 bits fit");
    at_most(kind, head_bytes, ENCODED_HEAD_BYTES_MAX)?;
    if payload.len() < head_bytes {
        return Err(FrameError::TooShort { kind, length: payload.len(), least: head_bytes });
    }
    let head = payload.split_to(head_bytes);
    at_most(kind, payload.len(), INLINE_BODY_BYTES_MAX)?;
    Ok((head, payload))
}

fn lane_payload(head: FrameHead, kind: &'static str, payload: Bytes) -> Result<Bytes, FrameError> {
    if head.stream != 0 {
        return Err(FrameError::WrongStream { kind, stream: head.stream });
    }
    if head.end || head.compressed {
        return Err(FrameError::WrongFlags { kind });
    }
    at_most(kind, payload.len(), CONTROL_PAYLOAD_BYTES_MAX)?;
    Ok(payload)
}

const fn on_stream(head: FrameHead, kind: &'static str, may_pack: bool) -> Result<(), FrameError> {
    if head.stream == 0 {
        return Err(FrameError::WrongStream { kind, stream: 0 });
    }
    if head.compressed && !may_pack {
        return Err(FrameError::WrongFlags { kind });
    }
    Ok(())
}

const fn on_stream_without_end(head: FrameHead, kind: &'static str) -> Result<(), FrameError> {
    if head.end { Err(FrameError::WrongFlags { kind }) } else { on_stream(head, kind, false) }
}

const fn at_most(kind: &'static str, length: usize, most: usize) -> Result<(), FrameError> {
    if length > most { Err(FrameError::TooLong { kind, length, most }) } else { Ok(()) }
}

fn exactly<const N: usize>(payload: &Bytes, kind: &'static str) -> Result<[u8; N], FrameError> {
    at_most(kind, payload.len(), N)?;
    payload.first_chunk::<N>().copied().ok_or(FrameError::TooShort { kind, length: payload.len(), least: N })
}

fn number(payload: &Bytes, kind: &'static str) -> Result<u64, FrameError> {
    exactly(payload, kind).map(u64::from_be_bytes)
}
