//! Waiting: it ends as soon as it may, and fails with a message that names what was missing.

use std::time::Duration;

use octoporty_tests::{eventually, eventually_async, within};
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn eventually_ends_when_the_condition_holds() {
    let mut looks = 0;
    let start = Instant::now();
    eventually(Duration::from_secs(60), "three looks", || {
        looks += 1;
        looks == 3
    })
    .await;
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "waiting.rs")]
async fn eventually_names_the_caller() {
    eventually(Duration::from_secs(1), "never", || false).await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "an answer")]
async fn eventually_async_does_not_hang_in_the_condition() {
    eventually_async(Duration::from_secs(1), "an answer", std::future::pending).await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "not within 1s: the end of time")]
async fn within_names_what_is_late() {
    let never = std::future::pending::<()>();
    within(Duration::from_secs(1), "the end of time", never).await;
}
