//! A consistent copy of the main database, made while it is in use.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use sea_orm::sqlx::ConnectOptions;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::{ConnectionTrait, DbErr, RuntimeErr, SqlxSqliteConnector};
use tokio::io::{AsyncRead, ReadBuf};

use crate::database::{Fault, TemporaryFile};
use crate::inner::Inner;

/// A copy of the main database (mappings, settings, audit; no sessions, no logs), to be read once from start to end.
/// Its file is removed when this is dropped.
#[derive(Debug)]
pub struct Backup {
    file: tokio::fs::File,
    bytes: u64,
    // After the file, so that it is closed before it is removed.
    _removed: TemporaryFile,
}

impl Backup {
    /// How many bytes there are to read.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl AsyncRead for Backup {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_read(cx, buf)
    }
}

/// Copies the main database, and takes out what a copy should not hold: whoever puts it back should not bring sessions
/// back that were ended since.
pub(crate) async fn make(inner: &Inner) -> Result<Backup, Fault> {
    let _one_at_a_time = inner.copying.lock().await;
    let copy = inner.main.copy().await?;
    strip(&copy).await?;
    let file = tokio::fs::File::open(copy.path()).await.map_err(|error| Fault::io(&error))?;
    let bytes = file.metadata().await.map_err(|error| Fault::io(&error))?.len();
    Ok(Backup { file, bytes, _removed: copy })
}

async fn strip(copy: &TemporaryFile) -> Result<(), Fault> {
    let options = SqliteConnectOptions::new()
        .filename(copy.path())
        .foreign_keys(true)
        // What was deleted is overwritten, and not to be found in the copy's free pages.
        .pragma("secure_delete", "ON")
        .disable_statement_logging();
    let pool = sea_orm::sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
    let pool = pool.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())))?;
    let connection = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
    let stripped = connection
        .execute_unprepared(
            "BEGIN; DELETE FROM refresh_token; DELETE FROM session; DELETE FROM sign_in_failure; COMMIT",
        )
        .await;
    connection.close_by_ref().await?;
    stripped?;
    Ok(())
}
