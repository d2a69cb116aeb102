//! A store in a directory of its own, a clock that tests move, and a look at the files behind the store's back.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use octoporty_store::{
    Clock, Health, Location, Mapping, MappingSettings, OpenError, RequestKind, RequestRecord, Store, StoreConfig,
};
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::sqlx::{self, Connection, Row, SqliteConnection};
use tempfile::TempDir;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// Longer than the store takes for anything, its waits for locks among it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A clock that moves when it is told to.
#[derive(Debug, Clone)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(at(0).timestamp_millis())))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).expect("a short time"), Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.load(Ordering::SeqCst)).expect("a time")
    }

    fn clock(&self) -> Clock {
        let clock = self.clone();
        Clock::new(move || clock.now())
    }
}

/// Some seconds after a whole minute in 2026.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_790_000_040_000 + seconds * 1_000).expect("a time")
}

/// A directory with a store in it.
pub(crate) struct TestStore {
    pub(crate) directory: TempDir,
    pub(crate) clock: TestClock,
    pub(crate) store: Store,
}

impl TestStore {
    pub(crate) async fn new() -> Self {
        Self::with(|config| config).await
    }

    pub(crate) async fn with(configure: impl FnOnce(StoreConfig) -> StoreConfig) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let clock = TestClock::new();
        let config = StoreConfig::new(Location::file(main_in(directory.path()))).clock(clock.clock());
        let store = open(configure(config)).await.expect("a new store opens");
        Self { directory, clock, store }
    }

    pub(crate) fn config(&self) -> StoreConfig {
        StoreConfig::new(Location::file(self.main())).clock(self.clock.clock())
    }

    pub(crate) fn main(&self) -> PathBuf {
        main_in(self.directory.path())
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.directory.path().join("octoporty-logs.db")
    }

    /// Closes the store and opens it again.
    pub(crate) async fn reopened(self) -> Self {
        self.store.close().await;
        let store = open(self.config()).await.expect("the store opens again");
        Self { store, ..self }
    }

    /// Waits until the store's health is as it should be.
    pub(crate) async fn health(&self, expected: impl FnMut(&Health) -> bool) -> Health {
        let mut health = self.store.health();
        let health = tokio::time::timeout(DEADLINE, health.wait_for(expected)).await;
        health.expect("in time").expect("the store is open").clone()
    }
}

/// Looks again until what is looked for is there. The disk tells nobody when it is.
pub(crate) async fn eventually(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let looking = async {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        while !look().await {
            looks.tick().await;
        }
    };
    tokio::time::timeout(DEADLINE, looking).await.expect(what);
}

pub(crate) fn main_in(directory: &Path) -> PathBuf {
    directory.join("octoporty.db")
}

pub(crate) async fn open(config: impl Into<StoreConfig>) -> Result<Store, OpenError> {
    Store::open(config, &TaskTracker::new()).await
}

/// A connection of another program.
pub(crate) async fn stranger(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path);
    SqliteConnection::connect_with(&options).await.expect("SQLite opens it")
}

pub(crate) async fn run(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.expect(sql);
}

pub(crate) async fn number(connection: &mut SqliteConnection, sql: &'static str) -> i64 {
    sqlx::query(sql).fetch_one(connection).await.expect(sql).get(0)
}

pub(crate) async fn text(connection: &mut SqliteConnection, sql: &'static str) -> String {
    sqlx::query(sql).fetch_one(connection).await.expect(sql).get(0)
}

pub(crate) fn settings(domain: &str) -> MappingSettings {
    MappingSettings {
        name: format!("the {domain}"),
        external_domain: domain.to_owned(),
        internal_host: "10.0.0.1".to_owned(),
        internal_port: 8080,
        enabled: true,
        ..MappingSettings::default()
    }
}

pub(crate) fn domains(mappings: &[Arc<Mapping>]) -> Vec<&str> {
    mappings.iter().map(|mapping| mapping.settings.external_domain.as_str()).collect()
}

pub(crate) fn request(number: u128, at: DateTime<Utc>) -> RequestRecord {
    RequestRecord {
        id: Uuid::from_u128(number),
        at,
        mapping: None,
        method: "GET".to_owned(),
        host: "app.example.com".to_owned(),
        path: format!("/{number}"),
        query: None,
        protocol: "HTTP/1.1".to_owned(),
        kind: RequestKind::Http,
        status: Some(200),
        request_bytes: 0,
        response_bytes: 10,
        duration: Duration::from_micros(1_500),
        phases: octoporty_store::Phases::default(),
        visitor: "192.0.2.1".to_owned(),
        user_agent: Some("curl/8".to_owned()),
        failure: None,
        headers: None,
    }
}
