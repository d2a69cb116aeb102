//! From messages to bytes: small ones are gathered in one buffer, large ones go out from where they are.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncWrite;

use super::{
    Role,
    frame::{HEAD_BYTES_MAX, Head, Opcode, apply_mask, shifted},
};
use crate::frame::Message;

/// Payloads from this size on are not copied behind their head: a further slice of a write costs less than they do.
const COPIED_BYTES_MAX: usize = 8 << 10;

/// Most slices of one write.
const SLICES_MAX: usize = 16;

#[derive(Debug)]
pub(super) struct Writer {
    role: Role,
    /// What is to be written, in order.
    parts: VecDeque<Bytes>,
    /// What comes behind the parts and may still grow.
    tail: BytesMut,
    /// Bytes in parts and tail.
    queued: usize,
}

impl Writer {
    pub(super) fn new(role: Role) -> Self {
        Self { role, parts: VecDeque::new(), tail: BytesMut::new(), queued: 0 }
    }

    /// Bytes that wait to be written.
    pub(super) const fn queued(&self) -> usize {
        self.queued
    }

    /// Adds a whole frame. `vectored`: several slices in one write are worth while.
    pub(super) fn put(&mut self, opcode: Opcode, payload: Message, vectored: bool) {
        // RFC 6455 §5.3: a new key for each frame, that nobody can foretell.
        let mask = (self.role == Role::Client).then(rand::random::<[u8; 4]>);
        let head = Head { last: true, opcode, mask, length: payload.len() };
        let mut room = [0; HEAD_BYTES_MAX];
        let head_bytes = head.write(&mut room);
        self.queued += head_bytes + payload.len();
        self.tail.extend_from_slice(&room[..head_bytes]);
        let Message { head, body } = payload;
        let at = head.len();
        self.put_piece(head, mask, vectored);
        if !body.is_empty() {
            self.put_piece(body, mask.map(|mask| shifted(mask, at)), vectored);
        }
    }

    fn put_piece(&mut self, piece: Bytes, mask: Option<[u8; 4]>, vectored: bool) {
        if !vectored || piece.len() <= COPIED_BYTES_MAX {
            let at = self.tail.len();
            self.tail.extend_from_slice(&piece);
            if let Some(mask) = mask {
                apply_mask(&mut self.tail[at..], mask);
            }
            return;
        }
        self.parts.push_back(self.tail.split().freeze());
        self.parts.push_back(match mask {
            None => piece,
            Some(mask) => {
                // In place where nobody else has it, which is how pieces of a body mostly come.
                let mut piece = piece.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
                apply_mask(&mut piece, mask);
                piece.freeze()
            }
        });
    }

    /// Writes until at most `left` bytes wait.
    pub(super) fn poll_write_down_to<IO: AsyncWrite + Unpin>(
        &mut self,
        left: usize,
        io: &mut IO,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.queued > left {
            let written = if self.parts.is_empty() {
                ready!(Pin::new(&mut *io).poll_write(context, &self.tail))?
            } else {
                let mut slices = [IoSlice::new(&[]); SLICES_MAX];
                let waiting = self.parts.iter().map(|part| &part[..]).chain(std::iter::once(&self.tail[..]));
                let mut count = 0;
                for (slice, part) in slices.iter_mut().zip(waiting) {
                    *slice = IoSlice::new(part);
                    count += 1;
                }
                ready!(Pin::new(&mut *io).poll_write_vectored(context, &slices[..count]))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, written: usize) {
        self.queued -= written;
        let mut rest = written;
        while let Some(part) = self.parts.front_mut() {
            if rest < part.len() {
                part.advance(rest);
                return;
            }
            rest -= part.len();
            self.parts.pop_front();
        }
        self.tail.advance(rest);
    }
}
