//! What the raw upstream notes about a request.

use bytes::Bytes;
use tokio::time::Instant;

use crate::{
    ledger::Tagged,
    wire::{BodyFault, Fields, Gone},
};

/// Something in a request that a proxy must never pass on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Anomaly {
    /// LF without CR in the head.
    BareLf,
    /// CR without LF in the head.
    BareCr,
    /// A zero byte in the head.
    Nul,
    /// A line that continues the one before.
    FoldedLine,
    /// A field line without colon.
    NoColon(String),
    /// A field name that is not a token.
    BadName(String),
    /// More than one Content-Length.
    RepeatedLength,
    /// A Content-Length that is not digits.
    BadLength(String),
    /// Both Content-Length and Transfer-Encoding.
    LengthAndCoding,
    /// A Transfer-Encoding other than `chunked`.
    OddCoding(Vec<String>),
    /// Not exactly one Host.
    HostCount(usize),
    /// The request line has not three parts.
    BadRequestLine,
    /// Neither HTTP/1.1 nor HTTP/1.0.
    BadVersion(String),
    /// A method that is not a token.
    BadMethod(String),
    /// The chunked coding is broken.
    BadBody(BodyFault),
    /// The connection ended within a head.
    CutHead,
    /// The head is longer than the harness reads.
    HeadTooLong,
}

/// How far the body of a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyProgress {
    /// The route has not begun to read it.
    Unread,
    /// It is being read.
    Reading,
    /// It came to its end; so did the trailers.
    Complete,
    /// It was cut or is malformed.
    Broken,
}

/// One frame that a WebSocket visitor sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSocketFrame {
    /// The opcode.
    pub opcode: u8,
    /// The FIN bit.
    pub is_final: bool,
    /// The three reserved bits.
    pub reserved: u8,
    /// Whether it was masked, as it must be.
    pub is_masked: bool,
    /// Bytes of its payload.
    pub payload_bytes: usize,
    /// The first 64 bytes of its payload, unmasked.
    pub payload_start: Bytes,
}

/// One request as it reached the raw upstream.
#[derive(Debug, Clone)]
pub struct RequestRecord {
    /// Counts requests of this upstream, from 1.
    pub number: u64,
    /// Counts connections of this upstream, from 1.
    pub connection: u64,
    /// From the query parameter `tag` or the field `X-Tag`; empty without.
    pub tag: String,
    /// The exact bytes of the head with the blank line.
    pub head: Bytes,
    /// The request line.
    pub line: String,
    /// The method.
    pub method: String,
    /// The request target as it was sent.
    pub target: String,
    /// The field lines.
    pub fields: Fields,
    /// What must not have come.
    pub anomalies: Vec<Anomaly>,
    /// When the head was whole.
    pub arrived: Instant,
    /// How far the body has come.
    pub body: BodyProgress,
    /// Body bytes read so far, without framing.
    pub body_bytes: u64,
    /// The first 16 KiB of the body; set at its end.
    pub body_start: Bytes,
    /// SHA-256 of the body in lower-case hexadecimal; empty until its end.
    pub body_sha256: String,
    /// The trailers.
    pub trailers: Fields,
    /// When the body was at its end or broken.
    pub body_ended: Option<Instant>,
    /// Bytes of the answer written so far, head included.
    pub sent_bytes: u64,
    /// When the answer was written whole.
    pub answered: Option<Instant>,
    /// How and when the peer went away, also if that was after the answer.
    pub gone: Option<(Gone, Instant)>,
    /// What a WebSocket visitor sent: the first 2,000 frames.
    pub frames: Vec<WebSocketFrame>,
}

impl Tagged for RequestRecord {
    fn tag(&self) -> &str {
        &self.tag
    }
}
