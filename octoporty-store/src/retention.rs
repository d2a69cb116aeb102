//! Forgetting: what is too old or too much goes, in small steps, and the file gets smaller.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};
use tokio_util::sync::CancellationToken;

use crate::convert::millis;
use crate::database::{Database, Fault};
use crate::inner::Memory;
use crate::limits::{HISTORY_KEPT, MINUTE_ROWS_MAX};
use crate::{StoreConfig, live_sessions, sequence};

/// How often the store forgets.
const EVERY: Duration = Duration::from_secs(5 * 60);
/// The first time, so that a start is not held up, and a program that never runs for long forgets too.
const FIRST: Duration = Duration::from_secs(60);
/// Rows that go in one transaction, so that other writers wait some milliseconds at most.
const ROWS_PER_STEP: u32 = 1_000;
/// The pause between two steps, for other writers.
const PAUSE: Duration = Duration::from_millis(10);
/// Free pages of 4 KiB that stay for the rows to come. Giving each back would only make work.
const FREE_PAGES_KEPT: i64 = 256;
/// Pages that are given back in one step.
const PAGES_PER_STEP: i64 = 256;

/// What a round of forgetting deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Rows of the request log.
    pub requests: u64,
    /// Rows of the connection log.
    pub connections: u64,
    /// Rows of minutes, failures and tunnel states.
    pub history: u64,
}

/// Forgets each few minutes.
pub(crate) async fn run(
    main: Arc<Database>,
    logs: Arc<Database>,
    memory: Arc<Memory>,
    config: StoreConfig,
    closing: CancellationToken,
) {
    let mut ticks = interval_at(Instant::now() + FIRST, EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let round = async {
            ticks.tick().await;
            if let Err(fault) = forget_sessions(&main, &memory, &config).await {
                let _told_as_health = main.fault(fault);
            }
            match prune(&logs, &config).await {
                Ok(pruned) if pruned != Pruned::default() => tracing::debug!(?pruned, "old rows were deleted"),
                Ok(_) => {}
                Err(fault) => {
                    let _told_as_health = logs.fault(fault);
                }
            }
        };
        tokio::select! {
            () = closing.cancelled() => return,
            () = round => {}
        }
    }
}

/// Deletes sessions that are over.
pub(crate) async fn forget_sessions(main: &Arc<Database>, memory: &Memory, config: &StoreConfig) -> Result<(), Fault> {
    let writer = memory.writer(main).await?;
    let dead = memory.sessions.dead();
    let deleted = live_sessions::delete_over(writer.transaction(), &dead, config.clock.now()).await?;
    if deleted > 0 {
        let _turn = writer.commit().await?;
    }
    memory.sessions.bury(dead);
    Ok(())
}

/// Deletes what is past the retention, and gives the space back.
pub(crate) async fn prune(logs: &Arc<Database>, config: &StoreConfig) -> Result<Pruned, Fault> {
    let now = config.clock.now();
    let retention = config.retention;
    let before = |age| sequence::first(earlier(now, age));
    let requests = Table { name: "request", key: "seq" };
    let connections = Table { name: "connection", key: "seq" };
    let mut pruned = Pruned::default();

    let bound = requests.bound(logs, before(retention.request_age), retention.request_rows).await?;
    pruned.requests = requests.delete(logs, bound).await?;
    // Headers of requests that are gone are found by nobody.
    Table { name: "request_headers", key: "seq" }.delete(logs, bound).await?;
    let bound = connections.bound(logs, before(retention.connection_age), retention.connection_rows).await?;
    pruned.connections = connections.delete(logs, bound).await?;

    let oldest = millis(earlier(now, HISTORY_KEPT));
    let minutes = Table { name: "minute", key: "minute" };
    let bound = minutes.bound(logs, oldest / 60_000, MINUTE_ROWS_MAX.into()).await?;
    pruned.history += minutes.delete(logs, bound).await?;
    pruned.history += Table { name: "failure", key: "hour" }.delete(logs, oldest / 3_600_000).await?;
    pruned.history += Table { name: "tunnel_span", key: "ended_at" }.delete(logs, oldest).await?;

    give_back(logs).await?;
    Ok(pruned)
}

fn earlier(now: DateTime<Utc>, age: Duration) -> DateTime<Utc> {
    let age = TimeDelta::from_std(age).unwrap_or(TimeDelta::MAX);
    now.checked_sub_signed(age).unwrap_or(DateTime::UNIX_EPOCH)
}

/// A table whose rows go by a key that rises with time.
#[derive(Debug, Clone, Copy)]
struct Table {
    name: &'static str,
    key: &'static str,
}

impl Table {
    /// The key below which rows are to go: `oldest`, or more if there are too many from there on.
    async fn bound(self, logs: &Database, oldest: i64, rows_max: u64) -> Result<i64, Fault> {
        let Self { name, key } = self;
        let sql = format!("SELECT {key} + 1 FROM {name} ORDER BY {key} DESC LIMIT 1 OFFSET ?");
        let offset = i64::try_from(rows_max).unwrap_or(i64::MAX);
        let row = logs.readers()?.query_one_raw(statement(sql, [offset.into()])).await?;
        let by_rows: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
        Ok(oldest.max(by_rows.unwrap_or(i64::MIN)))
    }

    async fn delete(self, logs: &Arc<Database>, bound: i64) -> Result<u64, Fault> {
        let Self { name, key } = self;
        let mut deleted = 0;
        loop {
            let last = self.last_of_step(logs, bound).await?;
            let Some(last) = last else { return Ok(deleted) };
            let writer = logs.writer().await?;
            let sql = format!("DELETE FROM {name} WHERE {key} <= ?");
            deleted += writer.transaction().execute_raw(statement(sql, [last.into()])).await?.rows_affected();
            let _turn = writer.commit().await?;
            drop(_turn);
            sleep(PAUSE).await;
        }
    }

    /// The key up to which rows go in one step; `None` if none are left.
    async fn last_of_step(self, logs: &Database, bound: i64) -> Result<Option<i64>, Fault> {
        let Self { name, key } = self;
        let sql = format!("SELECT max({key}) FROM (SELECT {key} FROM {name} WHERE {key} < ? ORDER BY {key} LIMIT ?)");
        let row = logs.readers()?.query_one_raw(statement(sql, [bound.into(), ROWS_PER_STEP.into()])).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.flatten())
    }
}

/// Gives free pages back to the file system.
async fn give_back(logs: &Arc<Database>) -> Result<(), Fault> {
    let mut shrunk = false;
    loop {
        let row = logs.readers()?.query_one_raw(statement("PRAGMA freelist_count", [])).await?;
        let free: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
        if free <= FREE_PAGES_KEPT {
            break;
        }
        let pages = PAGES_PER_STEP.min(free - FREE_PAGES_KEPT);
        logs.maintain(&[&format!("PRAGMA incremental_vacuum({pages})")]).await?;
        shrunk = true;
        sleep(PAUSE).await;
    }
    if shrunk {
        // The file itself gets smaller when the write-ahead log is written back to it.
        logs.maintain(&["PRAGMA wal_checkpoint(PASSIVE)"]).await?;
    }
    Ok(())
}

fn statement<const N: usize>(sql: impl Into<String>, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}
