//! The audit: who changed what, and when. Written in the transaction of the change, so that neither is without the other.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::convert::{cut, cut_option, millis, time};
use crate::database::Fault;
use crate::entity::audit::{ActiveModel, Column, Entity, Model};
use crate::limits::{AUDIT_ENTRIES_MAX, PAGE_ROWS_MAX};
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

/// The audit of a store. The last [`AUDIT_ENTRIES_MAX`] entries are kept.
#[derive(Debug, Clone, Copy)]
pub struct Audit<'a>(pub(crate) &'a Store);

impl Audit<'_> {
    /// Adds an entry for a change that is not the store's, such as a restart that someone asked for.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn add(&self, actor: &Actor, change: Change) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.0.0);
        let actor = actor.clone();
        let add = async move {
            let writer = inner.writer().await?;
            write(writer.transaction(), &actor, inner.clock().now(), change).await?;
            let _turn = writer.commit().await?;
            Ok(())
        };
        self.0.change(add).await
    }

    /// Entries before `before`, or the newest ones; [`PAGE_ROWS_MAX`] at most.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn page(&self, before: Option<i64>, limit: u32) -> Result<AuditPage, StoreError> {
        let limit = limit.clamp(1, PAGE_ROWS_MAX);
        let read = async {
            let mut query = Entity::find().order_by_desc(Column::Id).limit(u64::from(limit) + 1);
            if let Some(before) = before {
                query = query.filter(Column::Id.lt(before));
            }
            let rows = query.all(&self.0.0.main.readers()?).await?;
            let mut entries = rows.into_iter().map(from_row).collect::<Result<Vec<_>, _>>()?;
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let more = entries.len() > limit;
            entries.truncate(limit);
            let next = entries.last().filter(|_| more).map(|entry| entry.id);
            Ok(AuditPage { entries, next })
        };
        self.0.read(read).await
    }
}

/// Adds an entry within the transaction of the change, and forgets the oldest.
pub(crate) async fn write(
    connection: &impl ConnectionTrait,
    actor: &Actor,
    at: DateTime<Utc>,
    change: Change,
) -> Result<(), Fault> {
    let fields = serde_json::to_string(&change.fields)
        .map_err(|error| Fault::known(crate::ProblemKind::Internal, error.to_string()))?;
    let row = ActiveModel {
        id: NotSet,
        at: Set(millis(at)),
        address: Set(cut_option(actor.address.clone())),
        session_id: Set(actor.session),
        user_agent: Set(cut_option(actor.user_agent.clone())),
        action: Set(cut(change.action)),
        subject: Set(cut_option(change.subject)),
        label: Set(cut_option(change.label)),
        fields: Set(fields),
    };
    let added = Entity::insert(row).exec(connection).await?;
    Entity::delete_many().filter(Column::Id.lte(added.last_insert_id - AUDIT_ENTRIES_MAX)).exec(connection).await?;
    Ok(())
}

fn from_row(row: Model) -> Result<AuditEntry, Fault> {
    Ok(AuditEntry {
        id: row.id,
        at: time(row.at)?,
        actor: Actor { address: row.address, session: row.session_id, user_agent: row.user_agent },
        change: Change {
            action: row.action,
            subject: row.subject,
            label: row.label,
            fields: serde_json::from_str(&row.fields)
                .map_err(|error| Fault::damaged(format!("an entry of the audit: {error}")))?,
        },
    })
}
