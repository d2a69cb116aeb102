//! Bytes that came from the transport and may not, or not yet, go to the reader. Empty on idle connections.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};

/// Most bytes of one read while a head is incomplete. Bounds the stash at this above the largest head.
const READ_BYTES_MAX: usize = 16 << 10;

/// Follows the messages of one direction.
pub(super) trait Flow {
    /// Checks the front of what has arrived, and says how many bytes of it may go to the reader.
    ///
    /// The rest is presented again, at the front, with what arrives next.
    fn pass(&mut self, bytes: &[u8]) -> usize;
}

/// What a read from the transport brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fetched {
    /// Bytes that are in the reader's buffer.
    Released,
    /// Bytes that are in the stash.
    Kept,
    /// The end.
    Eof,
}

/// Held bytes: first those that passed the check, then those that did not yet.
#[derive(Debug, Default)]
pub(super) struct Stash {
    bytes: BytesMut,
    passed: usize,
}

impl Stash {
    pub(super) fn new(bytes: Bytes) -> Self {
        Self { bytes: BytesMut::from(bytes), passed: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.bytes.freeze()
    }

    /// Adds bytes that were not checked.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Throws everything away and holds these bytes for the reader.
    pub(super) fn replace(&mut self, bytes: &[u8]) {
        self.bytes = BytesMut::from(bytes);
        self.passed = bytes.len();
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Lets all that is held pass.
    pub(super) fn pass_all(&mut self) {
        self.passed = self.bytes.len();
    }

    /// Gives the reader what passed the check. Says whether there was any.
    pub(super) fn release(&mut self, out: &mut ReadBuf<'_>) -> bool {
        if self.passed == 0 {
            return false;
        }
        let count = self.passed.min(out.remaining());
        out.put_slice(&self.bytes[..count]);
        self.bytes.advance(count);
        self.passed -= count;
        if self.bytes.is_empty() {
            self.bytes = BytesMut::new();
        }
        true
    }

    /// Checks what is held. Says whether any of it passed.
    pub(super) fn check(&mut self, flow: &mut impl Flow) -> bool {
        debug_assert_eq!(self.passed, 0, "what passed the check goes to the reader first");
        self.passed = flow.pass(&self.bytes);
        self.passed > 0
    }

    /// Reads once.
    ///
    /// With nothing held, the bytes are read into the reader's buffer and checked there: an ordinary message
    /// is not copied. Otherwise they join what is held.
    pub(super) fn poll_fetch(
        &mut self,
        io: Pin<&mut impl AsyncRead>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
        flow: &mut impl Flow,
    ) -> Poll<io::Result<Fetched>> {
        if !self.is_empty() {
            return self.poll_more(io, cx, out);
        }
        let before = out.filled().len();
        ready!(io.poll_read(cx, out))?;
        let fresh = &out.filled()[before..];
        if fresh.is_empty() {
            return Poll::Ready(Ok(Fetched::Eof));
        }
        let passed = flow.pass(fresh);
        self.keep(&fresh[passed..]);
        out.set_filled(before + passed);
        Poll::Ready(Ok(if passed > 0 { Fetched::Released } else { Fetched::Kept }))
    }

    /// Reads into the stash, with the reader's buffer as scratch space.
    fn poll_more(
        &mut self,
        io: Pin<&mut impl AsyncRead>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<Fetched>> {
        let room = out.remaining().min(READ_BYTES_MAX);
        let mut scratch = ReadBuf::new(out.initialize_unfilled_to(room));
        ready!(io.poll_read(cx, &mut scratch))?;
        let fresh = scratch.filled();
        if fresh.is_empty() {
            return Poll::Ready(Ok(Fetched::Eof));
        }
        self.keep(fresh);
        Poll::Ready(Ok(Fetched::Kept))
    }
}
