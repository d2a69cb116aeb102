//! Minutes: what happened in each, in all and for each mapping. Added up as things happen, never counted from the logs.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{Histogram, Side, Store, StoreError};

/// Failures, by side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FailuresBySide {
    /// At the internal service.
    pub service: u64,
    /// In the tunnel.
    pub tunnel: u64,
    /// In the Gateway or the Agent.
    pub gateway: u64,
    /// By the visitor.
    pub visitor: u64,
}

impl FailuresBySide {
    /// Counts one.
    pub fn count(&mut self, side: Side) {
        todo!()
    }

    /// All sides.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.service.saturating_add(self.tunnel).saturating_add(self.gateway).saturating_add(self.visitor)
    }
}

/// What happened in one minute, in all or for one mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinuteRecord {
    /// The minute's start. Cut to a whole minute when it is written.
    pub minute: DateTime<Utc>,
    /// The mapping; `None` for all together.
    pub mapping: Option<Uuid>,
    /// Requests that ended.
    pub requests: u64,
    /// Those that failed.
    pub failures: FailuresBySide,
    /// How long they took.
    pub durations: Histogram,
    /// Bytes of answers.
    pub bytes_to_visitors: u64,
    /// Bytes of requests.
    pub bytes_from_visitors: u64,
    /// For how much of the minute the program ran and so knows; zero for a mapping.
    pub observed: Duration,
    /// For how much of that the tunnel was up; zero for a mapping.
    pub tunnel_up: Duration,
}

impl MinuteRecord {
    /// A minute in which nothing happened.
    #[must_use]
    pub fn new(minute: DateTime<Utc>, mapping: Option<Uuid>) -> Self {
        todo!()
    }

    /// Adds all of another one, whatever its minute and mapping.
    pub fn merge(&mut self, other: &Self) {
        todo!()
    }
}

/// The minutes of a store: those of the last 7 days ([`HISTORY_KEPT`](crate::limits::HISTORY_KEPT)).
#[derive(Debug, Clone, Copy)]
pub struct Minutes<'a>(pub(crate) &'a Store);

impl Minutes<'_> {
    /// Adds to what is written of each record's minute and mapping, all in one transaction. Adding, so that the two
    /// halves of a minute with a restart in it make a whole one.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn add(&self, records: Vec<MinuteRecord>) -> Result<(), StoreError> {
        todo!()
    }

    /// The minutes from `from` on and before `to`, oldest first: of one mapping, or with `None` of all together. Minutes
    /// in which nothing was written are left out.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn range(
        &self,
        mapping: Option<Uuid>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<MinuteRecord>, StoreError> {
        todo!()
    }

    /// All mappings' minutes from `from` on and before `to`, added up per mapping, busiest first; `minute` is `from`.
    /// Reads each minute of each mapping, so ask for a day once and go on in memory.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn totals(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<MinuteRecord>, StoreError> {
        todo!()
    }
}
