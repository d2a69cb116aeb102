//! A runtime on a thread of its own: what runs there ends at once when it is dropped, as a killed program would.

use std::{io, sync::mpsc, thread};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

/// One single-threaded runtime. Dropping it ends its tasks wherever they are and closes their sockets; that is how
/// tests kill a Gateway or an Agent.
#[derive(Debug)]
pub struct TestRuntime {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl TestRuntime {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(name: &str) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, started) = mpsc::sync_channel(1);
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            let runtime = match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => {
                    ready.send(Err(error)).ok();
                    return;
                }
            };
            ready.send(Ok(runtime.handle().clone())).ok();
            runtime.block_on(async {
                stopped.await.ok();
            });
            // Work that blocks is left behind: a killed program would not wait for it either.
            runtime.shutdown_background();
        })?;
        let handle = started.recv().map_err(|_gone| io::Error::other("the thread ended"))??;
        Ok(Self { handle, stop: Some(stop), thread: Some(thread) })
    }

    /// To spawn on it.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for TestRuntime {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // Sockets are closed when this returns. A panic there has been printed.
            thread.join().ok();
        }
    }
}
