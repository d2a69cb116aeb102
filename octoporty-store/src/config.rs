//! What the caller chooses of a store.

use std::time::Duration;

use crate::{Clock, Location};

/// Where the logs and statistics go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogsFile {
    /// In a file beside the main one, `octoporty-logs.db` beside `octoporty.db`; in memory if that one is.
    #[default]
    Beside,
    /// In memory: they end with the process.
    Memory,
}

/// How much of the logs is kept. What is past either bound is deleted, in small steps, each few minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Retention {
    /// Requests younger than this are kept. Default: 30 days.
    pub request_age: Duration,
    /// This many requests at most are kept. Default: 1,000,000, some 400 MiB of file.
    pub request_rows: u64,
    /// Connections younger than this are kept. Default: 90 days.
    pub connection_age: Duration,
    /// This many connections at most are kept. Default: 10,000.
    pub connection_rows: u64,
}

impl Default for Retention {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self { request_age: DAY * 30, request_rows: 1_000_000, connection_age: DAY * 90, connection_rows: 10_000 }
    }
}

/// What the caller chooses of a store: where it is, and how much it remembers.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    pub(crate) location: Location,
    pub(crate) logs: LogsFile,
    pub(crate) retention: Retention,
    pub(crate) clock: Clock,
    pub(crate) request_queue: usize,
    pub(crate) request_rows_per_second: u32,
    pub(crate) headers_kept: u32,
}

impl StoreConfig {
    /// A store at `location`, the rest as by default.
    #[must_use]
    pub fn new(location: Location) -> Self {
        Self {
            location,
            logs: LogsFile::default(),
            retention: Retention::default(),
            clock: Clock::default(),
            request_queue: 10_000,
            request_rows_per_second: 2_000,
            headers_kept: 1_000,
        }
    }

    /// Where logs and statistics go. Default: [`LogsFile::Beside`].
    #[must_use]
    pub const fn logs(mut self, logs: LogsFile) -> Self {
        self.logs = logs;
        self
    }

    /// How much of the logs is kept.
    #[must_use]
    pub const fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Where the time of day comes from. Default: the system's clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Requests that may wait to be written; more are skipped and counted. Default: 10,000, some 10 MiB at worst in
    /// practice. At least 1.
    #[must_use]
    pub fn request_queue(mut self, requests: usize) -> Self {
        self.request_queue = requests.max(1);
        self
    }

    /// Requests that are written a second when more come than that for long, so that logging a flood takes a bounded
    /// share of the processor. A burst as long as the queue is always written. Default: 2,000. At least 1.
    #[must_use]
    pub fn request_rows_per_second(mut self, rows: u32) -> Self {
        self.request_rows_per_second = rows.max(1);
        self
    }

    /// Of this many last requests, the headers are kept. Default: 1,000; 0 keeps none.
    #[must_use]
    pub const fn headers_kept(mut self, requests: u32) -> Self {
        self.headers_kept = requests;
        self
    }
}

impl From<Location> for StoreConfig {
    fn from(location: Location) -> Self {
        Self::new(location)
    }
}
