//! How the store fares: what is wrong with its files now, in words for a person.

use std::fmt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

/// What can be wrong with a database file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The disk, or the quota, is full.
    Full,
    /// The file, its directory or its file system cannot be written.
    ReadOnly,
    /// Another program holds the file for longer than the store waits.
    Locked,
    /// The file is damaged, or is no SQLite database.
    Corrupt,
    /// The file or its directory is gone, or cannot be reached.
    Unavailable,
    /// A newer version of this program wrote the file.
    Newer,
    /// The file is a SQLite database of another program.
    Foreign,
    /// None of these: a mistake in the store.
    Internal,
}

impl ProblemKind {
    /// A word for programs, in kebab case.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::ReadOnly => "read-only",
            Self::Locked => "locked",
            Self::Corrupt => "corrupt",
            Self::Unavailable => "unavailable",
            Self::Newer => "newer",
            Self::Foreign => "foreign",
            Self::Internal => "internal",
        }
    }

    /// What is wrong and what to do, in a sentence that names the file.
    pub(crate) fn sentence(self, file: Option<&Path>) -> String {
        let file = file.map_or_else(|| "the database in memory".to_owned(), |file| format!("{}", file.display()));
        match self {
            Self::Full => format!("there is no room left on the disk for {file}; free some space"),
            Self::ReadOnly => {
                format!("{file} cannot be written; let this program's user write the file and its directory")
            }
            Self::Locked => format!("another program holds {file}; end that program or let it finish"),
            Self::Corrupt => format!(
                "{file} is damaged or no SQLite database; move it away with its -wal and -shm files, and put a backup \
                 in its place or start without one"
            ),
            Self::Unavailable => {
                format!("{file} cannot be opened; check that its directory is there and this program's user may use it")
            }
            Self::Newer => {
                format!(
                    "a newer version of this program wrote {file}; run that version, or put an older backup in place"
                )
            }
            Self::Foreign => format!("{file} is the database of another program; name another file"),
            Self::Internal => format!("the database {file} answered what was not expected; please report it"),
        }
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What is wrong with one file, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// The file; `None` in memory.
    pub file: Option<PathBuf>,
    /// When it was first met.
    pub since: DateTime<Utc>,
    /// What SQLite or the system says, for the log.
    pub detail: String,
}

/// A sentence for a person: what is wrong, with which file, and what to do.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind.sentence(self.file.as_deref()))
    }
}

/// What is wrong with the store now. The default is a store that is well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// With mappings, settings and sessions.
    pub main: Option<Problem>,
    /// With logs and statistics.
    pub logs: Option<Problem>,
}

impl Health {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_well(&self) -> bool {
        self.main.is_none() && self.logs.is_none()
    }

    /// All that is wrong.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.main.iter().chain(&self.logs)
    }
}
