//! Idle plain connections, by target, last used first. Nobody reads from them, so a sweep looks for those that ended.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{net::TcpStream, time::Instant};

use crate::upstream::{
    connection::{IDLE_TIMEOUT, Spawner},
    pool::IDLE_PER_TARGET_MAX,
    target::UpstreamTarget,
};

/// How often idle connections are looked through: closed ones hold a descriptor for so long at most.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);

/// The pool; its lock is held for a few moves, or for one sweep.
#[derive(Debug, Default)]
pub(in crate::upstream) struct PlainPool {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    targets: HashMap<Arc<UpstreamTarget>, Vec<Idle>>,
    /// A task sweeps; it ends when there is nothing left to look through.
    sweeping: bool,
}

#[derive(Debug)]
struct Idle {
    tcp: TcpStream,
    since: Instant,
}

impl Idle {
    /// Nothing has come from it: neither its end nor bytes that nobody asked for.
    fn is_quiet(&self) -> bool {
        let mut byte = [0];
        matches!(self.tcp.try_read(&mut byte), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    }
}

impl PlainPool {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was used last and is still open.
    pub(super) fn take(&self, target: &Arc<UpstreamTarget>) -> Option<TcpStream> {
        let mut inner = self.lock();
        let idle = inner.targets.get_mut(target)?;
        while let Some(last) = idle.pop() {
            if last.is_quiet() {
                return Some(last.tcp);
            }
        }
        None
    }

    /// Keeps a connection whose exchange is over.
    pub(super) fn put(self: &Arc<Self>, target: &Arc<UpstreamTarget>, tcp: TcpStream, spawner: &Spawner) {
        if spawner.shutdown.is_cancelled() {
            return;
        }
        let idle = Idle { tcp, since: Instant::now() };
        let mut inner = self.lock();
        match inner.targets.get_mut(target) {
            Some(row) if row.len() >= IDLE_PER_TARGET_MAX => {}
            Some(row) => row.push(idle),
            None => {
                inner.targets.insert(Arc::clone(target), vec![idle]);
            }
        }
        if !std::mem::replace(&mut inner.sweeping, true) {
            drop(inner);
            spawner.tasks.spawn(Arc::clone(self).sweep(spawner.shutdown.clone()));
        }
    }

    /// Idle connections of all targets.
    pub(in crate::upstream) fn len(&self) -> usize {
        self.lock().targets.values().map(Vec::len).sum()
    }

    async fn sweep(self: Arc<Self>, shutdown: tokio_util::sync::CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(SWEEP_INTERVAL) => {}
                () = shutdown.cancelled() => {
                    self.lock().targets.clear();
                    return;
                }
            }
            let now = Instant::now();
            let mut inner = self.lock();
            inner.targets.retain(|_target, row| {
                row.retain(|idle| now.duration_since(idle.since) < IDLE_TIMEOUT && idle.is_quiet());
                !row.is_empty()
            });
            if inner.targets.is_empty() {
                inner.sweeping = false;
                return;
            }
        }
    }
}
