//! What all handles of a store share: its two databases, and what of them is held in memory.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::ConnectionTrait;
use tokio::sync::{Mutex, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::database::{Database, Fault, Writer};
use crate::live_sessions::LiveSessions;
use crate::mappings::MappingSet;
use crate::request_queue::RequestQueue;
use crate::sequence::Sequence;
use crate::{Clock, Health, ProblemKind, StoreConfig, StoreError};

/// What all handles of a store share. Its tasks hold parts of it and never the whole, so that it ends with its last
/// handle.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) main: Arc<Database>,
    pub(crate) logs: Arc<Database>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) health: watch::Receiver<Health>,
    pub(crate) requests: RequestQueue,
    pub(crate) sequence: Arc<Sequence>,
    pub(crate) config: StoreConfig,
    pub(crate) tasks: TaskTracker,
    /// The store's own tasks alone, for closing to wait for.
    pub(crate) own_tasks: TaskTracker,
    pub(crate) closing: CancellationToken,
    /// One copy at a time, so that they do not fill the disk.
    pub(crate) copying: Mutex<()>,
    pub(crate) _end: DropGuard,
}

/// What of the main database is held in memory.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) mappings: watch::Sender<Arc<MappingSet>>,
    pub(crate) sessions: LiveSessions,
    /// Of which opened file.
    generation: AtomicU64,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self { mappings: watch::Sender::default(), sessions: LiveSessions::default(), generation: AtomicU64::new(0) }
    }

    /// The turn to change the main database, with what is held in memory as it is there.
    pub(crate) async fn writer(&self, main: &Arc<Database>) -> Result<Writer, Fault> {
        let writer = main.writer().await?;
        if self.generation.load(Ordering::Acquire) != writer.generation() {
            self.load(writer.transaction()).await?;
            self.generation.store(writer.generation(), Ordering::Release);
        }
        Ok(writer)
    }

    /// Opens the main database, which may be one that can only be read.
    pub(crate) async fn open(&self, main: &Arc<Database>) -> Result<(), Fault> {
        main.open().await?;
        self.load(&main.readers()?).await
    }

    async fn load(&self, connection: &impl ConnectionTrait) -> Result<(), Fault> {
        let mappings = MappingSet::load(connection).await?;
        self.sessions.load(connection).await?;
        self.mappings.send_replace(Arc::new(mappings));
        Ok(())
    }
}

impl Inner {
    pub(crate) const fn clock(&self) -> &Clock {
        &self.config.clock
    }

    pub(crate) async fn writer(&self) -> Result<Writer, Fault> {
        self.memory.writer(&self.main).await
    }
}

/// Runs a change to its end, even if whoever asked for it goes away.
pub(crate) async fn change<T, F>(inner: &Arc<Inner>, database: &Arc<Database>, change: F) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Fault>> + Send + 'static,
{
    let database = Arc::clone(database);
    let task = inner.tasks.spawn(async move { change.await.map_err(|fault| database.fault(fault)) });
    task.await.unwrap_or_else(|error| {
        Err(StoreError::Database { kind: ProblemKind::Internal, file: None, detail: error.to_string() })
    })
}
