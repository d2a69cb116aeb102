//! The connection log: each try to reach the Gateway, and what came of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{Cursor, Store, StoreError};

/// What came of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionOutcome {
    /// It is open.
    Open,
    /// One side ended it in good order.
    Closed,
    /// It broke.
    Lost,
    /// The Gateway refused it.
    Refused,
    /// It was never made.
    Failed,
}

/// A connection, or a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionRecord {
    /// Who it is; the caller's choice, the same at each [`ConnectionLog::put`].
    pub id: Uuid,
    /// When the try began, to the millisecond.
    pub attempted_at: DateTime<Utc>,
    /// When it was made, if it was.
    pub connected_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// From made to ended, or so far.
    pub duration: Duration,
    /// What came of it.
    pub outcome: ConnectionOutcome,
    /// A word for programs, such as `keepalive-timeout`.
    pub code: Option<String>,
    /// A sentence for a person.
    pub reason: Option<String>,
    /// Lanes it had.
    pub lanes: u32,
    /// Bytes from the Gateway.
    pub bytes_in: u64,
    /// Bytes to the Gateway.
    pub bytes_out: u64,
    /// Requests that came through.
    pub requests: u64,
    /// What the Gateway says it is.
    pub gateway_version: Option<String>,
    /// Its address.
    pub gateway_address: Option<String>,
}

/// Some connections, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionPage {
    /// The connections.
    pub connections: Vec<ConnectionRecord>,
    /// Where the next page starts; `None` if there is none.
    pub next: Option<Cursor>,
}

/// The connection log of a store.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLog<'a>(pub(crate) &'a Store);

impl ConnectionLog<'_> {
    /// Writes a connection, in place of what was written of it before.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn put(&self, record: ConnectionRecord) -> Result<(), StoreError> {
        todo!()
    }

    /// Marks all that are still open as lost, with this code and reason, and answers how many were. For the start of
    /// a program: what it finds open, it left so when it was killed.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn abandon_open(&self, code: &str, reason: &str) -> Result<u64, StoreError> {
        todo!()
    }

    /// Connections, newest first by when they were tried; [`PAGE_ROWS_MAX`](crate::limits::PAGE_ROWS_MAX) at most.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn page(&self, cursor: Option<Cursor>, limit: u32) -> Result<ConnectionPage, StoreError> {
        todo!()
    }
}
