//! The data path's threads, each with a `current_thread` runtime. What runs on them is the programs' business.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::mpsc;
use std::time::Duration;
use std::{io, thread};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Most shards: more than any machine gains from, few enough to be harmless when mistyped.
pub const SHARDS_MAX: usize = 64;

/// Most shards that are chosen without being asked for. A prototype gained nothing beyond them.
const AUTOMATIC_MAX: usize = 4;

/// Threads that each run one tokio `current_thread` runtime.
///
/// Spawn on them through [`handles`](Self::handles). Dropping this stops them without waiting; what then still runs
/// on them is dropped at its next await.
#[derive(Debug)]
pub struct Shards {
    handles: Vec<Handle>,
    // Dropping these is what tells the threads to end.
    stop: Vec<oneshot::Sender<Infallible>>,
    // Each thread holds a sender until its end, so this disconnects when all have ended.
    ended: mpsc::Receiver<Infallible>,
}

impl Shards {
    /// Starts `count` threads, at least one, named `NAME-0`, `NAME-1`, ….
    ///
    /// # Errors
    ///
    /// When the system gives no more threads or file descriptors. Those already started end.
    pub fn start(count: NonZeroUsize, name: &str) -> io::Result<Self> {
        let (alive, ended) = mpsc::sync_channel(0);
        let mut shards = Self { handles: Vec::new(), stop: Vec::new(), ended };
        for number in 0..count.get() {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            shards.handles.push(runtime.handle().clone());
            let (stop, stopped) = oneshot::channel::<Infallible>();
            shards.stop.push(stop);
            let alive = alive.clone();
            thread::Builder::new().name(format!("{name}-{number}")).spawn(move || {
                // Only the drop of the other end is awaited, so the result says nothing.
                let _dropped = runtime.block_on(stopped);
                runtime.shutdown_background();
                drop(alive);
            })?;
        }
        Ok(shards)
    }

    /// One handle a shard, in order.
    #[must_use]
    pub fn handles(&self) -> &[Handle] {
        &self.handles
    }

    /// How many shards suit this machine: one on two cores or fewer, else half the cores, four at most.
    #[must_use]
    pub fn automatic_count() -> NonZeroUsize {
        Self::count_for(thread::available_parallelism().map_or(1, NonZeroUsize::get))
    }

    fn count_for(cores: usize) -> NonZeroUsize {
        let count = if cores <= 2 { 1 } else { (cores / 2).min(AUTOMATIC_MAX) };
        NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN)
    }

    /// Stops the shards and waits up to `timeout` for them to end. Tasks that still run are dropped at their next
    /// await, so let them finish first. Blocks the calling thread.
    ///
    /// Gives whether all ended in time.
    pub fn shutdown(self, timeout: Duration) -> bool {
        drop(self.stop);
        matches!(self.ended.recv_timeout(timeout), Err(mpsc::RecvTimeoutError::Disconnected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    fn three() -> Shards {
        Shards::start(NonZeroUsize::new(3).unwrap(), "shard").unwrap()
    }

    #[test]
    fn each_handle_is_its_own_named_thread() {
        let shards = three();
        let names: Vec<_> = shards
            .handles()
            .iter()
            .map(|handle| {
                let (tell, told) = mpsc::sync_channel(1);
                handle.spawn(async move { tell.send(thread::current().name().map(str::to_owned)) });
                told.recv_timeout(LONG).unwrap().unwrap()
            })
            .collect();
        assert_eq!(names, ["shard-0", "shard-1", "shard-2"]);
        assert!(shards.shutdown(LONG));
    }

    #[test]
    fn shutdown_drops_what_still_runs() {
        let shards = three();
        let (held, dropped) = mpsc::sync_channel::<Infallible>(0);
        shards.handles()[1].spawn(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        assert!(shards.shutdown(LONG));
        assert_eq!(dropped.recv_timeout(LONG), Err(mpsc::RecvTimeoutError::Disconnected));
    }

    #[test]
    fn shutdown_gives_up_on_a_blocked_shard() {
        let shards = three();
        let (release, blocked) = mpsc::sync_channel::<Infallible>(0);
        let (tell, told) = mpsc::sync_channel(1);
        shards.handles()[0].spawn(async move {
            tell.send(()).unwrap();
            let _ended = blocked.recv();
        });
        told.recv_timeout(LONG).unwrap();
        assert!(!shards.shutdown(Duration::from_millis(10)));
        drop(release);
    }

    #[test]
    fn a_panic_costs_one_task() {
        // R62
        let shards = three();
        let handle = &shards.handles()[0];
        let (tell, told) = mpsc::sync_channel(1);
        handle.spawn(async { panic!("one task") });
        handle.spawn(async move { tell.send(()) });
        assert_eq!(told.recv_timeout(LONG), Ok(()));
        assert!(shards.shutdown(LONG));
    }

    #[test]
    fn automatic_count_leaves_room() {
        for (cores, shards) in [(1, 1), (2, 1), (3, 1), (4, 2), (6, 3), (8, 4), (64, 4)] {
            assert_eq!(Shards::count_for(cores).get(), shards, "{cores} cores");
        }
    }
}
