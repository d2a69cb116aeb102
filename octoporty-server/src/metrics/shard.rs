//! What one shard counts. All of it is relaxed: nobody draws conclusions from one count about another.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use super::{RouteSlot, routes::SLOTS};

/// Upper bounds of the latency histogram in microseconds: a millisecond to half a minute, finer where most answers are.
pub(super) const BUCKETS_US: [u64; 14] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000, 30_000_000,
];

/// Classes of statuses: 1xx to 5xx.
pub(super) const CLASSES: usize = 5;

/// Whose doing a failed exchange was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The visitor left, or broke the rules.
    Visitor,
    /// There was no tunnel, or it was lost.
    Tunnel,
    /// The service refused, was too slow or answered nonsense.
    Upstream,
    /// The Gateway's or the Agent's own.
    Internal,
}

impl Failure {
    pub(super) const ALL: [(Self, &'static str); 4] = [
        (Self::Visitor, "visitor"),
        (Self::Tunnel, "tunnel"),
        (Self::Upstream, "upstream"),
        (Self::Internal, "internal"),
    ];
}

/// How an exchange ended; at first, as one of which nothing is known yet.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ended {
    /// What the visitor was answered; 0 if nothing.
    pub(crate) status: u16,
    /// From the head of the request to the end of the answer.
    pub(crate) elapsed: Duration,
    /// Bytes of the request's body.
    pub(crate) bytes_from_visitor: u64,
    /// Bytes of the answer's body.
    pub(crate) bytes_to_visitor: u64,
    /// Whose doing it was, if it failed.
    pub(crate) failure: Option<Failure>,
}

/// The counts of one shard, on cache lines of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct ShardMetrics {
    /// Connections that were taken.
    pub(crate) connections: AtomicU64,
    /// Connections that were over a limit (R20).
    pub(crate) connections_refused: AtomicU64,
    pub(super) began: AtomicU64,
    pub(super) ended: AtomicU64,
    pub(super) upgrades_began: AtomicU64,
    pub(super) upgrades_ended: AtomicU64,
    pub(super) elapsed_us: AtomicU64,
    /// One more than there are bounds: the rest.
    pub(super) buckets: [AtomicU64; BUCKETS_US.len() + 1],
    pub(super) failures: [AtomicU64; Failure::ALL.len()],
    pub(super) all: RouteCounts,
    /// Made when the shard serves its first request.
    routes: OnceLock<Box<[RouteCounts]>>,
}

/// The counts of one mapping, or of all.
#[derive(Debug, Default)]
pub(super) struct RouteCounts {
    pub(super) classes: [AtomicU64; CLASSES],
    pub(super) from_visitors: AtomicU64,
    pub(super) to_visitors: AtomicU64,
}

impl ShardMetrics {
    /// A request came.
    pub(crate) fn request_began(&self) {
        self.began.fetch_add(1, Relaxed);
    }

    /// Its answer went out, or will not. Call it once for each [`Self::request_began`].
    pub(crate) fn request_ended(&self, route: RouteSlot, ended: &Ended) {
        self.ended.fetch_add(1, Relaxed);
        let elapsed_us = u64::try_from(ended.elapsed.as_micros()).unwrap_or(u64::MAX);
        self.elapsed_us.fetch_add(elapsed_us, Relaxed);
        let bucket = BUCKETS_US.iter().position(|bound| elapsed_us <= *bound).unwrap_or(BUCKETS_US.len());
        self.buckets[bucket].fetch_add(1, Relaxed);
        if let Some(failure) = ended.failure {
            let index = Failure::ALL.iter().position(|(one, _)| *one == failure).unwrap_or_default();
            self.failures[index].fetch_add(1, Relaxed);
        }
        let routes = self.routes.get_or_init(|| (0..SLOTS).map(|_| RouteCounts::default()).collect());
        for counts in [&self.all, &routes[route.index()]] {
            // Who left before the answer had none.
            if let Some(class) = usize::from(ended.status / 100).checked_sub(1).and_then(|at| counts.classes.get(at)) {
                class.fetch_add(1, Relaxed);
            }
            counts.from_visitors.fetch_add(ended.bytes_from_visitor, Relaxed);
            counts.to_visitors.fetch_add(ended.bytes_to_visitor, Relaxed);
        }
    }

    /// A connection was upgraded.
    pub(crate) fn upgrade_began(&self) {
        self.upgrades_began.fetch_add(1, Relaxed);
    }

    /// It is over, after so many bytes each way. Call it once for each [`Self::upgrade_began`].
    pub(crate) fn upgrade_ended(&self, route: RouteSlot, from_visitor: u64, to_visitor: u64) {
        self.upgrades_ended.fetch_add(1, Relaxed);
        let routes = self.routes.get_or_init(|| (0..SLOTS).map(|_| RouteCounts::default()).collect());
        for counts in [&self.all, &routes[route.index()]] {
            counts.from_visitors.fetch_add(from_visitor, Relaxed);
            counts.to_visitors.fetch_add(to_visitor, Relaxed);
        }
    }
}

impl ShardMetrics {
    /// The counts of one mapping; `None` while the shard has served no request.
    pub(super) fn route(&self, route: RouteSlot) -> Option<&RouteCounts> {
        self.routes.get()?.get(route.index())
    }
}
