//! Import of mappings and settings, all or nothing. What the document looks like is the caller's business.

use uuid::Uuid;

use crate::{Actor, MappingSettings, Store, StoreError};

/// Whether an import is made or only thought through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImportMode {
    /// Nothing is written; the report says what would be.
    DryRun,
    /// All is written in one transaction, unless a row is refused.
    Apply,
}

/// What is to be imported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Import {
    /// Mappings, checked by the caller. One whose domain is there already replaces what was chosen of that one.
    pub mappings: Vec<MappingSettings>,
    /// Settings, keys and values.
    pub settings: Vec<(String, String)>,
}

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportAction {
    /// There is a new mapping.
    Create,
    /// The mapping of this domain changes in these fields, in snake case.
    Update {
        /// The fields.
        changes: Vec<&'static str>,
    },
    /// The mapping of this domain is so already.
    Unchanged,
    /// An earlier row of the import has the same domain.
    Duplicate {
        /// The index of that row.
        of: usize,
    },
}

/// What becomes of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// What becomes of it.
    pub action: ImportAction,
    /// The mapping; `None` for one that a dry run would create, and for a duplicate.
    pub id: Option<Uuid>,
}

/// What becomes of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SettingAction {
    /// It gets this value.
    Set,
    /// It has this value already.
    Unchanged,
}

/// What an import did or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// Whether it was written. Never for a dry run, nor with a duplicate.
    pub applied: bool,
    /// One for each mapping, in the order of the import.
    pub rows: Vec<ImportRow>,
    /// One for each setting, in the order of the import.
    pub settings: Vec<SettingAction>,
}

/// Import into a store.
#[derive(Debug, Clone, Copy)]
pub struct Transfer<'a>(pub(crate) &'a Store);

impl Transfer<'_> {
    /// Makes an import, or says what it would do. Deletes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooMany`], [`StoreError::TooLong`], or what ails the database. Nothing was written then.
    ///
    /// # Cancel safety
    ///
    /// An import that began goes on when the future is dropped.
    pub async fn import(&self, actor: &Actor, import: Import, mode: ImportMode) -> Result<ImportReport, StoreError> {
        todo!()
    }
}
