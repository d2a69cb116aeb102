//! What each connection was told, which no other connection can see.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{Database, Spec};
use crate::migration::{LOGS, MAIN};
use crate::{Clock, Location};

async fn asked(connection: &impl ConnectionTrait, pragma: &str) -> i64 {
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {pragma}"))).await;
    row.expect(pragma).expect("a row").try_get_by_index(0).expect("a number")
}

// R58
#[tokio::test]
async fn connections_are_told_to_wait_and_when_to_write_through() {
    const NORMAL: i64 = 1;
    const FULL: i64 = 2;
    let directory = tempfile::tempdir().unwrap();
    for (name, schema, durable, synchronous) in [("main.db", &MAIN, true, FULL), ("logs.db", &LOGS, false, NORMAL)] {
        let spec = Spec { location: Location::file(directory.path().join(name)), schema, durable };
        let database = Arc::new(Database::new(spec, Clock::default()));
        let writer = database.writer().await.unwrap();
        assert_eq!(asked(writer.transaction(), "synchronous").await, synchronous, "{name}");
        assert_eq!(asked(writer.transaction(), "foreign_keys").await, 1);
        assert_eq!(asked(writer.transaction(), "busy_timeout").await, 5_000);
        drop(writer);
        // The same after the connection was replaced.
        database.suspect.store(true, std::sync::atomic::Ordering::Release);
        let writer = database.writer().await.unwrap();
        assert_eq!(asked(writer.transaction(), "synchronous").await, synchronous, "{name}");
        assert_eq!(asked(writer.transaction(), "foreign_keys").await, 1);
        drop(writer);
        database.close().await;
    }
}

// R58
#[tokio::test]
async fn one_writes_at_a_time() {
    let database =
        Arc::new(Database::new(Spec { location: Location::Memory, schema: &LOGS, durable: false }, Clock::default()));
    let first = database.writer().await.unwrap();
    let second = database.writer();
    tokio::pin!(second);
    let early = tokio::time::timeout(std::time::Duration::from_millis(50), &mut second).await;
    assert!(early.is_err(), "the second waits");
    let turn = first.commit().await.unwrap();
    let early = tokio::time::timeout(std::time::Duration::from_millis(50), &mut second).await;
    assert!(early.is_err(), "the turn goes on after the commit");
    drop(turn);
    second.await.unwrap();
}
