//! What SQLite's and the system's errors mean to whoever keeps the file.

use std::io;

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlxError};

use crate::{ProblemKind, StoreError};

/// Why an operation within the crate failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// SQLite, or the layers above it, said so.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// An answer to the caller that needs no translation.
    #[error(transparent)]
    Answer(#[from] StoreError),
    /// Known already.
    #[error("{kind}: {detail}")]
    Known {
        /// What is wrong.
        kind: ProblemKind,
        /// In whose words.
        detail: String,
    },
}

impl Fault {
    pub(crate) fn known(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self::Known { kind, detail: detail.into() }
    }

    /// A row that this version cannot have written.
    pub(crate) fn damaged(detail: impl Into<String>) -> Self {
        Self::known(ProblemKind::Corrupt, detail)
    }

    pub(crate) fn io(error: &io::Error) -> Self {
        Self::known(kind_of_io(error), error.to_string())
    }

    /// Whether a `UNIQUE` rule was broken.
    pub(crate) fn is_conflict(&self) -> bool {
        // SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY.
        matches!(self, Self::Database(error) if matches!(code(error), Some(2067 | 1555)))
    }

    /// Says which field a broken `UNIQUE` rule is about.
    pub(crate) fn or_conflict(self, field: &'static str) -> Self {
        if self.is_conflict() { StoreError::Conflict { field }.into() } else { self }
    }

    /// What is wrong with the file, and in whose words; `Err` with an answer that is not about the file.
    pub(crate) fn into_problem(self) -> Result<(ProblemKind, String), StoreError> {
        match self {
            Self::Answer(answer) => Err(answer),
            Self::Known { kind, detail } => Ok((kind, detail)),
            Self::Database(error) => Ok((kind_of(&error), error.to_string())),
        }
    }
}

/// SQLite's extended result code, if the error is SQLite's.
fn code(error: &DbErr) -> Option<i32> {
    let (DbErr::Conn(error) | DbErr::Exec(error) | DbErr::Query(error)) = error else { return None };
    let RuntimeErr::SqlxError(error) = error else { return None };
    match &**error {
        SqlxError::Database(error) => error.code()?.parse().ok(),
        _ => None,
    }
}

/// <https://www.sqlite.org/rescode.html>
fn kind_of(error: &DbErr) -> ProblemKind {
    if let DbErr::ConnectionAcquire(error) = error {
        return match error {
            ConnAcquireErr::Timeout => ProblemKind::Locked,
            ConnAcquireErr::ConnectionClosed => ProblemKind::Unavailable,
        };
    }
    if let DbErr::Conn(RuntimeErr::SqlxError(error)) | DbErr::Exec(RuntimeErr::SqlxError(error)) = error
        && let SqlxError::Io(error) = &**error
    {
        return kind_of_io(error);
    }
    let Some(code) = code(error) else { return ProblemKind::Internal };
    // The low byte is the primary code.
    match code & 0xff {
        // BUSY, LOCKED, PROTOCOL (a race for the WAL's locks that was lost too often).
        5 | 6 | 15 => ProblemKind::Locked,
        // PERM, READONLY.
        3 | 8 => ProblemKind::ReadOnly,
        // CORRUPT, NOTADB.
        11 | 26 => ProblemKind::Corrupt,
        13 => ProblemKind::Full,
        // IOERR, CANTOPEN. SHMSIZE and SHMMAP are what a full disk does to the WAL's index.
        10 if matches!(code, 4874 | 5386) => ProblemKind::Full,
        10 | 14 => ProblemKind::Unavailable,
        _ => ProblemKind::Internal,
    }
}

fn kind_of_io(error: &io::Error) -> ProblemKind {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ProblemKind::Full,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ProblemKind::ReadOnly,
        _ => ProblemKind::Unavailable,
    }
}
