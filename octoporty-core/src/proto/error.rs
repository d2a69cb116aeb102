//! What ends a lane, and why an operation on a stream fails.

use crate::{
    frame::{FrameError, Reset},
    message::{GoAwayReason, MessageError, Refused},
};

/// Why a lane ended. All but the last seven are breaches of the protocol by the peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// A message is not a row of well-formed frames.
    #[error("malformed frame")]
    Frame(#[from] FrameError),
    /// A message inside a frame cannot be read.
    #[error("malformed message")]
    Message(#[from] MessageError),
    /// A frame that is not allowed before, or after, the handshake.
    #[error("{frame} frame out of place")]
    OutOfPlace {
        /// The kind of the frame.
        frame: &'static str,
    },
    /// The first message is larger than a handshake may be (R23).
    #[error("first message of {actual} bytes, at most {limit} are allowed")]
    FirstMessageTooLarge {
        /// Most bytes.
        limit: usize,
        /// Bytes of this one.
        actual: usize,
    },
    /// The peer opened a stream with an identifier that is not its to use, or was used before.
    #[error("stream {stream} may not be opened by the peer")]
    BadStreamId {
        /// The identifier.
        stream: u32,
    },
    /// The peer sent a frame for a stream that nobody has opened yet.
    #[error("{frame} frame for stream {stream}, which was never opened")]
    IdleStream {
        /// The kind of the frame.
        frame: &'static str,
        /// The identifier.
        stream: u32,
    },
    /// The peer opened a stream of a kind that its role may not open.
    #[error("the peer may not open streams of this kind")]
    KindNotAllowed,
    /// More streams than were allowed.
    #[error("more than {limit} streams open at once")]
    TooManyStreams {
        /// The limit that the peer was told.
        limit: u32,
    },
    /// More bytes than credit was given for (R28).
    #[error("stream {stream} sent {actual} bytes with credit for {credit}")]
    CreditOverrun {
        /// The stream.
        stream: u32,
        /// Bytes that could have been sent.
        credit: u32,
        /// Bytes of the frame.
        actual: usize,
    },
    /// Credit beyond what a window can be.
    #[error("credit for stream {stream} exceeds what a window can be")]
    CreditOverflow {
        /// The stream.
        stream: u32,
    },
    /// A frame after the peer's half of the stream has ended.
    #[error("{frame} frame for stream {stream} after its end")]
    AfterEnd {
        /// The kind of the frame.
        frame: &'static str,
        /// The stream.
        stream: u32,
    },
    /// Data before a head, a head after data, or more heads than may be.
    #[error("{frame} frame for stream {stream} out of order")]
    OutOfOrder {
        /// The kind of the frame.
        frame: &'static str,
        /// The stream.
        stream: u32,
    },
    /// Too many frames for streams that are closed (R27).
    #[error("too many frames for closed streams")]
    StaleFrames,
    /// Streams are opened faster than allowed.
    #[error("more than {limit} streams opened in a second")]
    OpensTooFast {
        /// Most in a second.
        limit: u32,
    },
    /// Streams are reset faster than allowed.
    #[error("more than {limit} streams reset in a second")]
    ResetsTooFast {
        /// Most in a second.
        limit: u32,
    },
    /// The peer opens streams and does not read what this side answers (R28).
    #[error("more than {limit} bytes of answers wait for a peer that opens more streams")]
    NotReading {
        /// Most bytes that may wait.
        limit: usize,
    },
    /// LZ4 without having agreed on it.
    #[error("compressed data without agreement")]
    CompressionNotAgreed,
    /// The peer speaks another version of the wire.
    #[error("the peer speaks wire version {theirs}, this side {ours}")]
    WrongVersion {
        /// Ours.
        ours: u16,
        /// Theirs.
        theirs: u16,
    },
    /// Nothing arrived for too long.
    #[error("nothing arrived for {after_ms} ms")]
    Silent {
        /// The liveness timeout in milliseconds.
        after_ms: u128,
    },
    /// The handshake did not come in time (R23).
    #[error("no handshake within {after_ms} ms")]
    HandshakeTimeout {
        /// The timeout in milliseconds.
        after_ms: u128,
    },
    /// The Gateway does not open the lane.
    #[error("refused by the gateway: {} ({:?})", .0.message, .0.code)]
    Refused(Refused),
    /// The peer said that this side broke the protocol, or was replaced.
    #[error("closed by the peer: {message} ({reason:?})")]
    ClosedByPeer {
        /// The peer's reason.
        reason: GoAwayReason,
        /// The peer's words.
        message: String,
    },
    /// The transport below ended or failed.
    #[error("the connection was lost: {detail}")]
    TransportLost {
        /// What the transport said.
        detail: String,
    },
    /// This side closed the lane.
    #[error("closed")]
    Closed,
}

impl ConnectionError {
    /// Whether the peer broke the protocol, as against its version, time, refusal or a wanted end.
    #[must_use]
    pub const fn is_violation(&self) -> bool {
        !matches!(
            self,
            Self::WrongVersion { .. }
                | Self::Silent { .. }
                | Self::HandshakeTimeout { .. }
                | Self::Refused(_)
                | Self::ClosedByPeer { .. }
                | Self::TransportLost { .. }
                | Self::Closed
        )
    }
}

/// Why a stream cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// As many streams are open as the peer allows, or too much waits to be sent; [`super::Event::Room`] tells
    /// when to try again.
    #[error("no room for another stream at the moment")]
    NoRoom,
    /// The handshake is not done.
    #[error("the lane is not open yet")]
    NotOpen,
    /// One of both sides takes no new streams.
    #[error("the lane takes no new streams")]
    Draining,
    /// All identifiers of this lane were used.
    #[error("the stream identifiers of the lane are used up")]
    Exhausted,
    /// The head or the inlined body is larger than allowed.
    #[error("{what} of {actual} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Head or body.
        what: &'static str,
        /// Most bytes.
        limit: usize,
        /// Bytes given.
        actual: usize,
    },
    /// The lane has ended.
    #[error("the lane has ended")]
    Lost(#[source] ConnectionError),
}

/// Why bytes cannot be written, or a stream not be finished.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The peer has all that it wants: its answer is complete, the rest is not needed.
    #[error("the peer wants no more of this stream")]
    Stopped,
    /// The stream was reset, by either side.
    #[error(transparent)]
    Reset(Reset),
    /// This half was finished before, or the stream never was.
    #[error("this half of the stream is closed")]
    Closed,
    /// A stream of the peer is answered with a head first.
    #[error("an answer begins with a head")]
    NoHead,
    /// A head or a trailer block is larger than allowed.
    #[error("{what} of {actual} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Head, body or trailers.
        what: &'static str,
        /// Most bytes.
        limit: usize,
        /// Bytes given.
        actual: usize,
    },
    /// The lane has ended.
    #[error("the lane has ended")]
    Lost(#[source] ConnectionError),
}

/// Why nothing more can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The stream was reset, by either side.
    #[error(transparent)]
    Reset(Reset),
    /// The stream is gone: it was read to its end, or dropped.
    #[error("the stream is closed")]
    Closed,
    /// The lane has ended.
    #[error("the lane has ended")]
    Lost(#[source] ConnectionError),
}
