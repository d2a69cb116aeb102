//! The one writer of a database, and its transactions.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;

use super::fault::Fault;
use super::file::{FileId, beside};
use super::open::Spec;
use super::reader::Database;
use crate::{ProblemKind, StoreError};

/// How long a change waits for those before it.
const TURN_TIMEOUT: Duration = Duration::from_secs(15);

/// The connection that writes, and the files that it wrote to when it was opened.
#[derive(Debug, Default)]
pub(crate) struct WriteSide {
    pub(super) connection: Option<DatabaseConnection>,
    pub(super) main: Option<FileId>,
    pub(super) wal: Option<FileId>,
    /// Rises each time another file was opened than before, so that what is held in memory is read anew.
    pub(super) generation: u64,
}

impl WriteSide {
    pub(super) fn take(&mut self) -> Option<DatabaseConnection> {
        self.connection.take()
    }

    /// Whether the files are still where they were. What cannot be looked at counts as being there.
    pub(super) fn is_in_place(&self, spec: &Spec) -> bool {
        let Some(path) = spec.path() else { return true };
        let same = |path, known: Option<FileId>| match FileId::of(path) {
            Ok(found) => known.is_none() || found == known,
            Err(_) => true,
        };
        same(path, self.main) && same(&beside(path, "-wal"), self.wal)
    }

    pub(super) fn note_files(&mut self, spec: &Spec) {
        if let Some(path) = spec.path() {
            self.main = FileId::of(path).ok().flatten();
            self.wal = FileId::of(&beside(path, "-wal")).ok().flatten();
        }
    }
}

/// A transaction that writes, and the turn to do so. Dropped, it changes nothing.
#[derive(Debug)]
pub(crate) struct Writer {
    // Rolls back before the turn ends.
    transaction: DatabaseTransaction,
    side: OwnedMutexGuard<WriteSide>,
    database: Arc<Database>,
}

impl Writer {
    pub(crate) const fn transaction(&self) -> &DatabaseTransaction {
        &self.transaction
    }

    /// Which file this is, over all that were opened.
    pub(crate) fn generation(&self) -> u64 {
        self.side.generation
    }

    /// Makes the changes last. The turn goes on while what is returned lives, for what is held in memory to follow in
    /// the same order.
    pub(crate) async fn commit(self) -> Result<OwnedMutexGuard<WriteSide>, Fault> {
        let Self { transaction, mut side, database } = self;
        transaction.commit().await?;
        if side.wal.is_none()
            && let Some(path) = database.spec.path()
        {
            side.wal = FileId::of(&beside(path, "-wal")).ok().flatten();
        }
        let damaged = database.problem.borrow().as_ref().is_some_and(|problem| problem.kind == ProblemKind::Corrupt);
        if !damaged {
            database.clear_problem();
        }
        Ok(side)
    }
}

impl Database {
    /// Waits for the turn to write, and opens what has to be opened.
    pub(crate) async fn writer(self: &Arc<Self>) -> Result<Writer, Fault> {
        let mut side = self.turn().await?;
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed.into());
        }
        let connection = self.recover(&mut side).await?;
        let transaction = begin(&connection).await?;
        Ok(Writer { transaction, side, database: Arc::clone(self) })
    }

    /// Opens what has to be opened.
    pub(crate) async fn open(self: &Arc<Self>) -> Result<(), Fault> {
        self.maintain(&[]).await
    }

    /// The turn to write, without a transaction.
    async fn turn(&self) -> Result<OwnedMutexGuard<WriteSide>, Fault> {
        timeout(TURN_TIMEOUT, Arc::clone(&self.write_side).lock_owned())
            .await
            .map_err(|_elapsed| Fault::known(ProblemKind::Locked, "too many changes wait for their turn"))
    }

    /// Runs statements that must not be in a transaction, one after the other, in a turn of their own.
    pub(crate) async fn maintain(self: &Arc<Self>, statements: &[&str]) -> Result<(), Fault> {
        let mut side = self.turn().await?;
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed.into());
        }
        let connection = self.recover(&mut side).await?;
        for statement in statements {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

pub(crate) async fn begin(connection: &DatabaseConnection) -> Result<DatabaseTransaction, Fault> {
    // A deferred one that turns to writing later is told "busy" at once instead of waiting.
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    Ok(connection.begin_with_options(options).await?)
}
