//! Counts of lanes: those that are up are asked, those that are over have left theirs here.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use octoporty_core::session::Lane;

/// Sums over all lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LaneSums {
    pub(super) lanes: u64,
    pub(super) streams_open: u64,
    pub(super) streams: u64,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) credit_stalls: u64,
    pub(super) round_trip_max: Option<Duration>,
    pub(super) round_trips: u32,
    pub(super) round_trip_sum: Duration,
}

/// The lanes of all Agents.
#[derive(Debug, Default)]
pub(crate) struct LaneMetrics {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    up: Vec<Lane>,
    /// What the lanes that are over have counted.
    over: LaneSums,
}

impl LaneMetrics {
    /// A lane is up.
    pub(crate) fn add(&self, lane: &Lane) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).up.push(lane.clone());
    }

    /// It is over. Its counts stay, so that no sum ever falls.
    pub(crate) fn remove(&self, lane: &Lane) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = inner.up.iter().position(|one| one.is_same(lane)) else {
            return;
        };
        let lane = inner.up.swap_remove(place);
        inner.over.count(&lane);
    }

    pub(super) fn sums(&self) -> LaneSums {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sums = inner.over;
        for lane in &inner.up {
            sums.count(lane);
            sums.lanes += 1;
            sums.streams_open += u64::from(lane.open_streams());
            if let Some(round_trip) = lane.round_trip() {
                sums.round_trip_max = sums.round_trip_max.max(Some(round_trip));
                sums.round_trips += 1;
                sums.round_trip_sum += round_trip;
            }
        }
        sums
    }
}

impl LaneSums {
    fn count(&mut self, lane: &Lane) {
        let stats = lane.stats();
        self.streams += stats.streams;
        self.bytes_in += stats.bytes_in;
        self.bytes_out += stats.bytes_out;
        self.credit_stalls += stats.credit_stalls;
    }
}
