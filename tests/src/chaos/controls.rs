//! The controls and counts of a chaos proxy, shared with its connections.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A direction through the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From those who connect to the proxy towards its target.
    Forward,
    /// From the target back.
    Back,
}

/// What has gone through the proxy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChaosCounts {
    /// Connections accepted and passed on, ever.
    pub connections_total: u64,
    /// Connections passed on and open now.
    pub connections_open: u64,
    /// Connections reset at once, because of `refuse` or because the target did not answer.
    pub refused: u64,
    /// Bytes delivered to the target.
    pub bytes_forward: u64,
    /// Bytes delivered back.
    pub bytes_back: u64,
}

/// What applies to all connections, now.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rules {
    pub(super) delay: Duration,
    /// Bytes a second, for each connection and direction.
    pub(super) rate: Option<u64>,
    pub(super) stalls_forward: bool,
    pub(super) stalls_back: bool,
    pub(super) refuses: bool,
}

impl Rules {
    pub(super) fn stalls(&self, way: Way) -> bool {
        match way {
            Way::Forward => self.stalls_forward,
            Way::Back => self.stalls_back,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Controls {
    pub(super) rules: watch::Sender<Rules>,
    pub(super) counts: watch::Sender<ChaosCounts>,
    cuts: Mutex<Cuts>,
}

#[derive(Debug, Default)]
struct Cuts {
    /// Cancelled to cut the connections of now.
    connections: CancellationToken,
    /// Bytes to deliver until they are cut, all connections and both directions together.
    allowance: Option<u64>,
}

impl Controls {
    /// Cancelled when the connections of now are cut.
    pub(super) fn cutting(&self) -> CancellationToken {
        self.with_cuts(|cuts| cuts.connections.clone())
    }

    pub(super) fn cut(&self) {
        self.with_cuts(Cuts::cut);
    }

    pub(super) fn cut_after(&self, bytes: u64) {
        self.with_cuts(|cuts| match bytes {
            0 => cuts.cut(),
            _ => cuts.allowance = Some(bytes),
        });
    }

    /// How many of `wanted` bytes may be delivered on a connection that ends with `cutting`. None once it is cut,
    /// though its task may not have noticed yet.
    pub(super) fn take(&self, wanted: usize, cutting: &CancellationToken) -> usize {
        self.with_cuts(|cuts| {
            if cutting.is_cancelled() {
                return 0;
            }
            let Some(allowance) = &mut cuts.allowance else {
                return wanted;
            };
            let taken = usize::try_from(*allowance).map_or(wanted, |left| left.min(wanted));
            *allowance -= u64::try_from(taken).unwrap_or(*allowance);
            taken
        })
    }

    /// Cuts if the allowance is used up. Called after the bytes are on their way.
    pub(super) fn cut_if_spent(&self) {
        self.with_cuts(|cuts| {
            if cuts.allowance == Some(0) {
                cuts.cut();
            }
        });
    }

    pub(super) fn delivered(&self, way: Way, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.counts.send_modify(|counts| match way {
            Way::Forward => counts.bytes_forward += bytes,
            Way::Back => counts.bytes_back += bytes,
        });
    }

    fn with_cuts<T>(&self, change: impl FnOnce(&mut Cuts) -> T) -> T {
        change(&mut self.cuts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Cuts {
    /// Later connections are not touched.
    fn cut(&mut self) {
        self.allowance = None;
        std::mem::take(&mut self.connections).cancel();
    }
}
