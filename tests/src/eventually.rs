//! Waiting with a deadline. The one place in the tests that waits by time; prefer awaiting an event.

use std::{future::Future, panic::Location, time::Duration};

use tokio::time::{Instant, sleep, timeout};

/// Time between two looks at a condition: short against every deadline, long against a scheduler's turn.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// Waits until `condition` holds, looking at it again and again.
///
/// # Panics
/// When it does not hold within `deadline`; the message names `what` and the caller.
#[track_caller]
pub fn eventually(deadline: Duration, what: &str, mut condition: impl FnMut() -> bool) -> impl Future<Output = ()> {
    eventually_async(deadline, what, move || std::future::ready(condition()))
}

/// Waits until the future of `condition` gives true, asking again and again. A single answer that takes longer
/// than what is left of `deadline` counts as false.
///
/// # Panics
/// When it does not hold within `deadline`; the message names `what` and the caller.
#[track_caller]
pub fn eventually_async<F: Future<Output = bool>>(
    deadline: Duration,
    what: &str,
    mut condition: impl FnMut() -> F,
) -> impl Future<Output = ()> {
    let caller = Location::caller();
    async move {
        let start = Instant::now();
        let mut looks = 0_u32;
        loop {
            let left = deadline.saturating_sub(start.elapsed());
            looks += 1;
            if timeout(left, condition()).await == Ok(true) {
                return;
            }
            assert!(start.elapsed() < deadline, "{caller}: not within {deadline:?} ({looks} looks): {what}");
            sleep(LOOK_INTERVAL).await;
        }
    }
}

/// Awaits `future`.
///
/// # Panics
/// When it takes longer than `deadline`; the message names `what` and the caller.
#[track_caller]
pub fn within<F: Future>(deadline: Duration, what: &str, future: F) -> impl Future<Output = F::Output> {
    let caller = Location::caller();
    async move { timeout(deadline, future).await.unwrap_or_else(|_| late(caller, deadline, what)) }
}

#[expect(clippy::panic, reason = "a test ends here, with the place that waited")]
fn late(caller: &Location<'_>, deadline: Duration, what: &str) -> ! {
    panic!("{caller}: not within {deadline:?}: {what}")
}
