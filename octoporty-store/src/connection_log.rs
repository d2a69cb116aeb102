//! The connection log: each try to reach the Gateway, and what came of it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, Iterable, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::convert::{cut, cut_option, duration_ms, from_ms, millis, number, time, unsigned};
use crate::database::Fault;
use crate::entity::connection::{ActiveModel, Column, Entity, Model};
use crate::limits::PAGE_ROWS_MAX;
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

/// Which connections; those that satisfy all that is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionFilter {
    /// Those of which this came.
    pub outcome: Option<ConnectionOutcome>,
    /// Those that were tried then or later.
    pub from: Option<DateTime<Utc>>,
    /// Those that were tried before.
    pub to: Option<DateTime<Utc>>,
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
        let inner = Arc::clone(&self.0.0);
        let put = async move {
            let writer = inner.logs.writer().await?;
            let row = to_row(inner.sequence.number(record.attempted_at), record);
            // The row number stays, and with it the place in the pages.
            let others = Column::iter().filter(|column| !matches!(column, Column::Seq | Column::Id));
            let replace = OnConflict::column(Column::Id).update_columns(others).to_owned();
            Entity::insert(row).on_conflict(replace).exec_without_returning(writer.transaction()).await?;
            let _turn = writer.commit().await?;
            Ok(())
        };
        self.0.change_logs(put).await
    }

    /// Marks all that are still open as lost, with this code and reason, and answers how many were. For the start of
    /// a program: what it finds open, it left so when it was killed.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn abandon_open(&self, code: &str, reason: &str) -> Result<u64, StoreError> {
        let inner = Arc::clone(&self.0.0);
        let (code, reason) = (cut(code.to_owned()), cut(reason.to_owned()));
        let abandon = async move {
            let writer = inner.logs.writer().await?;
            let abandoned = Entity::update_many()
                .col_expr(Column::Outcome, Expr::value(outcome_to_number(ConnectionOutcome::Lost)))
                .col_expr(Column::Code, Expr::value(code))
                .col_expr(Column::Reason, Expr::value(reason))
                .filter(Column::Outcome.eq(outcome_to_number(ConnectionOutcome::Open)))
                .exec(writer.transaction())
                .await?;
            let _turn = writer.commit().await?;
            Ok(abandoned.rows_affected)
        };
        self.0.change_logs(abandon).await
    }

    /// Connections, newest first by when they were tried; [`PAGE_ROWS_MAX`] at most.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn page(
        &self,
        filter: &ConnectionFilter,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<ConnectionPage, StoreError> {
        let limit = limit.clamp(1, PAGE_ROWS_MAX);
        let read = async {
            let mut query = Entity::find().order_by_desc(Column::Seq).limit(u64::from(limit) + 1);
            if let Some(cursor) = cursor {
                query = query.filter(Column::Seq.lt(cursor.0));
            }
            if let Some(outcome) = filter.outcome {
                query = query.filter(Column::Outcome.eq(outcome_to_number(outcome)));
            }
            if let Some(from) = filter.from {
                query = query.filter(Column::AttemptedAt.gte(millis(from)));
            }
            if let Some(to) = filter.to {
                query = query.filter(Column::AttemptedAt.lt(millis(to)));
            }
            let mut rows = query.all(&self.0.0.logs.readers()?).await?;
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let more = rows.len() > limit;
            rows.truncate(limit);
            let next = rows.last().filter(|_| more).map(|row| Cursor(row.seq));
            let connections = rows.into_iter().map(from_row).collect::<Result<_, Fault>>()?;
            Ok(ConnectionPage { connections, next })
        };
        self.0.read_logs(read).await
    }
}

/// All outcomes, each at the place that stands for it in a row.
const OUTCOMES: [ConnectionOutcome; 5] = [
    ConnectionOutcome::Open,
    ConnectionOutcome::Closed,
    ConnectionOutcome::Lost,
    ConnectionOutcome::Refused,
    ConnectionOutcome::Failed,
];

const fn outcome_to_number(outcome: ConnectionOutcome) -> i64 {
    match outcome {
        ConnectionOutcome::Open => 0,
        ConnectionOutcome::Closed => 1,
        ConnectionOutcome::Lost => 2,
        ConnectionOutcome::Refused => 3,
        ConnectionOutcome::Failed => 4,
    }
}

fn to_row(seq: i64, record: ConnectionRecord) -> ActiveModel {
    ActiveModel {
        seq: Set(seq),
        id: Set(record.id),
        attempted_at: Set(millis(record.attempted_at)),
        connected_at: Set(record.connected_at.map(millis)),
        ended_at: Set(record.ended_at.map(millis)),
        duration_ms: Set(duration_ms(record.duration)),
        outcome: Set(outcome_to_number(record.outcome)),
        code: Set(cut_option(record.code)),
        reason: Set(cut_option(record.reason)),
        lanes: Set(record.lanes.into()),
        bytes_in: Set(number(record.bytes_in)),
        bytes_out: Set(number(record.bytes_out)),
        requests: Set(number(record.requests)),
        gateway_version: Set(cut_option(record.gateway_version)),
        gateway_address: Set(cut_option(record.gateway_address)),
    }
}

fn from_row(row: Model) -> Result<ConnectionRecord, Fault> {
    let outcome = usize::try_from(row.outcome).ok().and_then(|outcome| OUTCOMES.get(outcome));
    Ok(ConnectionRecord {
        id: row.id,
        attempted_at: time(row.attempted_at)?,
        connected_at: row.connected_at.map(time).transpose()?,
        ended_at: row.ended_at.map(time).transpose()?,
        duration: from_ms(row.duration_ms),
        outcome: *outcome.ok_or_else(|| Fault::damaged(format!("no outcome: {}", row.outcome)))?,
        code: row.code,
        reason: row.reason,
        lanes: u32::try_from(row.lanes).unwrap_or_default(),
        bytes_in: unsigned(row.bytes_in),
        bytes_out: unsigned(row.bytes_out),
        requests: unsigned(row.requests),
        gateway_version: row.gateway_version,
        gateway_address: row.gateway_address,
    })
}
