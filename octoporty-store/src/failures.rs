//! Failures, counted by what they have in common.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement};
use uuid::Uuid;

use crate::convert::{cut, millis, number, time, unsigned};
use crate::database::Fault;
use crate::limits::{FAILURE_GROUPS_MAX, PAGE_ROWS_MAX};
use crate::request_row::{side_from_number, side_to_number};
use crate::{Failure, Store, StoreError};

/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;

/// Failures that have side, cause, sentence and mapping in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureGroup {
    /// Side, cause and sentence.
    pub failure: Failure,
    /// The mapping, if there was one.
    pub mapping: Option<Uuid>,
    /// How many there were; when they are added, how many more.
    pub count: u64,
    /// When the last of them was.
    pub last_at: DateTime<Utc>,
    /// The request id of the last of them.
    pub example: Option<Uuid>,
}

/// The failures of a store: those of the last 7 days, and [`FAILURE_GROUPS_MAX`] groups for each hour at most.
#[derive(Debug, Clone, Copy)]
pub struct Failures<'a>(pub(crate) &'a Store);

impl Failures<'_> {
    /// Adds to what is written, in one transaction. A group beyond the bound of its hour is left out.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn add(&self, groups: Vec<FailureGroup>) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.0.0);
        let add = async move {
            let writer = inner.logs.writer().await?;
            for group in groups {
                add_group(writer.transaction(), group).await?;
            }
            let _turn = writer.commit().await?;
            Ok(())
        };
        self.0.change_logs(add).await
    }

    /// Groups with a failure at `from` or later (counted from the hour of `from` on), the one met last first;
    /// [`PAGE_ROWS_MAX`] at most.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn since(&self, from: DateTime<Utc>, limit: u32) -> Result<Vec<FailureGroup>, StoreError> {
        // Of the columns beside an aggregate max(), SQLite gives those of the row that has it.
        let sql = "SELECT scope, side, cause, message, sum(count) AS count, max(last_at) AS last_at, example \
                   FROM failure WHERE hour >= ? GROUP BY scope, side, cause, message HAVING max(last_at) >= ? \
                   ORDER BY last_at DESC LIMIT ?";
        let values = [millis(from).div_euclid(HOUR).into(), millis(from).into(), limit.clamp(1, PAGE_ROWS_MAX).into()];
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        let read = async {
            let rows = Row::find_by_statement(statement).all(&self.0.0.logs.readers()?).await?;
            rows.into_iter().map(from_row).collect()
        };
        self.0.read_logs(read).await
    }
}

#[derive(Debug, FromQueryResult)]
struct Row {
    scope: Vec<u8>,
    side: i64,
    cause: String,
    message: String,
    count: i64,
    last_at: i64,
    example: Option<Uuid>,
}

async fn add_group(connection: &impl ConnectionTrait, group: FailureGroup) -> Result<(), Fault> {
    let hour = millis(group.last_at).div_euclid(HOUR);
    let scope = group.mapping.map_or_else(Vec::new, |mapping| mapping.as_bytes().to_vec());
    let update = "UPDATE failure SET count = count + ?, example = iif(last_at <= ?, ?, example), \
                  last_at = max(last_at, ?) WHERE hour = ? AND scope = ? AND side = ? AND cause = ? AND message = ?";
    let (side, cause, message) =
        (side_to_number(group.failure.side), cut(group.failure.cause), cut(group.failure.message));
    let (count, last_at) = (number(group.count), millis(group.last_at));
    let values = [
        count.into(),
        last_at.into(),
        group.example.into(),
        last_at.into(),
        hour.into(),
        scope.clone().into(),
        side.into(),
        cause.as_str().into(),
        message.as_str().into(),
    ];
    let updated = connection.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, update, values)).await?;
    if updated.rows_affected() > 0 {
        return Ok(());
    }
    let insert = "INSERT INTO failure (hour, scope, side, cause, message, count, last_at, example) \
                  SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM failure WHERE hour = ?) < ?";
    let values = [
        hour.into(),
        scope.into(),
        side.into(),
        cause.into(),
        message.into(),
        count.into(),
        last_at.into(),
        group.example.into(),
        hour.into(),
        FAILURE_GROUPS_MAX.into(),
    ];
    connection.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, insert, values)).await?;
    Ok(())
}

fn from_row(row: Row) -> Result<FailureGroup, Fault> {
    let mapping = match row.scope.as_slice() {
        [] => None,
        id => Some(Uuid::from_slice(id).map_err(|error| Fault::damaged(format!("the scope of a failure: {error}")))?),
    };
    Ok(FailureGroup {
        failure: Failure { side: side_from_number(row.side)?, cause: row.cause, message: row.message },
        mapping,
        count: unsigned(row.count),
        last_at: time(row.last_at)?,
        example: row.example,
    })
}
