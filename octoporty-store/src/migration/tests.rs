//! Migrations with schemas of these tests' own: what a released one will do to files of the one before.

use std::path::{Path, PathBuf};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::{LOGS, MAIN, Schema};
use crate::clock::Clock;
use crate::database::{Database, Fault, Spec};
use crate::{Location, ProblemKind};

const APPLICATION: i32 = 77;
const STEPS: [&str; 6] = [
    "CREATE TABLE a (x); INSERT INTO a VALUES (1)",
    "ALTER TABLE a ADD COLUMN y DEFAULT 2",
    "CREATE TABLE b (x)",
    "CREATE TABLE c (x)",
    "CREATE TABLE d (x)",
    "CREATE TABLE e (x)",
];

static UP_TO: [Schema; 7] = [
    Schema { application: APPLICATION, steps: &[] },
    Schema { application: APPLICATION, steps: &[STEPS[0]] },
    Schema { application: APPLICATION, steps: &[STEPS[0], STEPS[1]] },
    Schema { application: APPLICATION, steps: &[STEPS[0], STEPS[1], STEPS[2]] },
    Schema { application: APPLICATION, steps: &[STEPS[0], STEPS[1], STEPS[2], STEPS[3]] },
    Schema { application: APPLICATION, steps: &[STEPS[0], STEPS[1], STEPS[2], STEPS[3], STEPS[4]] },
    Schema { application: APPLICATION, steps: &STEPS },
];

static BROKEN: Schema = Schema {
    application: APPLICATION,
    steps: &[STEPS[0], "CREATE TABLE z (x); DELETE FROM a; INSERT INTO nowhere VALUES (1)"],
};

struct Open {
    database: std::sync::Arc<Database>,
    connection: DatabaseConnection,
}

async fn open(path: &Path, schema: &'static Schema) -> Result<Open, Fault> {
    let spec = Spec { location: Location::file(path), schema, durable: true };
    let database = std::sync::Arc::new(Database::new(spec, Clock::default()));
    database.open().await?;
    let connection = database.readers()?;
    Ok(Open { database, connection })
}

impl Open {
    async fn number(&self, sql: &str) -> i64 {
        number(&self.connection, sql).await
    }

    async fn close(self) {
        self.database.close().await;
    }
}

async fn number(connection: &DatabaseConnection, sql: &str) -> i64 {
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await;
    row.expect(sql).expect("a row").try_get_by_index(0).expect("a number")
}

fn copies(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut copies: Vec<_> = entries.filter(|path| path.to_string_lossy().contains(".schema-")).collect();
    copies.sort();
    copies
}

// R59
#[tokio::test]
async fn a_database_comes_up_to_date_after_a_copy() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.db");
    open(&path, &UP_TO[1]).await.unwrap().close().await;
    assert!(copies(directory.path()).is_empty(), "there was nothing to copy");
    let open_again = open(&path, &UP_TO[3]).await.unwrap();
    assert_eq!(open_again.number("SELECT x + y FROM a").await, 3);
    assert_eq!(open_again.number("PRAGMA user_version").await, 3);
    open_again.close().await;

    let copy = directory.path().join("x.db.schema-1");
    assert_eq!(copies(directory.path()), std::slice::from_ref(&copy));
    let copy_open = open(&copy, &UP_TO[1]).await.unwrap();
    assert_eq!(copy_open.number("SELECT x FROM a").await, 1);
    copy_open.close().await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
    open(&path, &UP_TO[3]).await.unwrap().close().await;
    assert_eq!(copies(directory.path()).len(), 1, "there was nothing to migrate");
}

// R59
#[tokio::test]
async fn a_migration_that_fails_leaves_all_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.db");
    open(&path, &UP_TO[1]).await.unwrap().close().await;
    open(&path, &BROKEN).await.err().expect("it fails");
    let before = open(&path, &UP_TO[1]).await.unwrap();
    assert_eq!(before.number("SELECT count(*) FROM a").await, 1);
    assert_eq!(before.number("SELECT count(*) FROM sqlite_schema").await, 1);
    before.close().await;
    open(&path, &UP_TO[2]).await.unwrap().close().await;
}

// R59
#[tokio::test]
async fn a_start_that_was_killed_in_a_migration_comes_up() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.db");
    open(&path, &UP_TO[1]).await.unwrap().close().await;
    // A kill leaves the files as they are in the middle: half a copy, and a log with changes that were not committed.
    let half = open(&path, &UP_TO[1]).await.unwrap();
    let writer = half.database.writer().await.unwrap();
    writer.transaction().execute_unprepared("PRAGMA cache_size = 1; CREATE TABLE z (x)").await.unwrap();
    let fill = "INSERT INTO z SELECT randomblob(1000) FROM (WITH RECURSIVE n(i) AS \
                (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT i FROM n)";
    writer.transaction().execute_unprepared(fill).await.unwrap();
    let killed = tempfile::tempdir().unwrap();
    let killed_path = killed.path().join("x.db");
    for name in ["x.db", "x.db-wal"] {
        std::fs::copy(directory.path().join(name), killed.path().join(name)).unwrap();
    }
    assert!(std::fs::metadata(killed.path().join("x.db-wal")).unwrap().len() > 100_000, "changes are in the log");
    std::fs::write(killed.path().join("x.db.tmp-schema"), "half a copy").unwrap();
    drop(writer);
    half.close().await;

    let up = open(&killed_path, &UP_TO[2]).await.unwrap();
    assert_eq!(up.number("SELECT x + y FROM a").await, 3);
    assert_eq!(up.number("SELECT count(*) FROM sqlite_schema WHERE name = 'z'").await, 0);
    up.close().await;
    assert_eq!(copies(killed.path()).len(), 1);
    assert!(!killed.path().join("x.db.tmp-schema").exists());
}

// R59
#[tokio::test]
async fn the_last_three_copies_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.db");
    for schema in &UP_TO[1..] {
        open(&path, schema).await.unwrap().close().await;
    }
    let expected: Vec<_> = (3..6).map(|version| directory.path().join(format!("x.db.schema-{version}"))).collect();
    assert_eq!(copies(directory.path()), expected);
}

// R59
#[tokio::test]
async fn newer_and_foreign_files_are_refused_and_not_changed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.db");
    open(&path, &UP_TO[3]).await.unwrap().close().await;
    let bytes = std::fs::read(&path).unwrap();
    let kind = |fault: Fault| fault.into_problem().unwrap().0;
    assert_eq!(open(&path, &UP_TO[2]).await.err().map(kind), Some(ProblemKind::Newer));
    assert_eq!(open(&path, &MAIN).await.err().map(kind), Some(ProblemKind::Foreign));
    assert!(std::fs::read(&path).unwrap() == bytes, "the file was not touched");
    assert!(copies(directory.path()).is_empty());
}

#[test]
fn kinds_of_database_differ() {
    assert_ne!(MAIN.application, LOGS.application);
}
