//! Opening a database: the connections and what SQLite is told about each (R58).

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx::ConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, RuntimeErr, SqlxSqliteConnector};

use super::fault::Fault;
use super::file;
use crate::migration::{self, Schema};
use crate::{Access, Location, ProblemKind};

/// How long SQLite waits for a lock that another process holds (R58).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a caller waits for a connection. Longer than a lock may take, so that the lock is what is reported.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections that read at the same time. Each is a thread; two cores have no use for more.
const READERS: u32 = 4;
/// How long a reader beyond the first stays without work.
const READER_IDLE: Duration = Duration::from_secs(60);
/// KiB of pages that a connection keeps: as many as a batch of requests changes. The default, 2 MiB, times all connections is
/// more than an idle Agent should hold, and what is not kept here is in the system's cache.
const CACHE_KIB: u32 = 128;
/// Bytes to which the write-ahead log is cut after it was longer.
const JOURNAL_BYTES: u32 = 16 * 1024 * 1024;
/// Statements that a connection keeps prepared. The large ones take hundreds of kilobytes.
const STATEMENTS_KEPT: usize = 24;
/// Rows that a connection's thread may be ahead of who reads them. A page at most, so that it is fetched in one go.
const ROWS_AHEAD: usize = 1_024;

/// What is to be opened.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    pub(crate) location: Location,
    pub(crate) schema: &'static Schema,
    /// Whether each change is on disk before it is answered, and so outlives a power cut.
    pub(crate) durable: bool,
}

impl Spec {
    pub(crate) fn path(&self) -> Option<&Path> {
        self.location.path()
    }

    fn read_only(&self) -> bool {
        matches!(self.location, Location::File { access: Access::ReadOnly, .. })
    }

    fn options(&self) -> SqliteConnectOptions {
        let options = SqliteConnectOptions::new()
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .row_buffer_size(ROWS_AHEAD)
            .statement_cache_capacity(STATEMENTS_KEPT)
            .pragma("cache_size", format!("-{CACHE_KIB}"))
            .disable_statement_logging();
        match self.path() {
            // SQLite's flag for memory would make copies of it go to memory too.
            None => options.filename(":memory:").create_if_missing(true),
            Some(path) => options.filename(plain(path)),
        }
    }

    pub(super) async fn writer(&self) -> Result<DatabaseConnection, DbErr> {
        let mut options = self.options().read_only(self.read_only());
        if !self.read_only() {
            options = options.pragma("journal_size_limit", JOURNAL_BYTES.to_string()).synchronous(if self.durable {
                SqliteSynchronous::Full
            } else {
                SqliteSynchronous::Normal
            });
        }
        let pool = SqlitePoolOptions::new()
            .min_connections(1)
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .acquire_timeout(ACQUIRE_TIMEOUT);
        connect(pool, options).await
    }

    async fn readers(&self) -> Result<DatabaseConnection, DbErr> {
        // The one that stays keeps the write-ahead log in being while the writer is replaced.
        let pool = SqlitePoolOptions::new()
            .min_connections(1)
            .max_connections(READERS)
            .idle_timeout(READER_IDLE)
            .max_lifetime(None)
            .test_before_acquire(false)
            .acquire_timeout(ACQUIRE_TIMEOUT);
        connect(pool, self.options().read_only(true)).await
    }
}

/// A relative path that starts with `:` or `file:` would mean something else to SQLite.
fn plain(path: &Path) -> PathBuf {
    if path.is_relative() { Path::new(".").join(path) } else { path.to_owned() }
}

async fn connect(pool: SqlitePoolOptions, options: SqliteConnectOptions) -> Result<DatabaseConnection, DbErr> {
    match pool.connect_with(options).await {
        Ok(pool) => Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool)),
        Err(error) => Err(DbErr::Conn(RuntimeErr::SqlxError(error.into()))),
    }
}

/// An open database.
#[derive(Debug)]
pub(super) struct Connections {
    pub(super) write: DatabaseConnection,
    pub(super) read: DatabaseConnection,
}

/// Opens a database, makes it if need be, and brings its schema up to date.
pub(super) async fn open(spec: &Spec) -> Result<Connections, Fault> {
    if let Some(path) = spec.path() {
        prepare_file(path, &spec.location).map_err(|error| Fault::io(&error))?;
    }
    let write = spec.writer().await?;
    let opened = finish(spec, &write).await;
    match opened {
        Ok(read) => Ok(Connections { write, read }),
        Err(fault) => {
            close(&write).await;
            Err(fault)
        }
    }
}

async fn finish(spec: &Spec, write: &DatabaseConnection) -> Result<DatabaseConnection, Fault> {
    if spec.durable && spec.path().is_some() {
        check(write).await?;
    }
    if spec.read_only() {
        migration::require_current(write, spec.schema).await?;
    } else {
        // Both are written into the file, so not before it is known to be ours.
        if migration::version(write, spec.schema).await? == 0 {
            // Before the first table, or the file never gets smaller.
            write.execute_unprepared("PRAGMA auto_vacuum = INCREMENTAL").await?;
        }
        write.execute_unprepared("PRAGMA journal_mode = WAL").await?;
        migration::migrate(write, spec.schema, spec.path().filter(|_| spec.durable)).await?;
    }
    if spec.path().is_some() { Ok(spec.readers().await?) } else { Ok(write.clone()) }
}

fn prepare_file(path: &Path, location: &Location) -> std::io::Result<()> {
    if matches!(location, Location::File { access: Access::ReadWriteCreate, .. }) {
        file::create_private(path)?;
        file::sweep_temporaries(path);
    }
    if matches!(location, Location::File { access: Access::ReadOnly, .. }) {
        return Ok(());
    }
    // SQLite would open a file that cannot be written for reading, and fail later for another reason.
    std::fs::OpenOptions::new().write(true).open(path)?;
    if let Err(error) = file::make_private(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "others can read the database");
    }
    Ok(())
}

/// Looks for damage. Quick on what a person typed; not for millions of rows.
pub(super) async fn check(connection: &DatabaseConnection) -> Result<(), Fault> {
    let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, "PRAGMA quick_check(1)");
    let row = connection.query_one_raw(statement).await?;
    let verdict: String = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
    if verdict == "ok" { Ok(()) } else { Err(Fault::known(ProblemKind::Corrupt, verdict)) }
}

pub(super) async fn close(connection: &DatabaseConnection) {
    if let Err(error) = connection.close_by_ref().await {
        tracing::debug!(%error, "a database connection did not close in good order");
    }
}
