//! The streams of a lane by identifier, and the counts that bound them.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use super::{Role, StreamId, stream::Stream};
use crate::limits::{STALE_BYTES_PER_FRAME, STALE_FRAMES_MAX, STALE_FRAMES_PER_RESET};

/// Spreads identifiers by one multiplication. They rise strictly and are bounded in number, so a peer cannot
/// choose them to collide in any way that matters.
#[derive(Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, id: u32) {
        self.0 = (self.0 ^ u64::from(id)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Streams, and which identifiers were used.
#[derive(Debug)]
pub(super) struct Table {
    streams: HashMap<u32, Stream, BuildHasherDefault<IdHasher>>,
    role: Role,
    /// Identifier of the next stream of ours; `None` when they are used up.
    next_local: Option<u32>,
    /// Highest identifier that the peer used.
    pub(super) highest_peer: u32,
    /// Open streams of ours, as the peer counts them.
    pub(super) open_local: u32,
    /// Open streams of the peer.
    pub(super) open_peer: u32,
    /// Streams of ours that are known: open, or over and still held by the application.
    pub(super) known_local: u32,
    /// Streams of the peer that are known.
    pub(super) known_peer: u32,
    /// Frames for closed streams that the peer may still send (R27).
    stale_left: u32,
}

impl Table {
    pub(super) fn new(role: Role) -> Self {
        Self {
            streams: HashMap::default(),
            role,
            next_local: Some(role.first_stream()),
            highest_peer: 0,
            open_local: 0,
            open_peer: 0,
            known_local: 0,
            known_peer: 0,
            stale_left: STALE_FRAMES_MAX,
        }
    }

    pub(super) fn next_local(&mut self) -> Option<StreamId> {
        let id = self.next_local?;
        self.next_local = id.checked_add(2);
        Some(StreamId(id))
    }

    /// Skips identifiers, as if many streams had come and gone.
    #[cfg(test)]
    pub(super) const fn use_up_to(&mut self, next: u32) {
        self.next_local = Some(next);
    }

    pub(super) const fn is_exhausted(&self) -> bool {
        self.next_local.is_none()
    }

    /// Streams that can still be opened before the identifiers are used up.
    pub(super) fn local_left(&self) -> u32 {
        self.next_local.map_or(0, |id| (u32::MAX - id) / 2 + 1)
    }

    /// Whether the peer may use this identifier for a new stream.
    pub(super) const fn peer_may_open(&self, stream: u32) -> bool {
        !self.role.owns(stream) && stream > self.highest_peer
    }

    /// Whether a stream of this identifier was opened at some time.
    pub(super) fn was_opened(&self, stream: u32) -> bool {
        if self.role.owns(stream) {
            self.next_local.is_none_or(|next| stream < next)
        } else {
            stream <= self.highest_peer
        }
    }

    pub(super) fn insert(&mut self, id: StreamId, stream: Stream) {
        if stream.local {
            self.open_local += 1;
            self.known_local += 1;
        } else {
            self.open_peer += 1;
            self.known_peer += 1;
        }
        self.streams.insert(id.0, stream);
    }

    pub(super) fn get(&self, id: StreamId) -> Option<&Stream> {
        self.streams.get(&id.0)
    }

    pub(super) fn get_mut(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.streams.get_mut(&id.0)
    }

    pub(super) fn remove(&mut self, id: StreamId) {
        match self.streams.remove(&id.0) {
            Some(stream) if stream.local => self.known_local -= 1,
            Some(_) => self.known_peer -= 1,
            None => {}
        }
    }

    /// Streams that are known, open or not yet read to their end.
    pub(super) fn len(&self) -> usize {
        self.streams.len()
    }

    pub(super) fn ids(&self) -> Vec<StreamId> {
        self.streams.keys().map(|id| StreamId(*id)).collect()
    }

    /// One frame came for a closed stream; false when there were too many.
    pub(super) const fn admit_stale(&mut self) -> bool {
        match self.stale_left.checked_sub(1) {
            Some(left) => {
                self.stale_left = left;
                true
            }
            None => false,
        }
    }

    /// This side reset a stream whose sender had `credit` left, so frames that are under way for it are nobody's
    /// fault.
    pub(super) const fn expect_stale(&mut self, credit: u32) {
        self.stale_left = self.stale_left.saturating_add(STALE_FRAMES_PER_RESET + credit / STALE_BYTES_PER_FRAME);
    }
}
