//! What the two halves of one exchange know of each other: the body of the request, and whoever waits for the
//! answer. Also the waiting of `Expect: 100-continue`.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::task::AtomicWaker;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use tokio::time::Sleep;

use super::error::BoxError;

/// How long a body waits for a `100 Continue` that never comes: not all upstreams send one, and a sender may not
/// wait for ever (RFC 9110 §10.1.1). As long as common clients wait; longer only delays uploads to such upstreams.
pub(super) const CONTINUE_TIMEOUT: Duration = Duration::from_secs(1);

/// The body may be sent.
const OPEN: u8 = 0;
/// The body waits for a 100.
const HELD: u8 = 1;
/// Nobody wants the rest of the body.
const ABANDONED: u8 = 2;

/// State shared by a request's body, which hyper owns, and the side that waits for the answer.
///
/// Only requests that have a body have one.
#[derive(Debug)]
pub(super) struct Exchange {
    gate: AtomicU8,
    /// hyper is done with the body: sent to its end, or given up.
    is_finished: AtomicBool,
    /// The body moved since this was last looked at.
    has_moved: AtomicBool,
    /// The body has nothing to give at the moment.
    is_starved: AtomicBool,
    /// The body itself gave an error.
    has_failed: AtomicBool,
    waker: AtomicWaker,
}

impl Exchange {
    fn new(gate: u8) -> Self {
        Self {
            gate: AtomicU8::new(gate),
            is_finished: AtomicBool::new(false),
            has_moved: AtomicBool::new(false),
            is_starved: AtomicBool::new(false),
            has_failed: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        }
    }

    /// Lets the body go, after a 100.
    pub(super) fn release(&self) {
        if self.gate.compare_exchange(HELD, OPEN, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            self.waker.wake();
        }
    }

    /// Ends the body where it stands.
    pub(super) fn abandon(&self) {
        self.gate.store(ABANDONED, Ordering::Release);
        self.waker.wake();
    }

    /// Whether the whole body was handed over, so that its connection may serve again.
    pub(super) fn is_finished(&self) -> bool {
        self.is_finished.load(Ordering::Acquire)
    }

    /// Whether the exchange broke because the body did.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }

    /// Whether a head timeout should start again: the body moved, or it is the body that is waited for.
    pub(super) fn excuses_silence(&self) -> bool {
        let has_moved = self.has_moved.swap(false, Ordering::AcqRel);
        has_moved || (!self.is_finished() && self.is_starved.load(Ordering::Acquire))
    }
}

/// The body of a request on its way to hyper.
pub(super) struct RequestBody {
    /// `None`: no body, or all of it is gone.
    body: Option<UnsyncBoxBody<Bytes, BoxError>>,
    exchange: Option<Arc<Exchange>>,
    continue_timeout: Option<Pin<Box<Sleep>>>,
}

impl RequestBody {
    /// Wraps a body. One that is empty costs nothing and has no exchange.
    pub(super) fn new<B>(body: B, expects_continue: bool) -> (Self, Option<Arc<Exchange>>)
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if body.is_end_stream() {
            return (Self { body: None, exchange: None, continue_timeout: None }, None);
        }
        let exchange = Arc::new(Exchange::new(if expects_continue { HELD } else { OPEN }));
        let body = body.map_err(Into::into).boxed_unsync();
        let this = Self { body: Some(body), exchange: Some(Arc::clone(&exchange)), continue_timeout: None };
        (this, Some(exchange))
    }

    /// Whether the body may be polled. The waker was registered before, so no change is missed.
    fn poll_gate(
        exchange: &Exchange,
        timeout: &mut Option<Pin<Box<Sleep>>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Abandoned>> {
        match exchange.gate.load(Ordering::Acquire) {
            HELD => {
                let sleep = timeout.get_or_insert_with(|| Box::pin(tokio::time::sleep(CONTINUE_TIMEOUT)));
                if sleep.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                exchange.release();
                Poll::Ready(Ok(()))
            }
            ABANDONED => Poll::Ready(Err(Abandoned)),
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let (Some(body), Some(exchange)) = (&mut this.body, &this.exchange) else {
            return Poll::Ready(None);
        };
        exchange.waker.register(cx.waker());
        match Self::poll_gate(exchange, &mut this.continue_timeout, cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(abandoned)) => {
                this.body = None;
                return Poll::Ready(Some(Err(abandoned.into())));
            }
            Poll::Ready(Ok(())) => {}
        }
        let polled = Pin::new(body).poll_frame(cx);
        exchange.is_starved.store(polled.is_pending(), Ordering::Release);
        if polled.is_ready() {
            exchange.has_moved.store(true, Ordering::Release);
        }
        match &polled {
            Poll::Ready(None) => this.body = None,
            Poll::Ready(Some(Err(_))) => exchange.has_failed.store(true, Ordering::Release),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if let Some(exchange) = &self.exchange {
            exchange.is_finished.store(true, Ordering::Release);
        }
    }
}

/// The answer is complete, or nobody waits for it any more.
#[derive(Debug, thiserror::Error)]
#[error("nobody waits for the rest of the body")]
pub(super) struct Abandoned;
