//! What a guard tells the service above hyper, and what the service tells the guard.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

use super::{
    error::{BodyError, HeadError},
    facts::RequestFacts,
};

/// What the guard found in the head of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The head is good. hyper saw it as it came.
    Accepted(RequestFacts),
    /// The head is refused. hyper saw a placeholder in its place; answer with
    /// [`HeadError::status`] and nothing of the request, and contact no upstream.
    Refused(HeadError),
}

/// The verdicts of one connection, in the order of its requests.
///
/// It holds at most one: the guard lets no further head pass until the service has taken it, which bounds what
/// a visitor can make the gateway hold by pipelining. A clone refers to the same connection.
#[derive(Clone, Debug, Default)]
pub struct VerdictQueue {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    verdict: Option<Verdict>,
    in_service: usize,
    hold: Hold,
    body_error: Option<BodyError>,
    reader: Option<Waker>,
}

/// Where the reader stands behind the head of an upgrade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Hold {
    /// There is no upgrade.
    #[default]
    None,
    /// The service has not decided.
    Waiting,
    /// The upstream said 101.
    Upgraded,
    /// The upstream said anything else.
    Refused,
}

impl VerdictQueue {
    /// The queue of a new connection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the verdict on the request that hyper has just handed over. Call it once for each request, first.
    ///
    /// Keep the [`InService`] until the answer's body has ended, best inside that body: while it lives, the
    /// connection is not idle. `None` means that hyper's request was not one of the guard's, which does not
    /// happen on a guarded connection; answer 400.
    #[must_use]
    pub fn take(&self) -> Option<(Verdict, InService)> {
        let (verdict, reader) = {
            let mut shared = self.lock();
            let verdict = shared.verdict.take()?;
            shared.in_service += 1;
            (verdict, shared.reader.take())
        };
        wake(reader);
        let upgrade = matches!(verdict, Verdict::Accepted(facts) if facts.upgrade);
        Some((verdict, InService { queue: self.clone(), upgrade }))
    }

    /// Why the body of the request in service was cut off, if it was. hyper's body gives a less clear error; a
    /// service that has not answered yet can say [`BodyError::status`].
    #[must_use]
    pub fn body_error(&self) -> Option<BodyError> {
        self.lock().body_error
    }

    /// The upstream accepted the upgrade: from here on bytes pass unchecked. Call it before the 101 is handed
    /// to hyper. Does nothing if the request was no upgrade.
    pub fn upgraded(&self) {
        self.decide(Hold::Upgraded);
    }

    /// The upstream refused the upgrade. What the visitor sent behind the head is read as its next request, and
    /// checked as one. Dropping the [`InService`] without a decision does this too.
    pub fn upgrade_refused(&self) {
        self.decide(Hold::Refused);
    }

    fn decide(&self, decision: Hold) {
        let reader = {
            let mut shared = self.lock();
            if shared.hold != Hold::Waiting {
                return;
            }
            shared.hold = decision;
            shared.reader.take()
        };
        wake(reader);
    }

    /// Adds a verdict. The guard makes sure by [`poll_room`](Self::poll_room) that there is room.
    pub(super) fn put(&self, verdict: Verdict) {
        let mut shared = self.lock();
        debug_assert!(shared.verdict.is_none(), "a head passed before the verdict on the last was taken");
        if matches!(verdict, Verdict::Accepted(facts) if facts.upgrade) {
            shared.hold = Hold::Waiting;
        }
        shared.verdict = Some(verdict);
    }

    /// Whether another verdict has room; if not, the reader is woken when it has.
    pub(super) fn poll_room(&self, cx: &mut Context<'_>) -> bool {
        let mut shared = self.lock();
        if shared.verdict.is_some() {
            shared.reader = Some(cx.waker().clone());
            return false;
        }
        true
    }

    /// The decision on an upgrade; while it is open, the reader is woken when it falls.
    pub(super) fn poll_hold(&self, cx: &mut Context<'_>) -> Hold {
        let mut shared = self.lock();
        if shared.hold == Hold::Waiting {
            shared.reader = Some(cx.waker().clone());
            return Hold::Waiting;
        }
        std::mem::take(&mut shared.hold)
    }

    /// Whether a request waits for the service or is being answered.
    pub(super) fn is_busy(&self) -> bool {
        let shared = self.lock();
        shared.in_service > 0 || shared.verdict.is_some()
    }

    pub(super) fn set_body_error(&self, error: BodyError) {
        self.lock().body_error = Some(error);
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // Each change is complete when the lock is let go, so a panic elsewhere leaves nothing half done.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes outside the lock: a waker may run code that takes it again.
fn wake(reader: Option<Waker>) {
    if let Some(reader) = reader {
        reader.wake();
    }
}

/// A request that is being answered. Drop it when the answer has ended.
///
/// While it lives the guard closes the connection neither for being idle nor for half a head behind the
/// request. Dropping it also refuses an upgrade that was not decided.
#[derive(Debug)]
#[must_use = "dropping it says that the answer has ended"]
pub struct InService {
    queue: VerdictQueue,
    /// The request is an upgrade: a decision is about this one, not about one behind it.
    upgrade: bool,
}

impl Drop for InService {
    fn drop(&mut self) {
        self.queue.lock().in_service -= 1;
        if self.upgrade {
            self.queue.upgrade_refused();
        }
    }
}
