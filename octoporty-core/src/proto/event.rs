//! What the state machine tells its driver, and what a reader gets.

use std::fmt;

use bytes::Bytes;

use crate::{
    frame::StreamKind,
    message::{GoAway, Hello, Welcome},
};

/// A stream of one lane. Identifiers are never used again on the same lane.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub(super) u32);

impl StreamId {
    /// The number on the wire.
    #[must_use]
    pub const fn as_u32(self) -> u32 {
        self.0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamId({})", self.0)
    }
}

/// Something that the driver passes on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// At the Gateway: an Agent introduced itself; answer with [`super::Connection::welcome`] or
    /// [`super::Connection::refuse`].
    Hello(Hello),
    /// At the Agent: the lane is open.
    Welcomed(Welcome),
    /// The peer opened a stream. Its inlined body, if any, is there to be read.
    Opened {
        /// The stream.
        stream: StreamId,
        /// What it carries.
        kind: StreamKind,
        /// Its head, opaque here.
        head: Bytes,
    },
    /// A reader that found nothing may read again.
    Readable(StreamId),
    /// A writer that found no room may write again.
    Writable(StreamId),
    /// Openers and senders of heads that found no room may try again.
    Room,
    /// The peer takes no new streams.
    GoAway(GoAway),
    /// [`super::Connection::go_away`] was called and no stream is open any more.
    Drained,
}

/// What arrived on a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A head, opaque here. Several may come; data follows the last.
    Head(Bytes),
    /// Bytes of the body, plain.
    Data(Bytes),
    /// Trailers, opaque here; the end follows.
    Trailers(Bytes),
}

/// The outcome of [`super::Connection::read`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// The next thing that arrived.
    Received(Received),
    /// The peer's half has ended; nothing more comes.
    End,
    /// Nothing is there; [`Event::Readable`] will tell.
    Pending,
}
