//! Settings: keys and texts that outlive the process, such as the landing page.

use crate::{Actor, Store, StoreError};

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
        todo!()
    }

    /// Sets a key, and writes an audit entry if that changes it.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooLong`], [`StoreError::TooMany`], or what ails the database.
    pub async fn set(&self, actor: &Actor, key: &str, value: &str) -> Result<(), StoreError> {
        todo!()
    }

    /// Takes a key away, and writes an audit entry if it was there. Answers whether it was.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn remove(&self, actor: &Actor, key: &str) -> Result<bool, StoreError> {
        todo!()
    }
}
