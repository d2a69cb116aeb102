//! What can go wrong with a store: when it is opened, and when it is used.

use std::path::PathBuf;

use crate::health::ProblemKind;

/// Why an operation of the store failed. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// What must be unique is there already. The caller's doing.
    #[error("another one has this {field}")]
    Conflict {
        /// The field, in snake case, such as `external_domain`.
        field: &'static str,
    },
    /// There is none of this id or key. The caller's doing.
    #[error("there is no such {what}")]
    NotFound {
        /// What was looked for, such as `mapping`.
        what: &'static str,
    },
    /// One more would be over a bound. The caller's doing.
    #[error("there may be {max} {what} at most")]
    TooMany {
        /// Of what, in the plural.
        what: &'static str,
        /// The bound.
        max: usize,
    },
    /// A value is over a bound. The caller's doing.
    #[error("the {field} may have {max} bytes at most, and has {actual}")]
    TooLong {
        /// The field.
        field: &'static str,
        /// The bound, in bytes.
        max: usize,
        /// What it has, in bytes.
        actual: usize,
    },
    /// The database cannot do it now: the disk is full, the file is gone, and so on. The machine's or its operator's
    /// doing.
    #[error("{}", kind.sentence(file.as_deref()))]
    Database {
        /// What is wrong.
        kind: ProblemKind,
        /// The file; `None` in memory.
        file: Option<PathBuf>,
        /// What SQLite says, for the log.
        detail: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// What is wrong with the database, if that is it.
    #[must_use]
    pub const fn problem(&self) -> Option<ProblemKind> {
        match self {
            Self::Database { kind, .. } => Some(*kind),
            _ => None,
        }
    }

    /// Whether the same call may work later without anyone changing it: true for a database that is locked, full,
    /// read-only or gone, false for a caller's mistake, a corrupt file and a closed store.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Database { kind, .. } => {
                !matches!(kind, ProblemKind::Corrupt | ProblemKind::Newer | ProblemKind::Foreign)
            }
            _ => false,
        }
    }
}

/// Why a store could not be opened. Each message names the file and says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", kind.sentence(file.as_deref()))]
pub struct OpenError {
    /// What is wrong.
    pub kind: ProblemKind,
    /// The file; `None` in memory.
    pub file: Option<PathBuf>,
    /// What SQLite or the system says, for the log.
    pub detail: String,
}
