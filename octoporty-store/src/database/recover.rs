//! The way back: a writer that is replaced after a fault, a file that was deleted or replaced while it was open.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use super::fault::Fault;
use super::file::{FileId, TemporaryFile, beside};
use super::open;
use super::reader::Database;
use super::writer::WriteSide;
use crate::ProblemKind;

impl Database {
    /// A connection to write with, opened if need be. Called with the turn to write.
    pub(super) async fn recover(self: &Arc<Self>, side: &mut WriteSide) -> Result<DatabaseConnection, Fault> {
        if side.connection.is_some() && !side.is_in_place(&self.spec) {
            self.leave(side).await?;
        }
        if self.spec.path().is_some() && self.suspect.load(Ordering::Acquire) {
            self.replace_writer(side).await?;
        }
        if let Some(connection) = &side.connection {
            return Ok(connection.clone());
        }
        let opened = open::open(&self.spec).await?;
        self.suspect.store(false, Ordering::Release);
        side.connection = Some(opened.write.clone());
        let before = side.main;
        side.note_files(&self.spec);
        // A damaged file may take some writes, so that only one that was looked through, or another one, is well again.
        if self.spec.durable || side.main != before {
            self.clear_problem();
        }
        side.generation += 1;
        self.set_readers(Some(opened.read));
        Ok(opened.write)
    }

    /// SQLite ends a transaction by itself on some faults, such as a full disk, and the connection's own count of
    /// transactions is then wrong for good. The readers stay, so that reading goes on.
    async fn replace_writer(&self, side: &mut WriteSide) -> Result<(), Fault> {
        let Some(old) = side.take() else { return Ok(()) };
        open::close(&old).await;
        if self.problem.borrow().as_ref().is_some_and(|problem| problem.kind == ProblemKind::Corrupt) {
            // Another file may be in place by now, or this one must be looked through.
            self.close_readers().await;
            return Ok(());
        }
        side.connection = Some(self.spec.writer().await?);
        self.suspect.store(false, Ordering::Release);
        Ok(())
    }

    /// Leaves a file that is no longer at its path. If nothing is there, what is still open is put back, so that
    /// nothing is lost; a log is not, for whoever deletes a log means to.
    async fn leave(&self, side: &mut WriteSide) -> Result<(), Fault> {
        let Some(path) = self.spec.path() else { return Ok(()) };
        let replaced = match FileId::of(path) {
            Ok(found) => found.is_some() && found != side.main,
            Err(error) => return Err(Fault::io(&error)),
        };
        // Tried again and again, and told once: with nothing mended, there is a problem from then on.
        if self.problem.borrow().is_none() {
            tracing::warn!(path = %path.display(), replaced, "the database file is not where it was");
        }
        let rescued = if replaced || !self.spec.durable { None } else { Some(self.rescue(path).await?) };
        if let Some(old) = side.take() {
            open::close(&old).await;
        }
        self.close_readers().await;
        // SQLite leaves the log of a file that was moved where it is, and would play it into whatever is opened next.
        let log = beside(path, "-wal");
        if side.wal.is_some() && FileId::of(&log).is_ok_and(|found| found == side.wal) {
            std::fs::remove_file(&log).map_err(|error| Fault::io(&error))?;
        }
        side.wal = None;
        if let Some(rescued) = rescued {
            rescued.persist(path).map_err(|error| Fault::io(&error))?;
            tracing::warn!(path = %path.display(), "the database file was put back from what was still open");
        }
        Ok(())
    }

    async fn close_readers(&self) {
        if let Some(readers) = self.set_readers(None) {
            open::close(&readers).await;
        }
    }

    /// Copies what is still open to a temporary file beside the path.
    async fn rescue(&self, path: &Path) -> Result<TemporaryFile, Fault> {
        let readers = self.readers()?;
        let target = TemporaryFile::new(Some(path)).map_err(|error| Fault::io(&error))?;
        vacuum_into(&readers, target.path()).await?;
        Ok(target)
    }

    /// A consistent copy of the database as it is now, beside it.
    pub(crate) async fn copy(&self) -> Result<TemporaryFile, Fault> {
        let readers = self.readers()?;
        let target = TemporaryFile::new(self.path()).map_err(|error| Fault::io(&error))?;
        vacuum_into(&readers, target.path()).await?;
        Ok(target)
    }
}

/// Copies a database to an empty file.
pub(crate) async fn vacuum_into(connection: &DatabaseConnection, target: &Path) -> Result<(), Fault> {
    let Some(target) = target.to_str() else {
        return Err(Fault::known(ProblemKind::Unavailable, "the path of the database is not UTF-8"));
    };
    let statement =
        Statement::from_sql_and_values(sea_orm::DbBackend::Sqlite, "VACUUM INTO ?", [target.to_owned().into()]);
    connection.execute_raw(statement).await?;
    Ok(())
}
