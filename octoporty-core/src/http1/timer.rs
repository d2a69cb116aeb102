//! One timer for all deadlines of a connection, and the clock of a request body.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

use super::{config::GuardConfig, error::BodyError};

/// A timer that is made when it is first needed and then kept.
///
/// A deadline that only moves away costs nothing: the timer goes off at the old one, sees that it is too early,
/// and is set again. So a busy connection does not touch the timer wheel with every request.
#[derive(Debug, Default)]
pub struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// Whether the deadline has passed; if not, the task is woken no later than then.
    pub fn poll_passed(&mut self, cx: &mut Context<'_>, deadline: Instant) -> bool {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        loop {
            match sleep.as_mut().poll(cx) {
                Poll::Pending => return false,
                Poll::Ready(()) if sleep.deadline() == deadline => return true,
                Poll::Ready(()) => sleep.as_mut().reset(deadline),
            }
        }
    }
}

/// How long a body has let its reader wait (R15).
///
/// Only the time counts in which the reader wants bytes and the visitor sends none. A slow upstream is not the
/// visitor's fault.
#[derive(Debug, Default)]
pub struct BodyClock {
    bytes: u64,
    waited: Duration,
    waiting_since: Option<Instant>,
}

impl BodyClock {
    /// So many bytes of the body came.
    pub fn count(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// Bytes came. If they filled the reader's buffer, the visitor was ahead of the reader, and what looked
    /// like waiting was the reader's own delay.
    pub fn arrived(&mut self, filled: bool) {
        if let Some(since) = self.waiting_since.take()
            && !filled
        {
            self.waited += since.elapsed();
        }
    }

    /// Nothing is there. Gives the time at which it is too late, and what to say then.
    pub fn wait(&mut self, config: &GuardConfig) -> (Instant, BodyError) {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let idle = config.body_idle_timeout;
        let Some(earned_secs) = self.bytes.checked_div(config.body_rate_bytes_min) else {
            return (since + idle, BodyError::Idle);
        };
        let allowed = config.body_rate_grace.max(Duration::from_secs(earned_secs)).saturating_sub(self.waited);
        if allowed < idle { (since + allowed, BodyError::TooSlow) } else { (since + idle, BodyError::Idle) }
    }
}
