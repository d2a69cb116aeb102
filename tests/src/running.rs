//! Tasks that live as long as the noun they belong to.

use std::future::Future;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Spawns tasks; dropping it ends them at their next await.
#[derive(Debug, Default)]
pub(crate) struct Running {
    tasks: Tasks,
}

/// A handle with which the tasks of a [`Running`] spawn further ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Running {
    /// The handle to spawn with.
    pub(crate) fn tasks(&self) -> &Tasks {
        &self.tasks
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.stop.cancel();
    }
}

impl Tasks {
    /// Runs `work` until it ends or the owner is dropped.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            stop.run_until_cancelled(work).await;
        });
    }
}

/// Lets hyper spawn its stream tasks here.
impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, future: F) {
        self.spawn(async move {
            future.await;
        });
    }
}
