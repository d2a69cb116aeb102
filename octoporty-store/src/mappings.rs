//! The mappings: all of them in memory for reading, each change on disk before it is seen.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;
use uuid::Uuid;

use crate::{Actor, Mapping, MappingSettings, Store, StoreError};

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
        todo!()
    }

    /// All mappings now, and after each change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<MappingSet>> {
        todo!()
    }

    /// Makes a mapping with a new id.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the domain is taken, [`StoreError::TooMany`], or what ails the database.
    pub async fn create(&self, actor: &Actor, settings: MappingSettings) -> Result<Arc<Mapping>, StoreError> {
        todo!()
    }

    /// Replaces what was chosen of a mapping. Without a difference nothing is written.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], [`StoreError::Conflict`] if the domain is another one's, or what ails the database.
    pub async fn update(&self, actor: &Actor, id: Uuid, settings: MappingSettings) -> Result<Arc<Mapping>, StoreError> {
        todo!()
    }

    /// Turns a mapping on.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], or what ails the database.
    pub async fn enable(&self, actor: &Actor, id: Uuid) -> Result<Arc<Mapping>, StoreError> {
        todo!()
    }

    /// Turns a mapping off.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], or what ails the database.
    pub async fn disable(&self, actor: &Actor, id: Uuid) -> Result<Arc<Mapping>, StoreError> {
        todo!()
    }

    /// Deletes a mapping and answers what it was. Its log rows stay.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], or what ails the database.
    pub async fn delete(&self, actor: &Actor, id: Uuid) -> Result<Arc<Mapping>, StoreError> {
        todo!()
    }
}
