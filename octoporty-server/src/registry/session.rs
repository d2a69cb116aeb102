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

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) instance: u64,
    lanes: ArcSwap<Vec<LaneSlot>>,
    /// Held while the row of lanes is replaced.
    changing: Mutex<()>,
    /// The Agent said that it leaves for good.
    pub(crate) left: AtomicBool,
}

impl Session {
    pub(crate) fn new(id: SessionId, instance: u64) -> Self {
        Self { id, instance, lanes: ArcSwap::default(), changing: Mutex::new(()), left: AtomicBool::new(false) }
    }

    /// Adds a lane; false when there are as many as may be.
    pub(crate) fn add(&self, slot: LaneSlot) -> bool {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lanes = Vec::clone(&self.lanes.load());
        if lanes.len() >= usize::from(LANES_MAX) {
            return false;
        }
        lanes.push(slot);
        self.lanes.store(lanes.into());
        true
    }

    /// Takes a lane out; says whether it was the last.
    pub(crate) fn remove(&self, lane: &Lane) -> bool {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lanes = Vec::clone(&self.lanes.load());
        lanes.retain(|slot| !slot.lane.is_same(lane));
        let last = lanes.is_empty();
        self.lanes.store(lanes.into());
        last
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
