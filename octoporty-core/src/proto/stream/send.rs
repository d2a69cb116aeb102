//! The sending half of a stream: what waits, what credit there is, how it ends.

use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};

use crate::{
    frame::{Compressor, FRAME_HEAD_BYTES, FrameHead, Kind, put_trailers},
    limits::SEND_BUFFER_BYTES,
};

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
    queued: usize,
    /// Bytes that the peer takes at the moment.
    credit: u64,
    ending: Option<Ending>,
    done: bool,
    /// Bytes of the body were taken, so that no head may follow.
    begun: bool,
    /// It stands in the scheduler's row.
    pub(in crate::proto) scheduled: bool,
    /// A writer found no room and waits to be told.
    pub(in crate::proto) awaited: bool,
    pub(in crate::proto) compressor: Compressor,
}

impl SendHalf {
    pub(in crate::proto) const fn new(credit: u32, done: bool) -> Self {
        Self {
            queue: VecDeque::new(),
            queued: 0,
            credit: credit as u64,
            ending: None,
            done,
            begun: false,
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

    /// A head may still be sent.
    pub(in crate::proto) const fn takes_head(&self) -> bool {
        !self.begun
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
        self.queue.push_back(bytes);
    }

    pub(in crate::proto) fn end(&mut self, ending: Ending) {
        self.ending = Some(ending);
    }

    /// False when the sum is more than any window can be.
    pub(in crate::proto) fn add_credit(&mut self, bytes: u32) -> bool {
        self.credit += u64::from(bytes);
        self.credit <= u64::from(u32::MAX >> 1)
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
        self.queue.clear();
        self.queued = 0;
        self.done = true;
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
            let front = self.queue.front_mut().expect("queued counts the bytes of the queue");
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
