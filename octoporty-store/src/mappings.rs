//! The mappings: all of them in memory for reading, each change on disk before it is seen.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, EntityTrait};
use tokio::sync::watch;
use uuid::Uuid;

use crate::database::Fault;
use crate::entity;
use crate::limits::MAPPINGS_MAX;
use crate::{Actor, Change, Mapping, MappingSettings, Store, StoreError, audit, mapping_row};

/// All mappings at one moment.
#[derive(Debug, Clone, Default)]
pub struct MappingSet {
    list: Vec<Arc<Mapping>>,
    by_id: HashMap<Uuid, usize>,
    by_domain: HashMap<String, usize>,
}

impl MappingSet {
    /// All of them, oldest first.
    #[must_use]
    pub fn list(&self) -> &[Arc<Mapping>] {
        &self.list
    }

    /// The one with this id.
    #[must_use]
    pub fn get(&self, id: Uuid) -> Option<&Arc<Mapping>> {
        self.list.get(*self.by_id.get(&id)?)
    }

    /// The one with exactly this external domain. A wildcard is found by its own spelling alone.
    #[must_use]
    pub fn find(&self, domain: &str) -> Option<&Arc<Mapping>> {
        self.list.get(*self.by_domain.get(domain)?)
    }

    pub(crate) async fn load(connection: &impl ConnectionTrait) -> Result<Self, Fault> {
        Ok(Self::new(mapping_row::load(connection).await?.into_iter().map(Arc::new).collect()))
    }

    fn new(list: Vec<Arc<Mapping>>) -> Self {
        let by_id = list.iter().enumerate().map(|(index, mapping)| (mapping.id, index)).collect();
        let domain = |mapping: &Arc<Mapping>| mapping.settings.external_domain.clone();
        let by_domain = list.iter().enumerate().map(|(index, mapping)| (domain(mapping), index)).collect();
        Self { list, by_id, by_domain }
    }

    /// This set with some mappings new or in place of what they were.
    pub(crate) fn with(&self, changed: impl IntoIterator<Item = Arc<Mapping>>) -> Self {
        let mut list = self.list.clone();
        for mapping in changed {
            match self.by_id.get(&mapping.id) {
                Some(index) => list[*index] = mapping,
                None => list.push(mapping),
            }
        }
        Self::new(list)
    }

    fn without(&self, id: Uuid) -> Self {
        Self::new(self.list.iter().filter(|mapping| mapping.id != id).cloned().collect())
    }
}

/// The mappings of a store. Reads come from memory and never fail; a change is on disk before it is seen or answered.
///
/// # Cancel safety
///
/// A change that began goes on when its future is dropped; whether it was made is then seen in [`Self::watch`].
#[derive(Debug, Clone, Copy)]
pub struct Mappings<'a>(pub(crate) &'a Store);

impl Mappings<'_> {
    /// All mappings now.
    #[must_use]
    pub fn all(&self) -> Arc<MappingSet> {
        Arc::clone(&self.0.0.memory.mappings.borrow())
    }

    /// All mappings now, and after each change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<MappingSet>> {
        self.0.0.memory.mappings.subscribe()
    }

    /// Makes a mapping with a new id.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the domain is taken, [`StoreError::TooMany`], or what ails the database.
    pub async fn create(&self, actor: &Actor, settings: MappingSettings) -> Result<Arc<Mapping>, StoreError> {
        let inner = Arc::clone(&self.0.0);
        let actor = actor.clone();
        let create = async move {
            let writer = inner.writer().await?;
            let set = Arc::clone(&inner.memory.mappings.borrow());
            if set.find(&settings.external_domain).is_some() {
                return Err(StoreError::Conflict { field: "external_domain" }.into());
            }
            if set.list.len() >= MAPPINGS_MAX {
                return Err(StoreError::TooMany { what: "mappings", max: MAPPINGS_MAX }.into());
            }
            let now = inner.clock().now();
            let mapping = Arc::new(Mapping { id: Uuid::new_v4(), settings, created_at: now, updated_at: now });
            mapping_row::write(writer.transaction(), &[&mapping]).await?;
            audit::write(writer.transaction(), &actor, now, change("mapping-created", &mapping, &[])).await?;
            let _turn = writer.commit().await?;
            inner.memory.mappings.send_replace(Arc::new(set.with([Arc::clone(&mapping)])));
            Ok(mapping)
        };
        self.0.change(create).await
    }

    /// Replaces what was chosen of a mapping. Without a difference nothing is written.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], [`StoreError::Conflict`] if the domain is another one's, or what ails the database.
    pub async fn update(&self, actor: &Actor, id: Uuid, settings: MappingSettings) -> Result<Arc<Mapping>, StoreError> {
        self.edit(actor, id, |_before| settings).await
    }

    /// Turns a mapping on.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], or what ails the database.
    pub async fn enable(&self, actor: &Actor, id: Uuid) -> Result<Arc<Mapping>, StoreError> {
        self.edit(actor, id, |before| MappingSettings { enabled: true, ..before.clone() }).await
    }

    /// Turns a mapping off.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], or what ails the database.
    pub async fn disable(&self, actor: &Actor, id: Uuid) -> Result<Arc<Mapping>, StoreError> {
        self.edit(actor, id, |before| MappingSettings { enabled: false, ..before.clone() }).await
    }

    async fn edit(
        &self,
        actor: &Actor,
        id: Uuid,
        edit: impl FnOnce(&MappingSettings) -> MappingSettings + Send + 'static,
    ) -> Result<Arc<Mapping>, StoreError> {
        let inner = Arc::clone(&self.0.0);
        let actor = actor.clone();
        let edit = async move {
            let writer = inner.writer().await?;
            let set = Arc::clone(&inner.memory.mappings.borrow());
            let before = set.get(id).ok_or(StoreError::NotFound { what: "mapping" })?;
            let settings = edit(&before.settings);
            let fields = before.settings.changed(&settings);
            if fields.is_empty() {
                return Ok(Arc::clone(before));
            }
            if set.find(&settings.external_domain).is_some_and(|other| other.id != id) {
                return Err(StoreError::Conflict { field: "external_domain" }.into());
            }
            let now = inner.clock().now();
            let mapping = Arc::new(Mapping { id, settings, created_at: before.created_at, updated_at: now });
            mapping_row::write(writer.transaction(), &[&mapping]).await?;
            audit::write(writer.transaction(), &actor, now, change("mapping-updated", &mapping, &fields)).await?;
            let _turn = writer.commit().await?;
            inner.memory.mappings.send_replace(Arc::new(set.with([Arc::clone(&mapping)])));
            Ok(mapping)
        };
        self.0.change(edit).await
    }

    /// Deletes a mapping and answers what it was. Its log rows stay.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], or what ails the database.
    pub async fn delete(&self, actor: &Actor, id: Uuid) -> Result<Arc<Mapping>, StoreError> {
        let inner = Arc::clone(&self.0.0);
        let actor = actor.clone();
        let delete = async move {
            let writer = inner.writer().await?;
            let set = Arc::clone(&inner.memory.mappings.borrow());
            let mapping = set.get(id).ok_or(StoreError::NotFound { what: "mapping" })?;
            entity::mapping::Entity::delete_by_id(id).exec(writer.transaction()).await?;
            let now = inner.clock().now();
            audit::write(writer.transaction(), &actor, now, change("mapping-deleted", mapping, &[])).await?;
            let _turn = writer.commit().await?;
            inner.memory.mappings.send_replace(Arc::new(set.without(id)));
            Ok(Arc::clone(mapping))
        };
        self.0.change(delete).await
    }
}

/// What the audit says of a changed mapping.
pub(crate) fn change(action: &str, mapping: &Mapping, fields: &[&str]) -> Change {
    Change {
        action: action.to_owned(),
        subject: Some(mapping.id.to_string()),
        label: Some(mapping.settings.external_domain.clone()),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
    }
}
