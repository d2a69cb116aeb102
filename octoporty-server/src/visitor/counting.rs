//! Counting an exchange from its begin to its end, however it ends: dropping the count is the end.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use octoporty_core::{frame::Side, id::MappingId, proxy::ExchangeError};
use tokio::time::Instant;

use crate::{
    gateway::Inner,
    metrics::{Ended, Failure, RouteSlot, ShardMetrics},
    observe::VisitRecord,
    registry::{ExchangePlace, RouteEntry},
};

/// One exchange that goes through hyper, which ends when the body of its answer is dropped.
#[derive(Debug)]
pub(crate) struct Counting {
    gateway: Arc<Inner>,
    shard: usize,
    route: RouteSlot,
    mapping: MappingId,
    since: Instant,
    from_visitor: Arc<AtomicU64>,
    ended: Ended,
    /// Its place among those of its mapping.
    place: Option<ExchangePlace>,
}

impl Counting {
    pub(super) fn begin(gateway: &Arc<Inner>, shard: usize, route: &RouteEntry) -> Self {
        gateway.metrics.shard(shard).request_began();
        Self {
            gateway: Arc::clone(gateway),
            shard,
            route: route.slot,
            mapping: route.mapping,
            since: Instant::now(),
            from_visitor: Arc::default(),
            ended: Ended::default(),
            place: route.open.enter(gateway.exchanges_per_mapping_max),
        }
    }

    /// Whether its mapping had a place for it (R20).
    pub(super) const fn is_admitted(&self) -> bool {
        self.place.is_some()
    }

    /// The place, for what goes on when this count has ended.
    pub(super) const fn take_place(&mut self) -> Option<ExchangePlace> {
        self.place.take()
    }

    /// Counts the bytes of a request's body.
    pub(super) fn body<B>(&self, body: B) -> CountedBody<B> {
        CountedBody { body, bytes: Arc::clone(&self.from_visitor) }
    }

    pub(super) const fn answered(&mut self, status: u16, failure: Option<Failure>) {
        self.ended.status = status;
        self.ended.failure = failure;
    }

    pub(super) const fn failed(&mut self, failure: Failure) {
        self.ended.failure = Some(failure);
    }

    pub(super) fn sent(&mut self, bytes: usize) {
        self.ended.bytes_to_visitor += u64::try_from(bytes).unwrap_or(u64::MAX);
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        let Self { gateway, shard, route, mapping, since, from_visitor, ended, place: _ } = self;
        ended.elapsed = since.elapsed();
        ended.bytes_from_visitor = from_visitor.load(Relaxed);
        gateway.metrics.shard(*shard).request_ended(*route, ended);
        tell(gateway, *mapping, ended);
    }
}

/// One plain exchange, which ends before its connection goes on.
#[derive(Debug)]
pub(super) struct PlainCounting<'a> {
    gateway: &'a Inner,
    shard: &'a ShardMetrics,
    route: RouteSlot,
    mapping: MappingId,
    since: Instant,
    pub(super) ended: Ended,
    place: Option<ExchangePlace>,
}

impl<'a> PlainCounting<'a> {
    pub(super) fn begin(gateway: &'a Inner, shard: usize, route: &RouteEntry, since: Instant) -> Self {
        let shard = gateway.metrics.shard(shard);
        shard.request_began();
        let place = route.open.enter(gateway.exchanges_per_mapping_max);
        Self { gateway, shard, route: route.slot, mapping: route.mapping, since, ended: Ended::default(), place }
    }

    /// Whether its mapping had a place for it (R20).
    pub(super) const fn is_admitted(&self) -> bool {
        self.place.is_some()
    }
}

impl Drop for PlainCounting<'_> {
    fn drop(&mut self) {
        self.ended.elapsed = self.since.elapsed();
        self.shard.request_ended(self.route, &self.ended);
        tell(self.gateway, self.mapping, &self.ended);
    }
}

/// Tells the observer, if there is one.
fn tell(gateway: &Inner, mapping: MappingId, ended: &Ended) {
    if let Some(observer) = &gateway.observer {
        observer.visit(&VisitRecord {
            mapping,
            status: ended.status,
            bytes_to_visitor: ended.bytes_to_visitor,
            bytes_from_visitor: ended.bytes_from_visitor,
            duration: ended.elapsed,
            failure: ended.failure,
        });
    }
}

/// Whose doing it was that there is no answer.
pub(super) const fn failure_of(error: &ExchangeError) -> Failure {
    match error.side() {
        Side::Visitor => Failure::Visitor,
        Side::Tunnel => Failure::Tunnel,
        Side::Upstream => Failure::Upstream,
        _ => Failure::Internal,
    }
}

/// A body whose bytes are counted as they pass.
#[derive(Debug)]
pub(super) struct CountedBody<B> {
    body: B,
    bytes: Arc<AtomicU64>,
}

impl<B: Body<Data = Bytes> + Unpin> Body for CountedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.bytes.fetch_add(u64::try_from(data.len()).unwrap_or(u64::MAX), Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
