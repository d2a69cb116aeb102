//! Receive windows: how much each stream is granted, out of what the lane has to give.
//!
//! There is no credit for the lane as a whole on the wire: it would let stalled streams starve the others. Instead
//! the receiver divides its budget. Every stream has [`STREAM_WINDOW_BYTES_MIN`]; what it gets beyond that comes
//! from the budget and goes back at its end.

use std::time::{Duration, Instant};

use crate::limits::{BULK_STREAMS_FEW, STREAM_WINDOW_BYTES_FEW, STREAM_WINDOW_BYTES_MAX, STREAM_WINDOW_BYTES_MIN};

/// A path shorter than this needs no window beyond [`STREAM_WINDOW_BYTES_FEW`]: it refills faster than it drains.
const LONG_PATH: Duration = Duration::from_millis(5);

/// What a lane's receiver may still grant.
#[derive(Debug)]
pub(super) struct Budget {
    left: u64,
    /// Streams that have used up a whole window: the bulk streams.
    bulk_streams: usize,
}

impl Budget {
    pub(super) const fn new(bytes: u64) -> Self {
        Self { left: bytes, bulk_streams: 0 }
    }

    /// Takes up to `bytes`, in full or not at all once it gets tight.
    fn take(&mut self, bytes: u32) -> u32 {
        let wanted = u64::from(bytes);
        if wanted > self.left {
            return 0;
        }
        self.left -= wanted;
        bytes
    }

    pub(super) const fn left(&self) -> u64 {
        self.left
    }
}

/// The receive window of one stream.
#[derive(Debug)]
pub(super) struct Window {
    /// Bytes that the window has in all.
    size: u32,
    /// Bytes that the peer may still send.
    left: u32,
    /// Bytes that were read and not given back as credit yet.
    unreturned: u32,
    /// Bytes read since `since`, to tell how fast the window turns over.
    turned: u32,
    since: Instant,
    bulk: bool,
}

impl Window {
    /// A window for a stream of ours, as large as the budget allows; its size is told in `Open`.
    pub(super) fn for_local(budget: &mut Budget, wanted: u32, now: Instant) -> Self {
        Self::new(STREAM_WINDOW_BYTES_MIN + budget.take(wanted.saturating_sub(STREAM_WINDOW_BYTES_MIN)), now)
    }

    /// The window that every stream of the peer starts with.
    pub(super) const fn for_peer(now: Instant) -> Self {
        Self::new(STREAM_WINDOW_BYTES_MIN, now)
    }

    const fn new(size: u32, now: Instant) -> Self {
        Self { size, left: size, unreturned: 0, turned: 0, since: now, bulk: false }
    }

    pub(super) const fn size(&self) -> u32 {
        self.size
    }

    pub(super) const fn left(&self) -> u32 {
        self.left
    }

    /// Bytes that were read and not given back yet.
    #[cfg(test)]
    pub(super) const fn unreturned(&self) -> u32 {
        self.unreturned
    }

    /// The peer sent `bytes`; false when it had no credit for them.
    pub(super) fn receive(&mut self, bytes: usize) -> bool {
        match u32::try_from(bytes).ok().and_then(|bytes| self.left.checked_sub(bytes)) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }

    /// The application took `bytes`; says whether credit should go out now.
    pub(super) fn consume(&mut self, bytes: u32) -> bool {
        self.unreturned = self.unreturned.saturating_add(bytes);
        self.turned = self.turned.saturating_add(bytes);
        self.unreturned >= self.size / 4
    }

    /// Grows to `wanted` bytes where the budget allows; the peer learns of it with the next credit.
    pub(super) fn grow(&mut self, budget: &mut Budget, wanted: u32) {
        let wanted = wanted.min(STREAM_WINDOW_BYTES_MAX);
        if wanted > self.size {
            let more = budget.take(wanted - self.size);
            self.size += more;
            self.unreturned += more;
        }
    }

    /// The credit to send; the window may have grown, by how fast it was used up on a path of this length. One that
    /// began small, because the budget was tight, grows to `base`.
    pub(super) fn give_back(&mut self, budget: &mut Budget, base: u32, path: Option<Duration>, now: Instant) -> u32 {
        if self.turned >= self.size {
            if !self.bulk {
                self.bulk = true;
                budget.bulk_streams += 1;
            }
            let took = now.saturating_duration_since(self.since);
            let path = path.unwrap_or_default();
            if path >= LONG_PATH && took < path * 2 {
                self.grow(budget, self.size.saturating_mul(2));
            } else if budget.bulk_streams <= BULK_STREAMS_FEW {
                self.grow(budget, STREAM_WINDOW_BYTES_FEW.max(base));
            }
            // What is beyond it may not fit any more while this does.
            self.grow(budget, base);
            self.turned = 0;
            self.since = now;
        }
        let credit = self.unreturned;
        self.unreturned = 0;
        self.left += credit;
        credit
    }

    /// No more will be held than `held` bytes: gives what the window has beyond them, and beyond the minimum, back
    /// to the lane.
    pub(super) fn shrink(&mut self, budget: &mut Budget, held: u32) {
        let size = self.size.min(held.max(STREAM_WINDOW_BYTES_MIN));
        budget.left += u64::from(self.size - size);
        self.size = size;
        if self.bulk {
            self.bulk = false;
            budget.bulk_streams -= 1;
        }
    }
}
