//! What is told of each exchange when it is over, for logs and statistics. Nothing here stores or shows anything.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use octoporty_core::{
    frame::{Reset, ResetCode, Side},
    id::{MappingId, RequestId},
    proto::WriteError,
    proxy::{End, Finished, RawRequestHead, RawResponseHead},
};
use tokio::time::Instant;

/// Is told of exchanges.
///
/// It is called on the shard that served the exchange, once, when the exchange is over; several shards may call at once.
/// It must not block: everything else on the shard waits for it. What takes time belongs behind a bounded queue.
pub trait ExchangeObserver: Send + Sync + 'static {
    /// How much is wanted of an exchange that begins now. Default: all of it.
    fn detail(&self) -> Detail {
        Detail::Heads
    }

    /// Takes the record of an exchange.
    fn exchange(&self, record: ExchangeRecord);
}

/// How much an observer wants to be told of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Detail {
    /// Nothing.
    Nothing,
    /// What can be counted: ids, status, bytes, times, what failed.
    Figures,
    /// The heads too, which costs a copy of the request's.
    Heads,
}

/// How a request was forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExchangeKind {
    /// A request and its answer.
    Http,
    /// A request that asked for another protocol, such as a WebSocket.
    Upgrade,
}

/// How long each part of an exchange took; `None` for a part that did not happen or is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Phases {
    /// At the Gateway before the request was sent, as it says.
    pub gateway: Option<Duration>,
    /// Through the tunnel, one way: half of the last round trip.
    pub tunnel: Option<Duration>,
    /// Opening a connection to the upstream; none when one was open already.
    pub connect: Option<Duration>,
    /// From the request until the head of the answer.
    pub wait: Option<Duration>,
    /// From there to the end of the answer.
    pub answer: Option<Duration>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExchangeFailure {
    /// Whose doing it was.
    pub side: Side,
    /// What it was, as the Gateway was told.
    pub code: ResetCode,
    /// A sentence for whoever runs the Agent. It may name internal addresses.
    pub message: String,
}

/// One exchange that is over.
#[derive(Debug)]
#[non_exhaustive]
pub struct ExchangeRecord {
    /// What kind it was.
    pub kind: ExchangeKind,
    /// The request's identifier, in the logs of both sides.
    pub id: RequestId,
    /// The mapping that it was for, whether this Agent has it or not.
    pub mapping: MappingId,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Bytes of the request's body, or from the visitor on an upgraded connection.
    pub request_bytes: u64,
    /// Bytes of the answer's body, or towards the visitor.
    pub response_bytes: u64,
    /// How long each part took.
    pub phases: Phases,
    /// From when the request was here until the end.
    pub duration: Duration,
    /// What went wrong, if something did.
    pub failure: Option<ExchangeFailure>,
    head: Option<Bytes>,
    answer: Option<Bytes>,
}

impl ExchangeRecord {
    /// The head of the request, as it came through the tunnel; none unless [`Detail::Heads`] was wanted.
    #[must_use]
    pub fn request(&self) -> Option<RawRequestHead<'_>> {
        RawRequestHead::read(self.head.as_deref()?).ok()
    }

    /// The head of the answer, as it went into the tunnel, if there was one and [`Detail::Heads`] was wanted.
    #[must_use]
    pub fn answer(&self) -> Option<RawResponseHead<'_>> {
        RawResponseHead::read(self.answer.as_deref()?).ok()
    }
}

/// Follows an exchange on its way, for its record.
pub(crate) struct Watch {
    observer: Arc<dyn ExchangeObserver>,
    kind: ExchangeKind,
    id: RequestId,
    mapping: MappingId,
    started: Instant,
    head: Option<Bytes>,
    answer: Option<Bytes>,
    request_bytes: u64,
    phases: Phases,
}

impl Watch {
    /// Follows a request, if anybody wants to know of it. `head` is what `encoded` says.
    ///
    /// The head is copied: a slice would keep its whole message alive.
    pub(crate) fn begin(
        observer: &Arc<dyn ExchangeObserver>,
        kind: ExchangeKind,
        encoded: &[u8],
        head: &RawRequestHead<'_>,
        round_trip: Option<Duration>,
    ) -> Option<Self> {
        let detail = observer.detail();
        if detail == Detail::Nothing {
            return None;
        }
        let RawRequestHead { mapping, request: id, waited, .. } = *head;
        let tunnel = round_trip.map(|round_trip| round_trip / 2);
        Some(Self {
            observer: Arc::clone(observer),
            kind,
            id,
            mapping,
            started: Instant::now(),
            head: (detail == Detail::Heads).then(|| Bytes::copy_from_slice(encoded)),
            answer: None,
            request_bytes: 0,
            phases: Phases { gateway: Some(waited), tunnel, ..Phases::default() },
        })
    }

    /// The head of the answer is here; opening a connection took `connect` of the time.
    pub(crate) fn answered(&mut self, head: Bytes, connect: Option<Duration>, at: Instant) {
        self.phases.connect = connect;
        self.phases.wait = Some((at - self.started).saturating_sub(connect.unwrap_or_default()));
        if self.head.is_some() {
            self.answer = Some(head);
        }
    }

    /// Bytes of the request's body went to the upstream.
    pub(crate) const fn sent(&mut self, bytes: u64) {
        self.request_bytes = bytes;
    }

    /// It is over.
    pub(crate) fn finish(mut self, finished: &Finished) {
        let duration = self.started.elapsed();
        if finished.status.is_some() {
            let before = self.phases.connect.unwrap_or_default() + self.phases.wait.unwrap_or_default();
            self.phases.answer = Some(duration.saturating_sub(before));
        }
        let record = ExchangeRecord {
            kind: self.kind,
            id: self.id,
            mapping: self.mapping,
            status: finished.status.map(|status| status.as_u16()),
            request_bytes: self.request_bytes + finished.bytes_in,
            response_bytes: finished.bytes_out,
            phases: self.phases,
            duration,
            failure: failure(&finished.end),
            head: self.head,
            answer: self.answer,
        };
        self.observer.exchange(record);
    }
}

fn failure(end: &End) -> Option<ExchangeFailure> {
    let (side, code, message) = match end {
        End::Abandoned(WriteError::Reset(reset)) if reset.code == ResetCode::Cancelled => {
            (reset.side, reset.code, "the visitor left before the end".to_owned())
        }
        End::Failed(reset) | End::Abandoned(WriteError::Reset(reset)) => (reset.side, reset.code, in_words(reset)),
        End::Abandoned(WriteError::Lost(error)) => (Side::Tunnel, ResetCode::Internal, error.to_string()),
        End::Abandoned(error) => (Side::Visitor, ResetCode::Cancelled, error.to_string()),
        _ => return None,
    };
    Some(ExchangeFailure { side, code, message })
}

/// What a reset says, or what it means where it says nothing: the other end of a WebSocket may be gone without a word.
fn in_words(reset: &Reset) -> String {
    let silent = match reset.side {
        Side::Visitor => "the visitor left before the end",
        Side::Tunnel => "the tunnel was lost",
        Side::Upstream => "the connection to the service was lost",
        _ => "it was cut short",
    };
    if reset.detail.is_empty() { silent.to_owned() } else { reset.detail.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_a_sentence() {
        for side in [Side::Visitor, Side::Tunnel, Side::Upstream, Side::Internal] {
            let silent = failure(&End::Failed(Reset::new(ResetCode::Cancelled, side))).unwrap();
            assert!(silent.side == side && !silent.message.is_empty(), "{silent:?}");
            let said = Reset::with_detail(ResetCode::Cancelled, side, "no route to host");
            assert_eq!(failure(&End::Failed(said)).unwrap().message, "no route to host");
        }
    }
}
