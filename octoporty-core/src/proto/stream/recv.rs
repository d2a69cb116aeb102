//! The receiving half of a stream: what arrived and was not read, and the window that bounds it.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use crate::{
    limits::HEADS_PER_STREAM_MAX,
    proto::{Received, flow::Window},
};

/// Chunks below this are copied together: a slice of the read buffer would pin all of it.
const SMALL_CHUNK_BYTES: usize = 2 << 10;

/// A chunk that is less than this share of its message is copied for the same reason: at most this many times the
/// bytes that the window allows stay in memory (R28).
const PINNED_SHARE_MAX: usize = 4;

/// Where copying together stops.
const MERGED_CHUNK_BYTES: usize = 16 << 10;

#[derive(Debug)]
enum Item {
    Head(Bytes),
    /// `counted` bytes of it are under flow control; inlined bytes are not.
    Data {
        bytes: Bytes,
        counted: bool,
    },
    /// Small chunks, copied together.
    Merged(BytesMut),
    Trailers(Bytes),
}

#[derive(Debug)]
pub(in crate::proto) struct RecvHalf {
    queue: VecDeque<Item>,
    /// Bytes of the queue that are under flow control.
    queued: u32,
    pub(in crate::proto) window: Window,
    heads: u8,
    /// A head must come before data: the half of an answer.
    awaits_head: bool,
    data_seen: bool,
    ended: bool,
    /// What arrives is thrown away: the application does not want it.
    pub(in crate::proto) discards: bool,
    /// A reader found nothing and waits to be told.
    pub(in crate::proto) awaited: bool,
    /// It stands in the row of streams with credit to give.
    pub(in crate::proto) credit_due: bool,
}

impl RecvHalf {
    pub(in crate::proto) const fn new(window: Window, awaits_head: bool, ended: bool) -> Self {
        Self {
            queue: VecDeque::new(),
            queued: 0,
            window,
            heads: 0,
            awaits_head,
            data_seen: false,
            ended,
            discards: false,
            awaited: false,
            credit_due: false,
        }
    }

    pub(in crate::proto) const fn is_ended(&self) -> bool {
        self.ended
    }

    pub(in crate::proto) fn end(&mut self) {
        self.ended = true;
    }

    /// False when a head is not allowed here.
    pub(in crate::proto) fn receive_head(&mut self, head: Bytes) -> bool {
        if self.data_seen || self.heads >= HEADS_PER_STREAM_MAX || (!self.awaits_head && self.heads == 0) {
            return false;
        }
        self.heads += 1;
        if !self.discards {
            self.queue.push_back(Item::Head(head));
        }
        true
    }

    /// Data may come now.
    pub(in crate::proto) const fn takes_data(&self) -> bool {
        !self.awaits_head || self.heads > 0
    }

    /// Bytes that rode in an `Open` or `Head`.
    pub(in crate::proto) fn receive_inline(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        self.data_seen = true;
        if !self.discards {
            self.queue.push_back(Item::Data { bytes, counted: false });
        }
    }

    /// Bytes for which the window was charged; they keep `pinned` bytes of memory alive.
    pub(in crate::proto) fn receive_data(&mut self, bytes: Bytes, pinned: usize) {
        self.data_seen = true;
        if bytes.is_empty() || self.discards {
            return;
        }
        self.queued += count(&bytes);
        if bytes.len() >= SMALL_CHUNK_BYTES && bytes.len() * PINNED_SHARE_MAX >= pinned {
            self.queue.push_back(Item::Data { bytes, counted: true });
            return;
        }
        if let Some(Item::Merged(merged)) = self.queue.back_mut()
            && merged.len() < MERGED_CHUNK_BYTES
        {
            merged.extend_from_slice(&bytes);
        } else {
            self.queue.push_back(Item::Merged(BytesMut::from(bytes.as_ref())));
        }
    }

    pub(in crate::proto) fn receive_trailers(&mut self, block: Bytes) {
        self.data_seen = true;
        if !self.discards {
            self.queue.push_back(Item::Trailers(block));
        }
        self.ended = true;
    }

    /// The next thing to read, and how many bytes of it were under flow control.
    pub(in crate::proto) fn pop(&mut self) -> Option<(Received, u32)> {
        let (received, counted) = match self.queue.pop_front()? {
            Item::Head(head) => (Received::Head(head), 0),
            Item::Data { bytes, counted: false } => (Received::Data(bytes), 0),
            Item::Data { bytes, counted: true } => {
                let count = count(&bytes);
                (Received::Data(bytes), count)
            }
            Item::Merged(merged) => {
                let bytes = merged.freeze();
                let count = count(&bytes);
                (Received::Data(bytes), count)
            }
            Item::Trailers(block) => (Received::Trailers(block), 0),
        };
        self.queued -= counted;
        Some((received, counted))
    }

    /// Bytes under flow control that were not read yet.
    pub(in crate::proto) const fn queued(&self) -> u32 {
        self.queued
    }

    pub(in crate::proto) fn has_items(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Forgets what was not read.
    pub(in crate::proto) fn clear(&mut self) {
        self.queue.clear();
        self.queued = 0;
    }
}

fn count(bytes: &Bytes) -> u32 {
    u32::try_from(bytes.len()).expect("chunks are far below 4 GiB")
}
