//! Bringing a database's schema up to date (R59): forward only, in one transaction, after a copy of what was there.

mod logs;
mod main;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use crate::ProblemKind;
use crate::database::{Fault, begin, beside, create_private, vacuum_into};

pub(crate) use logs::LOGS;
pub(crate) use main::MAIN;

/// Copies from before a migration that are kept.
const COPIES_KEPT: i64 = 3;

/// The tables of a kind of database, as the steps that led there.
#[derive(Debug)]
pub(crate) struct Schema {
    /// Marks a file as being of this kind, at a place in its header that is meant for it.
    pub(crate) application: i32,
    /// SQL of each step. A step that was released is never changed; the schema's version is the number of steps taken.
    pub(crate) steps: &'static [&'static str],
}

impl Schema {
    fn version(&self) -> i64 {
        i64::try_from(self.steps.len()).unwrap_or(i64::MAX)
    }
}

/// Takes the steps that are still to be taken. With a `path`, a copy of a database that has taken some before is left
/// beside it.
pub(crate) async fn migrate(
    connection: &DatabaseConnection,
    schema: &Schema,
    path: Option<&Path>,
) -> Result<(), Fault> {
    let version = version(connection, schema).await?;
    if version == schema.version() {
        return Ok(());
    }
    if let Some(path) = path.filter(|_| version > 0) {
        keep_copy(connection, path, version).await?;
    }
    let transaction = begin(connection).await?;
    // Another process may have been faster.
    let version = self::version(&transaction, schema).await?;
    for step in schema.steps.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)) {
        transaction.execute_unprepared(step).await?;
    }
    transaction.execute_unprepared(&format!("PRAGMA application_id = {}", schema.application)).await?;
    transaction.execute_unprepared(&format!("PRAGMA user_version = {}", schema.version())).await?;
    transaction.commit().await?;
    if version > 0 {
        tracing::info!(?path, from = version, to = schema.version(), "the database's schema was brought up to date");
    }
    Ok(())
}

/// Refuses a database that would have to be migrated, for one that may only be read.
pub(crate) async fn require_current(connection: &DatabaseConnection, schema: &Schema) -> Result<(), Fault> {
    let version = version(connection, schema).await?;
    if version == schema.version() {
        return Ok(());
    }
    let detail = format!("schema {version} would have to become {}", schema.version());
    Err(Fault::known(ProblemKind::ReadOnly, detail))
}

/// The steps that a database has taken, if it is of this kind and this program knows them all.
pub(crate) async fn version(connection: &impl ConnectionTrait, schema: &Schema) -> Result<i64, Fault> {
    let version = pragma(connection, "PRAGMA user_version").await?;
    let application = pragma(connection, "PRAGMA application_id").await?;
    let tables = pragma(connection, "SELECT count(*) FROM sqlite_schema").await?;
    let ours = application == i64::from(schema.application);
    if !ours && (application != 0 || version != 0 || tables != 0) {
        return Err(Fault::known(ProblemKind::Foreign, format!("its application id is {application}")));
    }
    if version > schema.version() {
        let detail = format!("it has schema {version}, this program knows up to {}", schema.version());
        return Err(Fault::known(ProblemKind::Newer, detail));
    }
    if version < 0 {
        return Err(Fault::damaged(format!("it has schema {version}")));
    }
    Ok(version)
}

async fn pragma(connection: &impl ConnectionTrait, sql: &'static str) -> Result<i64, Fault> {
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
}

/// Copies a database to `NAME.schema-VERSION` beside it, over a copy that a start left that did not get further.
async fn keep_copy(connection: &DatabaseConnection, path: &Path, version: i64) -> Result<(), Fault> {
    let target = copy_path(path, version);
    let making = beside(path, ".tmp-schema");
    remove(&making)?;
    create_private(&making).map_err(|error| Fault::io(&error))?;
    vacuum_into(connection, &making).await?;
    std::fs::File::open(&making).and_then(|file| file.sync_all()).map_err(|error| Fault::io(&error))?;
    std::fs::rename(&making, &target).map_err(|error| Fault::io(&error))?;
    for old in 0..=version.saturating_sub(COPIES_KEPT) {
        remove(&copy_path(path, old))?;
    }
    Ok(())
}

fn copy_path(path: &Path, version: i64) -> PathBuf {
    beside(path, &format!(".schema-{version}"))
}

fn remove(path: &Path) -> Result<(), Fault> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Fault::io(&error)),
        _ => Ok(()),
    }
}
