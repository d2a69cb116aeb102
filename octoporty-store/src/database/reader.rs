//! The handle of one database file, its readers, and what is known of its health.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::DatabaseConnection;
use tokio::sync::{Mutex as AsyncMutex, watch};

use super::fault::Fault;
use super::open::{self, Spec};
use super::writer::WriteSide;
use crate::{Clock, Problem, ProblemKind, StoreError};

/// One database file. It may be closed for a while, when it could not be opened, and comes back by itself.
#[derive(Debug)]
pub(crate) struct Database {
    pub(super) spec: Spec,
    pub(super) clock: Clock,
    pub(super) readers: Mutex<Option<DatabaseConnection>>,
    pub(super) write_side: Arc<AsyncMutex<WriteSide>>,
    pub(super) problem: watch::Sender<Option<Problem>>,
    /// The writing connection met a fault that may have ended its transaction behind its back. It is replaced before
    /// it is used again.
    pub(super) suspect: AtomicBool,
    pub(super) closed: AtomicBool,
}

impl Database {
    /// Nothing is opened before the first use.
    pub(crate) fn new(spec: Spec, clock: Clock) -> Self {
        Self {
            spec,
            clock,
            readers: Mutex::new(None),
            write_side: Arc::default(),
            problem: watch::Sender::new(None),
            suspect: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        self.spec.path()
    }

    /// What is wrong with it, if something is.
    pub(crate) fn problem(&self) -> watch::Receiver<Option<Problem>> {
        self.problem.subscribe()
    }

    /// A pool of connections that read.
    pub(crate) fn readers(&self) -> Result<DatabaseConnection, Fault> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed.into());
        }
        let readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        readers.ok_or_else(|| match &*self.problem.borrow() {
            Some(problem) => Fault::known(problem.kind, problem.detail.clone()),
            None => Fault::known(ProblemKind::Unavailable, "not open"),
        })
    }

    pub(super) fn set_readers(&self, readers: Option<DatabaseConnection>) -> Option<DatabaseConnection> {
        std::mem::replace(&mut *self.readers.lock().unwrap_or_else(PoisonError::into_inner), readers)
    }

    /// Makes an answer of a fault, and remembers what it says about the file.
    pub(crate) fn fault(&self, fault: Fault) -> StoreError {
        let (kind, detail) = match fault.into_problem() {
            Ok(problem) => problem,
            Err(answer) => return answer,
        };
        if kind != ProblemKind::Internal {
            self.set_problem(kind, &detail);
        } else {
            tracing::error!(file = ?self.path(), error = detail, "the database did not do as expected");
        }
        self.suspect.store(true, Ordering::Release);
        StoreError::Database { kind, file: self.path().map(Path::to_owned), detail }
    }

    fn set_problem(&self, kind: ProblemKind, detail: &str) {
        self.problem.send_if_modified(|problem| {
            if problem.as_ref().is_some_and(|problem| problem.kind == kind) {
                return false;
            }
            tracing::error!(file = ?self.path(), kind = kind.code(), error = detail, "the database cannot be used");
            let since = problem.as_ref().map_or_else(|| self.clock.now(), |problem| problem.since);
            let file = self.path().map(Path::to_owned);
            *problem = Some(Problem { kind, file, since, detail: detail.to_owned() });
            true
        });
    }

    pub(super) fn clear_problem(&self) {
        self.problem.send_if_modified(|problem| {
            let was = problem.take();
            if was.is_some() {
                tracing::info!(file = ?self.path(), "the database can be used again");
            }
            was.is_some()
        });
    }

    /// Whether it should be looked after: something is wrong, or its file is not where it was.
    pub(crate) fn needs_care(&self) -> bool {
        if self.problem.borrow().is_some() || self.suspect.load(Ordering::Acquire) {
            return true;
        }
        // A writer at work has looked already.
        let Ok(side) = self.write_side.try_lock() else { return false };
        !side.is_in_place(&self.spec)
    }

    /// Closes all connections for good.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let mut side = self.write_side.lock().await;
        let readers = self.set_readers(None);
        for connection in readers.into_iter().chain(side.take()) {
            open::close(&connection).await;
        }
    }
}
