//! Import of mappings and settings, all or nothing. What the document looks like is the caller's business.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, EntityTrait};
use uuid::Uuid;

use crate::convert::millis;
use crate::database::Fault;
use crate::entity::setting;
use crate::inner::Inner;
use crate::limits::MAPPINGS_MAX;
use crate::{
    Actor, Change, Mapping, MappingSet, MappingSettings, Store, StoreError, audit, mapping_row, mappings, settings,
};

/// Mappings of one import that the audit names one by one. Beyond, it says how many there were.
const AUDITED_MAX: usize = 1_000;

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
        let inner = Arc::clone(&self.0.0);
        let actor = actor.clone();
        for (key, value) in &import.settings {
            settings::check(key, value)?;
        }
        match mode {
            ImportMode::DryRun => self.0.read(dry_run(&inner, &import)).await,
            ImportMode::Apply => self.0.change(async move { apply(&inner, &actor, import).await }).await,
        }
    }
}

async fn dry_run(inner: &Inner, import: &Import) -> Result<ImportReport, Fault> {
    let set = Arc::clone(&inner.memory.mappings.borrow());
    let rows = plan(&set, &import.mappings)?;
    let settings = plan_settings(&inner.main.readers()?, &import.settings).await?;
    Ok(ImportReport { applied: false, rows, settings })
}

async fn apply(inner: &Inner, actor: &Actor, import: Import) -> Result<ImportReport, Fault> {
    let writer = inner.writer().await?;
    let set = Arc::clone(&inner.memory.mappings.borrow());
    let mut rows = plan(&set, &import.mappings)?;
    let settings = plan_settings(writer.transaction(), &import.settings).await?;
    if rows.iter().any(|row| matches!(row.action, ImportAction::Duplicate { .. })) {
        return Ok(ImportReport { applied: false, rows, settings });
    }
    let now = inner.clock().now();
    let changed = changed(&set, &mut rows, import.mappings, now);
    let written: Vec<_> = changed.iter().map(|mapping| &**mapping).collect();
    mapping_row::write(writer.transaction(), &written).await?;
    for (key, value) in &import.settings {
        settings::write(writer.transaction(), key, value, millis(now)).await?;
    }
    for change in audited(&rows, &settings, &changed, &import.settings) {
        audit::write(writer.transaction(), actor, now, change).await?;
    }
    let _turn = writer.commit().await?;
    inner.memory.mappings.send_replace(Arc::new(set.with(changed)));
    Ok(ImportReport { applied: true, rows, settings })
}

fn plan(set: &MappingSet, mappings: &[MappingSettings]) -> Result<Vec<ImportRow>, Fault> {
    let mut seen = HashMap::with_capacity(mappings.len());
    let mut rows = Vec::with_capacity(mappings.len());
    let mut created = 0_usize;
    for (index, settings) in mappings.iter().enumerate() {
        let first = *seen.entry(settings.external_domain.as_str()).or_insert(index);
        let row = if first != index {
            ImportRow { action: ImportAction::Duplicate { of: first }, id: None }
        } else if let Some(there) = set.find(&settings.external_domain) {
            let changes = there.settings.changed(settings);
            let action = if changes.is_empty() { ImportAction::Unchanged } else { ImportAction::Update { changes } };
            ImportRow { action, id: Some(there.id) }
        } else {
            created += 1;
            ImportRow { action: ImportAction::Create, id: None }
        };
        rows.push(row);
    }
    if set.list().len() + created > MAPPINGS_MAX {
        return Err(StoreError::TooMany { what: "mappings", max: MAPPINGS_MAX }.into());
    }
    Ok(rows)
}

async fn plan_settings(
    connection: &impl ConnectionTrait,
    settings: &[(String, String)],
) -> Result<Vec<SettingAction>, Fault> {
    let mut actions = Vec::with_capacity(settings.len());
    for (key, value) in settings {
        let there = setting::Entity::find_by_id(key.as_str()).one(connection).await?;
        let same = there.is_some_and(|there| there.value == *value);
        actions.push(if same { SettingAction::Unchanged } else { SettingAction::Set });
    }
    Ok(actions)
}

/// The mappings that are new or change, in the order of the import; new ones get their ids.
fn changed(
    set: &MappingSet,
    rows: &mut [ImportRow],
    mappings: Vec<MappingSettings>,
    now: DateTime<Utc>,
) -> Vec<Arc<Mapping>> {
    let mut changed = Vec::new();
    for (row, settings) in rows.iter_mut().zip(mappings) {
        let created_at = match row.action {
            ImportAction::Create => now,
            ImportAction::Update { .. } => {
                set.find(&settings.external_domain).map_or(now, |mapping| mapping.created_at)
            }
            ImportAction::Unchanged | ImportAction::Duplicate { .. } => continue,
        };
        let id = *row.id.get_or_insert_with(Uuid::new_v4);
        changed.push(Arc::new(Mapping { id, settings, created_at, updated_at: now }));
    }
    changed
}

/// What the audit says of an import: a sum, and what was done to each of the first mappings and to settings.
fn audited(
    rows: &[ImportRow],
    settings: &[SettingAction],
    changed: &[Arc<Mapping>],
    imported: &[(String, String)],
) -> Vec<Change> {
    let actions: Vec<_> = rows
        .iter()
        .filter_map(|row| match &row.action {
            ImportAction::Create => Some(("mapping-created", &[][..])),
            ImportAction::Update { changes } => Some(("mapping-updated", changes.as_slice())),
            ImportAction::Unchanged | ImportAction::Duplicate { .. } => None,
        })
        .collect();
    let created = actions.iter().filter(|(action, _)| *action == "mapping-created").count();
    let sum = Change {
        action: "imported".to_owned(),
        subject: None,
        label: Some(format!("{created} created, {} updated", actions.len() - created)),
        fields: Vec::new(),
    };
    let of_mappings = actions.iter().zip(changed).take(AUDITED_MAX);
    let of_settings = settings.iter().zip(imported).filter(|(action, _)| **action == SettingAction::Set);
    let mut changes = vec![sum];
    changes.extend(of_mappings.map(|((action, fields), mapping)| mappings::change(action, mapping, fields)));
    changes.extend(of_settings.map(|(_, (key, _))| settings::change("setting-set", key.clone())));
    changes
}
