//! Settings: keys and texts that outlive the process, such as the landing page.

use std::sync::Arc;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};

use crate::convert::millis;
use crate::database::Fault;
use crate::entity::setting::{ActiveModel, Column, Entity};
use crate::limits::{SETTING_BYTES_MAX, SETTING_KEY_BYTES_MAX, SETTINGS_MAX};
use crate::{Actor, Change, Store, StoreError, audit};

/// The settings of a store. Keys belong to the caller.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a>(pub(crate) &'a Store);

impl Settings<'_> {
    /// The value of a key, if it has one.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn get(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.0
            .read(async {
                let setting = Entity::find_by_id(key).one(&self.0.0.main.readers()?).await?;
                Ok(setting.map(|setting| setting.value))
            })
            .await
    }

    /// Sets a key, and writes an audit entry if that changes it.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooLong`], [`StoreError::TooMany`], or what ails the database.
    pub async fn set(&self, actor: &Actor, key: &str, value: &str) -> Result<(), StoreError> {
        check(key, value)?;
        let inner = Arc::clone(&self.0.0);
        let (actor, key, value) = (actor.clone(), key.to_owned(), value.to_owned());
        let set = async move {
            let writer = inner.writer().await?;
            let now = inner.clock().now();
            if write(writer.transaction(), &key, &value, millis(now)).await? {
                audit::write(writer.transaction(), &actor, now, change("setting-set", key)).await?;
                let _turn = writer.commit().await?;
            }
            Ok(())
        };
        self.0.change(set).await
    }

    /// Takes a key away, and writes an audit entry if it was there. Answers whether it was.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn remove(&self, actor: &Actor, key: &str) -> Result<bool, StoreError> {
        let inner = Arc::clone(&self.0.0);
        let (actor, key) = (actor.clone(), key.to_owned());
        let remove = async move {
            let writer = inner.writer().await?;
            let removed = Entity::delete_by_id(key.as_str()).exec(writer.transaction()).await?.rows_affected > 0;
            if removed {
                let now = inner.clock().now();
                audit::write(writer.transaction(), &actor, now, change("setting-removed", key)).await?;
                let _turn = writer.commit().await?;
            }
            Ok(removed)
        };
        self.0.change(remove).await
    }
}

/// Refuses what is too long.
pub(crate) fn check(key: &str, value: &str) -> Result<(), StoreError> {
    let within = |field, max, text: &str| match text.len() {
        actual if actual > max => Err(StoreError::TooLong { field, max, actual }),
        _ => Ok(()),
    };
    within("key", SETTING_KEY_BYTES_MAX, key)?;
    within("value", SETTING_BYTES_MAX, value)
}

/// Writes a setting if that changes it, and answers whether it did.
pub(crate) async fn write(connection: &impl ConnectionTrait, key: &str, value: &str, now: i64) -> Result<bool, Fault> {
    match Entity::find_by_id(key).one(connection).await? {
        Some(before) if before.value == value => return Ok(false),
        Some(_) => {}
        None => {
            let count = Entity::find().count(connection).await?;
            if usize::try_from(count).is_ok_and(|count| count >= SETTINGS_MAX) {
                return Err(StoreError::TooMany { what: "settings", max: SETTINGS_MAX }.into());
            }
        }
    }
    let row = ActiveModel { key: Set(key.to_owned()), value: Set(value.to_owned()), updated_at: Set(now) };
    let replace = OnConflict::column(Column::Key).update_columns([Column::Value, Column::UpdatedAt]).to_owned();
    Entity::insert(row).on_conflict(replace).exec_without_returning(connection).await?;
    Ok(true)
}

/// What the audit says of a changed setting.
pub(crate) fn change(action: &str, key: String) -> Change {
    Change { action: action.to_owned(), subject: Some(key), label: None, fields: Vec::new() }
}
