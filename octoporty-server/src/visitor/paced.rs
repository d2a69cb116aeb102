//! The time limits of a request's body where no guard reads the connection: each stream of HTTP/2 has its own (R15).

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use octoporty_core::{
    http1::{BodyClock, GuardConfig, Timer},
    limits::{BODY_RATE_GRACE, UPGRADE_IDLE_TIMEOUT},
};

/// An error of any body.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Which limits hold for a body: those of a request, until it turns out to be one half of a conversation, such as a stream
/// of gRPC. Then only silence ends it, after as long as on a WebSocket.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace(Arc<AtomicBool>);

impl Pace {
    /// It is a conversation: the answer has begun, or the request says so.
    pub(super) fn relax(&self) {
        self.0.store(true, Relaxed);
    }

    fn limits(&self) -> GuardConfig {
        let limits = GuardConfig::default();
        if self.0.load(Relaxed) {
            limits.body_idle_timeout(UPGRADE_IDLE_TIMEOUT).body_rate(0, BODY_RATE_GRACE)
        } else {
            limits
        }
    }
}

/// A body that fails when its visitor pauses for too long, or sends too little over a long time. The error is a
/// [`BodyError`](octoporty_core::http1::BodyError).
#[derive(Debug)]
pub(super) struct PacedBody<B> {
    body: B,
    /// `None`: somebody else keeps the time.
    clock: Option<(BodyClock, Timer, Pace)>,
}

impl<B> PacedBody<B> {
    /// `pace`: `None` where somebody else keeps this body's time.
    pub(super) fn new(body: B, pace: Option<Pace>) -> Self {
        Self { body, clock: pace.map(|pace| (BodyClock::default(), Timer::default(), pace)) }
    }
}

impl<B> Body for PacedBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.body).poll_frame(context).map_err(Into::into);
        if let Some((clock, timer, pace)) = &mut this.clock {
            match &polled {
                Poll::Pending => {
                    let (deadline, error) = clock.wait(&pace.limits());
                    if timer.poll_passed(context, deadline) {
                        return Poll::Ready(Some(Err(error.into())));
                    }
                }
                Poll::Ready(frame) => {
                    clock.arrived(false);
                    if let Some(Ok(frame)) = frame {
                        clock.count(frame.data_ref().map_or(0, Bytes::len));
                    }
                }
            }
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

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::poll_fn, time::Duration};

    use octoporty_core::{http1::BodyError, limits};
    use tokio::time::{Instant, Interval, interval};

    use super::*;

    /// One byte at each tick.
    struct Trickle(Interval);

    impl Body for Trickle {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.0.poll_tick(context).map(|_now| Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }

    /// How long a body lasts that sends a byte so often, and why it ends; `None` after ten minutes, or four bytes if that
    /// is longer.
    async fn fate(pace: Option<Pace>, every: Duration) -> Option<(Duration, BodyError)> {
        let (begin, long) = (Instant::now(), (4 * every).max(Duration::from_secs(600)));
        let mut body = PacedBody::new(Trickle(interval(every)), pace);
        while begin.elapsed() < long {
            if let Some(Err(error)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
                return Some((begin.elapsed(), *error.downcast().expect("it is the clock's")));
            }
        }
        None
    }

    // R15
    #[tokio::test(start_paused = true)]
    async fn bodies_that_pause_or_trickle_are_cut() {
        let paced = || Some(Pace::default());
        let (after, error) = fate(paced(), Duration::from_secs(200)).await.unwrap();
        assert_eq!((after.as_secs(), error), (limits::BODY_IDLE_TIMEOUT.as_secs(), BodyError::Idle));
        let (after, error) = fate(paced(), Duration::from_secs(1)).await.unwrap();
        assert_eq!((after.as_secs(), error), (BODY_RATE_GRACE.as_secs(), BodyError::TooSlow));
        assert_eq!(fate(paced(), Duration::from_millis(5)).await, None, "200 bytes a second will do");
        assert_eq!(fate(None, Duration::from_secs(30)).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn conversations_end_by_silence_alone() {
        let talking = || {
            let pace = Pace::default();
            pace.relax();
            Some(pace)
        };
        assert_eq!(fate(talking(), Duration::from_secs(1_800)).await, None);
        let (after, error) = fate(talking(), Duration::from_secs(3_601)).await.unwrap();
        assert_eq!((after, error), (UPGRADE_IDLE_TIMEOUT, BodyError::Idle));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_waits_already_becomes_a_conversation() {
        let pace = Pace::default();
        let answered = async {
            tokio::time::sleep(limits::BODY_IDLE_TIMEOUT / 2).await;
            pace.relax();
        };
        let (fate, ()) = tokio::join!(fate(Some(pace.clone()), Duration::from_secs(1_800)), answered);
        assert_eq!(fate, None);
    }
}
