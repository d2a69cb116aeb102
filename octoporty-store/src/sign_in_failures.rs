//! The last failed sign-ins, for a person to see.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::{Store, StoreError};

/// A sign-in that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInFailure {
    /// When, to the millisecond.
    pub at: DateTime<Utc>,
    /// Where from.
    pub address: String,
    /// What the browser says it is.
    pub user_agent: Option<String>,
    /// For how long the address was locked out by it; zero if it was not.
    pub locked: Duration,
}

/// The failed sign-ins of a store: the last [`SIGN_IN_FAILURES_MAX`](crate::limits::SIGN_IN_FAILURES_MAX).
#[derive(Debug, Clone, Copy)]
pub struct SignInFailures<'a>(pub(crate) &'a Store);

impl SignInFailures<'_> {
    /// Adds one, and forgets the oldest if there are too many.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn add(&self, failure: SignInFailure) -> Result<(), StoreError> {
        todo!()
    }

    /// All of them, newest first.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn list(&self) -> Result<Vec<SignInFailure>, StoreError> {
        todo!()
    }
}
