//! The runtime of all that is not the data path: logs, database, dashboard, control calls.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// Worker threads: one can be busy while the other answers.
const WORKERS: usize = 2;

/// Niceness of these threads. Where the processor is busy, whoever waits for a request goes first; at five steps they
/// still get a quarter of it.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// A runtime whose threads, those for blocking calls among them, give way to the data path's.
///
/// The thread that blocks on it keeps its priority, and so do threads that it starts, such as [`Shards`](crate::Shards).
///
/// # Errors
///
/// When the system gives no more threads or file descriptors.
pub fn background_runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(WORKERS).enable_all().on_thread_start(give_way).build()
}

#[cfg(target_os = "linux")]
fn give_way() {
    // Of this thread alone: Linux has niceness for each. Where it is forbidden, all are equal, as before.
    let _outcome = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS);
}

/// Elsewhere niceness is that of a whole process.
#[cfg(not(target_os = "linux"))]
const fn give_way() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::{process::getpriority_process, thread::gettid};
    use tokio::runtime::Handle;

    use super::*;

    #[test]
    fn its_threads_give_way_and_others_do_not() {
        let niceness = || getpriority_process(Some(gettid())).unwrap();
        let before = niceness();
        let runtime = background_runtime().unwrap();
        let (worker, blocking) = runtime.block_on(async {
            let worker = Handle::current().spawn(async move { niceness() });
            (worker.await.unwrap(), tokio::task::spawn_blocking(niceness).await.unwrap())
        });
        assert_eq!((worker, blocking), (NICENESS, NICENESS));
        assert_eq!(niceness(), before);
        assert_eq!(std::thread::spawn(niceness).join().unwrap(), before);
    }
}
