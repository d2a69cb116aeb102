//! The sending half of a stream: what waits, what credit there is, how it ends.

use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};

use crate::{
    frame::{Compressor, FRAME_HEAD_BYTES, FrameHead, Kind, Message, put_trailers},
    limits::{HEADS_PER_STREAM_MAX, SEND_BUFFER_BYTES},
};

/// Chunks below this are copied together: many of them would cost far more memory than the bytes that they hold.
const SMALL_CHUNK_BYTES: usize = 2 << 10;

/// Chunks from this size on go out from where they are: a copy would cost more than a message of two pieces.
const WHOLE_CHUNK_BYTES_MIN: usize = 16 << 10;

/// Where copying together stops.
const MERGED_CHUNK_BYTES: usize = 16 << 10;

/// How the half ends once its bytes are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::proto) enum Ending {
    /// With the end flag.
    Flag,
    /// With trailers.
    Trailers(Bytes),
}

#[derive(Debug)]
pub(in crate::proto) struct SendHalf {
    queue: VecDeque<Bytes>,
    /// Small chunks behind the queue, copied together.
    tail: BytesMut,
    /// Bytes in queue and tail.
    queued: usize,
    /// Bytes that the peer takes at the moment.
    credit: u64,
    ending: Option<Ending>,
    done: bool,
    /// Bytes of the body were taken, so that no head may follow.
    begun: bool,
    /// Heads that were sent.
    heads: u8,
    /// It stands in the scheduler's row.
    pub(in crate::proto) scheduled: bool,
    /// A writer found no room and waits to be told.
    pub(in crate::proto) awaited: bool,
    pub(in crate::proto) compressor: Compressor,
}

impl SendHalf {
    pub(in crate::proto) fn new(credit: u32, done: bool) -> Self {
        Self {
            queue: VecDeque::new(),
            tail: BytesMut::new(),
            queued: 0,
            credit: u64::from(credit),
            ending: None,
            done,
            begun: false,
            heads: 0,
            scheduled: false,
            awaited: false,
            compressor: Compressor::OFF,
        }
    }

    /// The end is sent, or will never be.
    pub(in crate::proto) const fn is_done(&self) -> bool {
        self.done
    }

    /// More may be written.
    pub(in crate::proto) const fn is_open(&self) -> bool {
        !self.done && self.ending.is_none()
    }

    /// Heads that may still be sent.
    pub(in crate::proto) const fn heads_left(&self) -> u8 {
        if self.begun { 0 } else { HEADS_PER_STREAM_MAX - self.heads }
    }

    /// A head was sent.
    pub(in crate::proto) const fn has_head(&self) -> bool {
        self.heads > 0
    }

    /// A head goes out.
    pub(in crate::proto) fn count_head(&mut self) {
        debug_assert!(self.heads_left() > 0, "heads are counted before they are sent");
        self.heads += 1;
    }

    /// Inlined bytes went out with a head.
    pub(in crate::proto) const fn begin(&mut self) {
        self.begun = true;
    }

    /// Whether a chunk of `bytes` may join the queue: an empty one takes any, so that large chunks pass.
    pub(in crate::proto) const fn has_room(&self, bytes: usize) -> bool {
        self.queued == 0 || self.queued + bytes <= SEND_BUFFER_BYTES
    }

    pub(in crate::proto) fn push(&mut self, bytes: Bytes) {
        self.begun = true;
        self.queued += bytes.len();
        if bytes.len() < SMALL_CHUNK_BYTES {
            self.tail.extend_from_slice(&bytes);
            if self.tail.len() < MERGED_CHUNK_BYTES {
                return;
            }
            self.queue_tail();
        } else {
            self.queue_tail();
            self.queue.push_back(bytes);
        }
    }

    fn queue_tail(&mut self) {
        if !self.tail.is_empty() {
            self.queue.push_back(std::mem::take(&mut self.tail).freeze());
        }
    }

    pub(in crate::proto) fn end(&mut self, ending: Ending) {
        self.ending = Some(ending);
    }

    /// False when the sum is more than any window can be.
    pub(in crate::proto) fn add_credit(&mut self, bytes: u32) -> bool {
        self.credit += u64::from(bytes);
        self.credit <= u64::from(u32::MAX >> 1)
    }

    /// Bytes that the peer takes at the moment.
    #[cfg(test)]
    pub(in crate::proto) const fn credit(&self) -> u64 {
        self.credit
    }

    /// There is something that may go out now.
    pub(in crate::proto) const fn is_ready(&self) -> bool {
        !self.done && ((self.queued > 0 && self.credit > 0) || (self.queued == 0 && self.ending.is_some()))
    }

    /// Bytes wait and there is no credit for them.
    pub(in crate::proto) const fn is_stalled(&self) -> bool {
        self.queued > 0 && self.credit == 0
    }

    /// Forgets what waits; nothing more goes out.
    pub(in crate::proto) fn abandon(&mut self) {
        self.queue = VecDeque::new();
        self.tail = BytesMut::new();
        self.queued = 0;
        self.done = true;
    }

    /// The next frame with its payload where it is, if that is one large chunk that may go out as it is, and does not end
    /// the half.
    pub(in crate::proto) fn transmit_whole(&mut self, stream: u32, piece: usize) -> Option<Message> {
        let front = self.queue.front_mut()?;
        let credit = usize::try_from(self.credit).unwrap_or(usize::MAX);
        let take = piece.min(front.len()).min(credit);
        let last = take == self.queued && self.ending.is_some();
        if take < WHOLE_CHUNK_BYTES_MIN || last || self.compressor.is_on() {
            return None;
        }
        let body = front.split_to(take);
        if front.is_empty() {
            self.queue.pop_front();
        }
        self.queued -= take;
        self.credit -= u64::try_from(take).expect("a piece is small");
        let length = u32::try_from(take).expect("a piece is small");
        let head = FrameHead { stream, kind: Kind::Data, end: false, compressed: false, length };
        Some(Message { head: Bytes::copy_from_slice(&head.to_bytes()), body })
    }

    /// Appends the next frame, of at most `piece` plain bytes, and the end where it is due.
    pub(in crate::proto) fn transmit(&mut self, stream: u32, piece: usize, out: &mut BytesMut) {
        let credit = usize::try_from(self.credit).unwrap_or(usize::MAX);
        let take = piece.min(self.queued).min(credit);
        let last = take == self.queued;
        let end = last && self.ending == Some(Ending::Flag);
        if take > 0 || end {
            self.transmit_data(stream, take, end, out);
        }
        if last && let Some(Ending::Trailers(block)) = &self.ending {
            put_trailers(out, stream, block);
        }
        self.done = last && self.ending.is_some();
    }

    fn transmit_data(&mut self, stream: u32, take: usize, end: bool, out: &mut BytesMut) {
        let start = out.len();
        out.reserve(FRAME_HEAD_BYTES + take);
        out.extend_from_slice(&[0; FRAME_HEAD_BYTES]);
        let mut missing = take;
        while missing > 0 {
            if self.queue.is_empty() {
                self.queue_tail();
            }
            let front = self.queue.front_mut().expect("queued counts the bytes of queue and tail");
            let bytes = missing.min(front.len());
            out.extend_from_slice(&front[..bytes]);
            front.advance(bytes);
            missing -= bytes;
            if front.is_empty() {
                self.queue.pop_front();
            }
        }
        self.queued -= take;
        self.credit -= u64::try_from(take).expect("a piece is small");
        let packed = self.compressor.compress(&out[start + FRAME_HEAD_BYTES..]);
        if let Some(block) = &packed {
            out.truncate(start + FRAME_HEAD_BYTES);
            out.extend_from_slice(block);
        }
        let length = u32::try_from(out.len() - start - FRAME_HEAD_BYTES).expect("a piece is small");
        let head = FrameHead { stream, kind: Kind::Data, end, compressed: packed.is_some(), length };
        out[start..start + FRAME_HEAD_BYTES].copy_from_slice(&head.to_bytes());
    }
}
