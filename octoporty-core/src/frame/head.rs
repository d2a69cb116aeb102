//! The eight bytes in front of every frame.

/// Bytes of a frame's fixed head.
pub const FRAME_HEAD_BYTES: usize = 8;

const END_BIT: u8 = 0b1000_0000;
const LZ4_BIT: u8 = 0b0100_0000;
const KIND_MASK: u8 = 0b0011_1111;

/// Kinds from here on may be skipped by who does not know them.
const FIRST_OPTIONAL_KIND: u8 = 32;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// First frame of the side that dialled.
    Hello,
    /// The other side's answer: the lane is open.
    Welcome,
    /// The other side's answer: it is not.
    Refused,
    /// A new stream, with its head and perhaps its whole small body.
    Open,
    /// A head in answer, with perhaps the whole small body.
    Head,
    /// Bytes of a body.
    Data,
    /// Trailers; they end the sender's half of the stream.
    Trailers,
    /// More bytes may be sent on a stream.
    Credit,
    /// A stream ends early.
    Reset,
    /// Asks for a [`Kind::Pong`].
    Ping,
    /// Answers a [`Kind::Ping`].
    Pong,
    /// No new streams will be taken.
    GoAway,
    /// A kind that this side does not know and may skip.
    Optional(u8),
    /// A kind that this side does not know and may not skip.
    Unknown(u8),
}

impl Kind {
    /// The six bits on the wire.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::Hello => 1,
            Self::Welcome => 2,
            Self::Refused => 3,
            Self::Open => 4,
            Self::Head => 5,
            Self::Data => 6,
            Self::Trailers => 7,
            Self::Credit => 8,
            Self::Reset => 9,
            Self::Ping => 10,
            Self::Pong => 11,
            Self::GoAway => 12,
            Self::Optional(bits) | Self::Unknown(bits) => bits,
        }
    }

    const fn from_bits(bits: u8) -> Self {
        match bits {
            1 => Self::Hello,
            2 => Self::Welcome,
            3 => Self::Refused,
            4 => Self::Open,
            5 => Self::Head,
            6 => Self::Data,
            7 => Self::Trailers,
            8 => Self::Credit,
            9 => Self::Reset,
            10 => Self::Ping,
            11 => Self::Pong,
            12 => Self::GoAway,
            FIRST_OPTIONAL_KIND.. => Self::Optional(bits),
            _ => Self::Unknown(bits),
        }
    }
}

/// The fixed head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHead {
    /// The stream, 0 for the lane itself.
    pub stream: u32,
    /// What the frame is.
    pub kind: Kind,
    /// The sender's half of the stream ends with this frame.
    pub end: bool,
    /// The payload is an LZ4 block behind its plain length.
    pub compressed: bool,
    /// Bytes of payload, below 2^24.
    pub length: u32,
}

impl FrameHead {
    /// Reads a head.
    #[must_use]
    pub fn decode(bytes: [u8; FRAME_HEAD_BYTES]) -> Self {
        let [a, b, c, d, flags, x, y, z] = bytes;
        Self {
            stream: u32::from_be_bytes([a, b, c, d]),
            kind: Kind::from_bits(flags & KIND_MASK),
            end: flags & END_BIT != 0,
            compressed: flags & LZ4_BIT != 0,
            length: u32::from_be_bytes([0, x, y, z]),
        }
    }

    /// The head as it is on the wire.
    #[must_use]
    pub fn to_bytes(self) -> [u8; FRAME_HEAD_BYTES] {
        debug_assert!(self.length < 1 << 24, "lengths are checked where payloads are taken");
        let flags = self.kind.bits() | if self.end { END_BIT } else { 0 } | if self.compressed { LZ4_BIT } else { 0 };
        let [a, b, c, d] = self.stream.to_be_bytes();
        let [_, x, y, z] = self.length.to_be_bytes();
        [a, b, c, d, flags, x, y, z]
    }
}
