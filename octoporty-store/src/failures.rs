//! Failures, counted by what they have in common.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{Failure, Store, StoreError};

/// Failures that have all of this in common, in one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureCount {
    /// Side, cause and sentence.
    pub failure: Failure,
    /// The mapping, if there was one.
    pub mapping: Option<Uuid>,
    /// How many more.
    pub count: u64,
    /// When the last of them was.
    pub last_at: DateTime<Utc>,
    /// The request id of the last of them.
    pub example: Option<Uuid>,
}

/// Failures that have all of this in common.
pub type FailureGroup = FailureCount;

/// The failures of a store: those of the last 7 days, 1,000 groups at most.
#[derive(Debug, Clone, Copy)]
pub struct Failures<'a>(pub(crate) &'a Store);

impl Failures<'_> {
    /// Adds to what is written, in one transaction.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn add(&self, counts: Vec<FailureCount>) -> Result<(), StoreError> {
        todo!()
    }

    /// Groups with a failure at `from` or later (to the hour), the one met last first.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn since(&self, from: DateTime<Utc>, limit: u32) -> Result<Vec<FailureGroup>, StoreError> {
        todo!()
    }
}
