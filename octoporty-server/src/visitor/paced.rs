//! The time limits of a request's body where no guard reads the connection: each stream of HTTP/2 has its own (R15).

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use octoporty_core::http1::{BodyClock, GuardConfig, Timer};

/// An error of any body.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body that fails when its visitor pauses for too long, or sends too little over a long time. The error is a
/// [`BodyError`](octoporty_core::http1::BodyError).
#[derive(Debug)]
pub(super) struct PacedBody<B> {
    body: B,
    /// `None`: somebody else keeps the time.
    clock: Option<(BodyClock, Timer)>,
}

impl<B> PacedBody<B> {
    /// `is_paced`: nobody else keeps this body's time.
    pub(super) fn new(body: B, is_paced: bool) -> Self {
        Self { body, clock: is_paced.then(Default::default) }
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
        if let Some((clock, timer)) = &mut this.clock {
            match &polled {
                Poll::Pending => {
                    let (deadline, error) = clock.wait(&GuardConfig::default());
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

    /// How long a body lasts that sends a byte so often, and why it ends; `None` after ten minutes.
    async fn fate(is_paced: bool, every: Duration) -> Option<(Duration, BodyError)> {
        let begin = Instant::now();
        let mut body = PacedBody::new(Trickle(interval(every)), is_paced);
        while begin.elapsed() < Duration::from_secs(600) {
            if let Some(Err(error)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
                return Some((begin.elapsed(), *error.downcast().expect("it is the clock's")));
            }
        }
        None
    }

    // R15
    #[tokio::test(start_paused = true)]
    async fn bodies_that_pause_or_trickle_are_cut() {
        let (after, error) = fate(true, Duration::from_secs(200)).await.unwrap();
        assert_eq!((after.as_secs(), error), (limits::BODY_IDLE_TIMEOUT.as_secs(), BodyError::Idle));
        let (after, error) = fate(true, Duration::from_secs(1)).await.unwrap();
        assert_eq!((after.as_secs(), error), (limits::BODY_RATE_GRACE.as_secs(), BodyError::TooSlow));
        assert_eq!(fate(true, Duration::from_millis(5)).await, None, "200 bytes a second will do");
        assert_eq!(fate(false, Duration::from_secs(30)).await, None);
    }
}
