//! The audit: who changed what, and when. Written in the transaction of the change, so that neither is without the other.

use chrono::{DateTime, Utc};

use crate::{Actor, Store, StoreError};

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Change {
    /// A word such as `mapping-created`, in kebab case. The store's own: `mapping-created`, `mapping-updated`,
    /// `mapping-deleted`, `setting-set`, `setting-removed`, `session-started`, `session-ended`, `sessions-ended`,
    /// `token-reused`.
    pub action: String,
    /// What it was done to: a mapping's or session's id, a setting's key.
    pub subject: Option<String>,
    /// What a person calls it, such as a mapping's domain.
    pub label: Option<String>,
    /// The names of the fields that changed. Values are left out, since a header's may be secret.
    pub fields: Vec<String>,
}

/// A change, and who made it when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Rises with each entry.
    pub id: i64,
    /// When, to the millisecond.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// What.
    pub change: Change,
}

/// Some entries, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// Where the next page starts; `None` if there is none.
    pub next: Option<i64>,
}

/// The audit of a store. The last 10,000 entries are kept.
#[derive(Debug, Clone, Copy)]
pub struct Audit<'a>(pub(crate) &'a Store);

impl Audit<'_> {
    /// Adds an entry for a change that is not the store's, such as a restart that someone asked for.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn add(&self, actor: &Actor, change: Change) -> Result<(), StoreError> {
        todo!()
    }

    /// Entries before `before`, or the newest ones; [`PAGE_ROWS_MAX`](crate::limits::PAGE_ROWS_MAX) at most.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn page(&self, before: Option<i64>, limit: u32) -> Result<AuditPage, StoreError> {
        todo!()
    }
}
