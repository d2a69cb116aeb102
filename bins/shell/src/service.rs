//! What a program tells systemd: that it is ready, that it stops, and that it is well. Without systemd nothing happens.

use std::{convert::Infallible, future::pending, time::Duration};

use sd_notify::NotifyState;
use tokio::{
    runtime::Handle,
    time::{interval, timeout},
};

/// Says that the program can be used now.
pub fn notify_ready() {
    notify(&[NotifyState::Ready]);
}

/// Says that the program ends, in good order.
pub fn notify_stopping() {
    notify(&[NotifyState::Stopping]);
}

/// Says again and again that the program is well, if systemd asks for that: this runtime runs, and each of `threads` runs
/// a task in time. One that hangs ends the program's good words, and systemd restarts it.
///
/// # Cancel safety
///
/// Dropping it ends the words.
pub async fn watch(threads: &[Handle]) -> Infallible {
    let Some(period) = sd_notify::watchdog_enabled().filter(|period| !period.is_zero()) else {
        return pending().await;
    };
    // Twice in the time that systemd waits, so that one that is late does no harm.
    let mut due = interval(period / 2);
    loop {
        due.tick().await;
        if all_answer(threads, period / 4).await {
            notify(&[NotifyState::Watchdog]);
        } else {
            tracing::error!("a thread of the data path does not answer");
        }
    }
}

async fn all_answer(threads: &[Handle], patience: Duration) -> bool {
    let questions: Vec<_> = threads.iter().map(|thread| thread.spawn(async {})).collect();
    let answers = async {
        for question in questions {
            if question.await.is_err() {
                return false;
            }
        }
        true
    };
    timeout(patience, answers).await.unwrap_or(false)
}

/// A word that systemd does not hear is no reason to stop.
fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd was not told");
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroUsize, sync::mpsc};

    use super::*;
    use crate::Shards;

    #[tokio::test]
    async fn a_thread_that_hangs_is_noticed() {
        let shards = Shards::start(NonZeroUsize::new(2).unwrap(), "shard").unwrap();
        assert!(all_answer(shards.handles(), Duration::from_secs(10)).await);
        let (release, held) = mpsc::sync_channel::<Infallible>(0);
        let (tell, told) = mpsc::sync_channel(1);
        shards.handles()[1].spawn(async move {
            tell.send(()).unwrap();
            let _released = held.recv();
        });
        told.recv_timeout(Duration::from_secs(10)).unwrap();
        assert!(!all_answer(shards.handles(), Duration::from_millis(50)).await);
        drop(release);
        assert!(all_answer(shards.handles(), Duration::from_secs(10)).await);
    }
}
