//! The last failed sign-ins, for a person to see.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::convert::{cut, cut_option, duration_ms, from_ms, millis, time};
use crate::entity::sign_in_failure::{ActiveModel, Column, Entity};
use crate::limits::SIGN_IN_FAILURES_MAX;
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

/// The failed sign-ins of a store: the last [`SIGN_IN_FAILURES_MAX`].
#[derive(Debug, Clone, Copy)]
pub struct SignInFailures<'a>(pub(crate) &'a Store);

impl SignInFailures<'_> {
    /// Adds one, and forgets the oldest if there are too many.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn add(&self, failure: SignInFailure) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.0.0);
        let add = async move {
            let writer = inner.writer().await?;
            let row = ActiveModel {
                id: NotSet,
                at: Set(millis(failure.at)),
                address: Set(cut(failure.address)),
                user_agent: Set(cut_option(failure.user_agent)),
                locked_ms: Set(duration_ms(failure.locked)),
            };
            let added = Entity::insert(row).exec(writer.transaction()).await?;
            let kept = i64::from(SIGN_IN_FAILURES_MAX);
            Entity::delete_many()
                .filter(Column::Id.lte(added.last_insert_id - kept))
                .exec(writer.transaction())
                .await?;
            let _turn = writer.commit().await?;
            Ok(())
        };
        self.0.change(add).await
    }

    /// All of them, newest first.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn list(&self) -> Result<Vec<SignInFailure>, StoreError> {
        let read = async {
            let newest = Entity::find().order_by_desc(Column::Id).limit(u64::from(SIGN_IN_FAILURES_MAX));
            let rows = newest.all(&self.0.0.main.readers()?).await?;
            let failure = |row: crate::entity::sign_in_failure::Model| {
                Ok(SignInFailure {
                    at: time(row.at)?,
                    address: row.address,
                    user_agent: row.user_agent,
                    locked: from_ms(row.locked_ms),
                })
            };
            rows.into_iter().map(failure).collect()
        };
        self.0.read(read).await
    }
}
