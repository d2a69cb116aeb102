//! One stay of an Agent: its lanes, and which of them takes the next request.

use std::sync::{Mutex, PoisonError, atomic::AtomicBool};

use arc_swap::ArcSwap;
use octoporty_core::{id::SessionId, limits::LANES_MAX, session::Lane};

/// A lane and the shard that its driver runs on.
#[derive(Debug, Clone)]
pub(crate) struct LaneSlot {
    pub(crate) lane: Lane,
    pub(crate) shard: usize,
}

/// Why a lane does not become part of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAdded {
    /// It has as many as may be.
    Full,
    /// Its last one has gone.
    Over,
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) instance: u64,
    /// Later sessions of the Agent have greater ones.
    pub(crate) number: u64,
    lanes: ArcSwap<Vec<LaneSlot>>,
    /// The last lane has gone, so that none is added any more. Held while the row of lanes is replaced.
    over: Mutex<bool>,
    /// The Agent said that it leaves for good.
    pub(crate) left: AtomicBool,
}

impl Session {
    /// A session with its first lane; `number` is from [`Agent::number_session`](super::Agent::number_session).
    pub(crate) fn new(id: SessionId, instance: u64, number: u64, first: LaneSlot) -> Self {
        let lanes = ArcSwap::from_pointee(vec![first]);
        Self { id, instance, number, lanes, over: Mutex::new(false), left: AtomicBool::new(false) }
    }

    /// Adds a lane.
    pub(crate) fn add(&self, slot: LaneSlot) -> Result<(), NotAdded> {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        if *over {
            return Err(NotAdded::Over);
        }
        let mut lanes = Vec::clone(&self.lanes.load());
        if lanes.len() >= usize::from(LANES_MAX) {
            return Err(NotAdded::Full);
        }
        lanes.push(slot);
        self.lanes.store(lanes.into());
        Ok(())
    }

    /// Takes a lane out; says whether it was the last.
    pub(crate) fn remove(&self, lane: &Lane) -> bool {
        let mut over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lanes = Vec::clone(&self.lanes.load());
        lanes.retain(|slot| !slot.lane.is_same(lane));
        *over = lanes.is_empty();
        self.lanes.store(lanes.into());
        *over
    }

    /// Whether the last lane has gone.
    pub(crate) fn is_over(&self) -> bool {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lane for the next request of `shard`: one on that shard if there is one, the least loaded of those that
    /// take streams.
    pub(crate) fn pick(&self, shard: usize) -> Option<Lane> {
        let lanes = self.lanes.load();
        if let [only] = lanes.as_slice() {
            return only.lane.takes_streams().then(|| only.lane.clone());
        }
        lanes
            .iter()
            .filter(|slot| slot.lane.takes_streams())
            .min_by_key(|slot| (slot.shard != shard, slot.lane.open_streams()))
            .map(|slot| slot.lane.clone())
    }

    pub(crate) fn lanes(&self) -> Vec<LaneSlot> {
        Vec::clone(&self.lanes.load())
    }
}
