//! Minutes: what happened in each, in all and for each mapping. Added up as things happen, never counted from the logs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, Iterable, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::convert::{duration_ms, from_ms, number, time, unsigned};
use crate::database::Fault;
use crate::entity::minute::{ActiveModel, Column, Entity, Model};
use crate::{Histogram, Side, Store, StoreError};

/// Rows of one statement; times their columns well below the 32,766 values that SQLite takes.
const ROWS_PER_STATEMENT: usize = 500;
/// Milliseconds of a minute.
const MINUTE: i64 = 60_000;

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
        let count = match side {
            Side::Service => &mut self.service,
            Side::Tunnel => &mut self.tunnel,
            Side::Gateway => &mut self.gateway,
            Side::Visitor => &mut self.visitor,
        };
        *count = count.saturating_add(1);
    }

    fn merge(&mut self, other: &Self) {
        self.service = self.service.saturating_add(other.service);
        self.tunnel = self.tunnel.saturating_add(other.tunnel);
        self.gateway = self.gateway.saturating_add(other.gateway);
        self.visitor = self.visitor.saturating_add(other.visitor);
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
        Self {
            minute,
            mapping,
            requests: 0,
            failures: FailuresBySide::default(),
            durations: Histogram::default(),
            bytes_to_visitors: 0,
            bytes_from_visitors: 0,
            observed: Duration::ZERO,
            tunnel_up: Duration::ZERO,
        }
    }

    /// Adds all of another one, whatever its minute and mapping.
    pub fn merge(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.failures.merge(&other.failures);
        self.durations.merge(&other.durations);
        self.bytes_to_visitors = self.bytes_to_visitors.saturating_add(other.bytes_to_visitors);
        self.bytes_from_visitors = self.bytes_from_visitors.saturating_add(other.bytes_from_visitors);
        self.observed = self.observed.saturating_add(other.observed);
        self.tunnel_up = self.tunnel_up.saturating_add(other.tunnel_up);
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
        let inner = Arc::clone(&self.0.0);
        let add = async move {
            let writer = inner.logs.writer().await?;
            for chunk in together(records).chunks_mut(ROWS_PER_STATEMENT) {
                add_to(writer.transaction(), chunk).await?;
            }
            let _turn = writer.commit().await?;
            Ok(())
        };
        self.0.change_logs(add).await
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
        let read = async {
            let rows = Entity::find()
                .filter(Column::Scope.eq(scope(mapping)))
                .filter(Column::Minute.gte(first_minute(from)))
                .filter(Column::Minute.lt(first_minute(to)))
                .order_by_asc(Column::Minute)
                .all(&self.0.0.logs.readers()?)
                .await?;
            rows.iter().map(from_row).collect()
        };
        self.0.read_logs(read).await
    }

    /// All mappings' minutes from `from` on and before `to`, added up per mapping, busiest first; `minute` is `from`.
    /// Reads each minute of each mapping, so ask for a day once and go on in memory.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn totals(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<MinuteRecord>, StoreError> {
        let read = async {
            let rows = Entity::find()
                .filter(Column::Scope.ne(scope(None)))
                .filter(Column::Minute.gte(first_minute(from)))
                .filter(Column::Minute.lt(first_minute(to)))
                .all(&self.0.0.logs.readers()?)
                .await?;
            let mut totals = HashMap::new();
            for row in rows {
                let record = from_row(&row)?;
                totals.entry(record.mapping).or_insert_with(|| MinuteRecord::new(from, record.mapping)).merge(&record);
            }
            let mut totals: Vec<_> = totals.into_values().collect();
            totals.sort_by_key(|total| (std::cmp::Reverse(total.requests), total.mapping));
            Ok(totals)
        };
        self.0.read_logs(read).await
    }
}

/// What a row is about: a mapping's id, or nothing for all.
fn scope(mapping: Option<Uuid>) -> Vec<u8> {
    mapping.map_or_else(Vec::new, |mapping| mapping.as_bytes().to_vec())
}

/// The first whole minute that does not begin before.
const fn first_minute(at: DateTime<Utc>) -> i64 {
    let millis = at.timestamp_millis();
    millis.div_euclid(MINUTE) + if millis.rem_euclid(MINUTE) == 0 { 0 } else { 1 }
}

/// One record for each minute and mapping.
fn together(records: Vec<MinuteRecord>) -> Vec<(i64, MinuteRecord)> {
    let mut together: HashMap<(i64, Option<Uuid>), MinuteRecord> = HashMap::with_capacity(records.len());
    for record in records {
        let minute = record.minute.timestamp_millis().div_euclid(MINUTE);
        match together.entry((minute, record.mapping)) {
            std::collections::hash_map::Entry::Occupied(mut there) => there.get_mut().merge(&record),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(record);
            }
        }
    }
    together.into_iter().map(|((minute, _), record)| (minute, record)).collect()
}

/// Adds records to what is there of their minutes.
async fn add_to(connection: &impl ConnectionTrait, records: &mut [(i64, MinuteRecord)]) -> Result<(), Fault> {
    let minutes: std::collections::BTreeSet<_> = records.iter().map(|(minute, _)| *minute).collect();
    let scopes = records.iter().map(|(_, record)| scope(record.mapping));
    let there = Entity::find()
        .filter(Column::Minute.is_in(minutes))
        .filter(Column::Scope.is_in(scopes))
        .all(connection)
        .await?;
    let mut there: HashMap<_, _> = there.into_iter().map(|row| ((row.minute, row.scope.clone()), row)).collect();
    let mut rows = Vec::with_capacity(records.len());
    for (minute, record) in records {
        if let Some(row) = there.remove(&(*minute, scope(record.mapping))) {
            record.merge(&from_row(&row)?);
        }
        rows.push(to_row(*minute, record));
    }
    let others = Column::iter().filter(|column| !matches!(column, Column::Scope | Column::Minute));
    let replace = OnConflict::columns([Column::Scope, Column::Minute]).update_columns(others).to_owned();
    Entity::insert_many(rows).on_conflict(replace).exec_without_returning(connection).await?;
    Ok(())
}

fn to_row(minute: i64, record: &MinuteRecord) -> ActiveModel {
    ActiveModel {
        scope: Set(scope(record.mapping)),
        minute: Set(minute),
        requests: Set(number(record.requests)),
        failed_service: Set(number(record.failures.service)),
        failed_tunnel: Set(number(record.failures.tunnel)),
        failed_gateway: Set(number(record.failures.gateway)),
        failed_visitor: Set(number(record.failures.visitor)),
        durations: Set(record.durations.to_bytes()),
        bytes_to_visitors: Set(number(record.bytes_to_visitors)),
        bytes_from_visitors: Set(number(record.bytes_from_visitors)),
        observed_ms: Set(duration_ms(record.observed)),
        tunnel_up_ms: Set(duration_ms(record.tunnel_up)),
    }
}

fn from_row(row: &Model) -> Result<MinuteRecord, Fault> {
    let mapping = match row.scope.as_slice() {
        [] => None,
        id => Some(Uuid::from_slice(id).map_err(|error| Fault::damaged(format!("the scope of a minute: {error}")))?),
    };
    Ok(MinuteRecord {
        minute: time(row.minute.saturating_mul(MINUTE))?,
        mapping,
        requests: unsigned(row.requests),
        failures: FailuresBySide {
            service: unsigned(row.failed_service),
            tunnel: unsigned(row.failed_tunnel),
            gateway: unsigned(row.failed_gateway),
            visitor: unsigned(row.failed_visitor),
        },
        durations: Histogram::from_bytes(&row.durations)
            .ok_or_else(|| Fault::damaged("the durations of a minute".to_owned()))?,
        bytes_to_visitors: unsigned(row.bytes_to_visitors),
        bytes_from_visitors: unsigned(row.bytes_from_visitors),
        observed: from_ms(row.observed_ms),
        tunnel_up: from_ms(row.tunnel_up_ms),
    })
}
