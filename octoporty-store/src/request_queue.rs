//! The way of requests to the disk: a queue that never makes anyone wait, and the one task that empties it in batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IdenStatic, Iterable, Statement, Value,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::database::{Database, Fault};
use crate::entity::{request, request_headers};
use crate::request_row::{HeaderTexts, to_row};
use crate::sequence::Sequence;
use crate::{ProblemKind, RequestRecord, StoreConfig, StoreError};

/// Rows of one statement: a few sizes instead of any, since each is a statement of its own that stays prepared. A row of it
/// takes more than a kilobyte to prepare, and more to run; twenty share what sending a statement to its thread costs.
const ROWS_PER_STATEMENT: [usize; 3] = [20, 5, 1];
/// Rows of one transaction, so that other writers wait some milliseconds at most, and that a burst is on the disk rather
/// than in memory: a request takes 1 KiB while it waits, and more while it is written.
const ROWS_PER_TRANSACTION: usize = 100;
/// How long a row waits for others.
const GATHER: Duration = Duration::from_secs(1);
/// The pause after a batch that could not be written, doubled each time up to the second number.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// How often a batch is tried that fails for no fault of the file, before it is given up.
const TRIES: u32 = 3;

/// A request as it waits, in as little memory as may be: without its fields, but with what their row will have.
#[derive(Debug)]
struct Waiting {
    record: RequestRecord,
    headers: Option<HeaderTexts>,
}

#[derive(Debug)]
enum Item {
    Request(Box<Waiting>),
    Flush(oneshot::Sender<Result<(), StoreError>>),
}

/// The end of the queue that takes requests.
#[derive(Debug)]
pub(crate) struct RequestQueue {
    sender: mpsc::Sender<Item>,
    skipped: Arc<AtomicU64>,
    keeps_headers: bool,
}

impl RequestQueue {
    pub(crate) fn new(
        config: &StoreConfig,
        logs: Arc<Database>,
        sequence: Arc<Sequence>,
        closing: CancellationToken,
    ) -> (Self, QueueWriter) {
        let (sender, receiver) = mpsc::channel(config.request_queue);
        let skipped = Arc::new(AtomicU64::new(0));
        let writer = QueueWriter {
            receiver,
            skipped: Arc::clone(&skipped),
            logs,
            sequence,
            closing,
            headers_kept: config.headers_kept,
            allowance: Allowance::new(config.request_rows_per_second, config.request_queue),
        };
        (Self { sender, skipped, keeps_headers: config.headers_kept > 0 }, writer)
    }

    pub(crate) fn offer(&self, mut record: RequestRecord) {
        let Ok(place) = self.sender.try_reserve() else {
            self.skip();
            return;
        };
        let headers = record.headers.take().filter(|_| self.keeps_headers).map(HeaderTexts::of);
        place.send(Item::Request(Box::new(Waiting { record, headers })));
    }

    pub(crate) fn has_room(&self) -> bool {
        self.sender.capacity() > 0
    }

    pub(crate) fn skip(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }

    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.sender.send(Item::Flush(sender)).await.map_err(|_ended| StoreError::Closed)?;
        receiver.await.map_err(|_ended| StoreError::Closed)?
    }
}

/// Rows that may be written now: a burst, and then so many a second.
#[derive(Debug)]
struct Allowance {
    per_second: f64,
    burst: f64,
    rows: f64,
    at: Instant,
}

impl Allowance {
    fn new(per_second: u32, burst: usize) -> Self {
        let burst = f64::from(u32::try_from(burst).unwrap_or(u32::MAX));
        Self { per_second: f64::from(per_second), burst, rows: burst, at: Instant::now() }
    }

    /// Takes rows, and says how long to wait before they are written.
    fn take(&mut self, rows: usize) -> Duration {
        let now = Instant::now();
        let gained = (now - self.at).as_secs_f64() * self.per_second;
        self.at = now;
        self.rows = (self.rows + gained).min(self.burst) - f64::from(u32::try_from(rows).unwrap_or(u32::MAX));
        Duration::from_secs_f64((-self.rows / self.per_second).max(0.0))
    }
}

/// The end of the queue that writes.
#[derive(Debug)]
pub(crate) struct QueueWriter {
    receiver: mpsc::Receiver<Item>,
    skipped: Arc<AtomicU64>,
    logs: Arc<Database>,
    sequence: Arc<Sequence>,
    closing: CancellationToken,
    headers_kept: u32,
    allowance: Allowance,
}

/// Why gathering rows ended.
enum Gathered {
    /// There are enough, or it took long enough.
    Batch,
    /// Someone waits for them.
    Flush(oneshot::Sender<Result<(), StoreError>>),
    /// No more will come.
    End,
}

/// Writes requests until the store is closed, and then those that are still queued.
pub(crate) async fn run(mut writer: QueueWriter) {
    let mut batch = Vec::with_capacity(ROWS_PER_TRANSACTION);
    loop {
        match writer.gather(&mut batch).await {
            Gathered::Batch => {
                let wait = writer.allowance.take(batch.len());
                tokio::select! {
                    () = writer.closing.cancelled() => {}
                    () = sleep(wait) => {}
                }
                writer.write_patiently(&mut batch).await;
            }
            Gathered::Flush(answer) => {
                let written = writer.write_once(&mut batch).await;
                let _asker_left = answer.send(written);
            }
            Gathered::End => {
                if writer.write_once(&mut batch).await.is_err() {
                    writer.give_up(&mut batch);
                }
                return;
            }
        }
    }
}

impl QueueWriter {
    /// Adds to a batch until it is time to write it.
    async fn gather(&mut self, batch: &mut Vec<Waiting>) -> Gathered {
        // What an earlier try left waits no longer than what is new.
        let mut until = (!batch.is_empty()).then(|| Instant::now() + GATHER);
        while batch.len() < ROWS_PER_TRANSACTION {
            let next = match until {
                // On closing, nothing more is taken in, and what is there comes out at once.
                None => tokio::select! {
                    biased;
                    item = self.receiver.recv() => item,
                    () = self.closing.cancelled(), if !self.receiver.is_closed() => {
                        self.receiver.close();
                        continue;
                    }
                },
                Some(until) => tokio::select! {
                    biased;
                    item = timeout_at(until, self.receiver.recv()) => match item {
                        Ok(item) => item,
                        Err(_elapsed) => return Gathered::Batch,
                    },
                    () = self.closing.cancelled(), if !self.receiver.is_closed() => {
                        self.receiver.close();
                        continue;
                    }
                },
            };
            match next {
                Some(Item::Request(waiting)) => batch.push(*waiting),
                Some(Item::Flush(answer)) => return Gathered::Flush(answer),
                None => return Gathered::End,
            }
            until.get_or_insert_with(|| Instant::now() + GATHER);
        }
        Gathered::Batch
    }

    /// Writes a batch, again and again if the file cannot be written. Meanwhile the queue fills up, and more is skipped.
    async fn write_patiently(&mut self, batch: &mut Vec<Waiting>) {
        let (mut pause, longest) = RETRY;
        let mut tries = 1;
        while let Err(error) = self.write_once(batch).await {
            if !error.is_transient() && error.problem() != Some(ProblemKind::Corrupt)
                || tries >= TRIES && is_ours(&error)
            {
                tracing::warn!(%error, rows = batch.len(), "requests could not be written to the log");
                self.give_up(batch);
                return;
            }
            tokio::select! {
                () = self.closing.cancelled() => return,
                () = sleep(pause) => {}
            }
            pause = (pause * 2).min(longest);
            tries += 1;
        }
    }

    async fn write_once(&mut self, batch: &mut Vec<Waiting>) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        self.write(batch).await.map_err(|fault| self.logs.fault(fault))?;
        batch.clear();
        Ok(())
    }

    fn give_up(&self, batch: &mut Vec<Waiting>) {
        self.skipped.fetch_add(u64::try_from(batch.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        batch.clear();
    }

    async fn write(&self, batch: &[Waiting]) -> Result<(), Fault> {
        let writer = self.logs.writer().await?;
        let transaction = writer.transaction();
        // Of a batch, only the last few would still have their headers after it.
        let with_headers = batch.len().saturating_sub(usize::try_from(self.headers_kept).unwrap_or(usize::MAX));
        let mut has_headers = false;
        let indexed: Vec<_> = batch.iter().enumerate().collect();
        // No more rows at a time than one statement takes, so that a burst needs little memory.
        for some in indexed.chunks(ROWS_PER_STATEMENT[0]) {
            let (mut rows, mut headers) = (Vec::with_capacity(some.len()), Vec::with_capacity(some.len()));
            for (index, waiting) in some {
                let seq = self.sequence.number(waiting.record.at);
                if let Some(texts) = waiting.headers.as_ref().filter(|_| *index >= with_headers) {
                    headers.push(texts.to_row(seq));
                }
                rows.push(to_row(seq, &waiting.record));
            }
            has_headers |= !headers.is_empty();
            insert_all::<request::Entity>(transaction, rows).await?;
            insert_all::<request_headers::Entity>(transaction, headers).await?;
        }
        if has_headers {
            let forget = "DELETE FROM request_headers WHERE seq <= \
                          (SELECT seq FROM request_headers ORDER BY seq DESC LIMIT 1 OFFSET ?)";
            let forget = Statement::from_sql_and_values(DbBackend::Sqlite, forget, [self.headers_kept.into()]);
            transaction.execute_raw(forget).await?;
        }
        let _turn = writer.commit().await?;
        Ok(())
    }
}

/// Inserts rows, by as few statements as there can be.
async fn insert_all<E: EntityTrait>(at: &impl ConnectionTrait, rows: Vec<E::ActiveModel>) -> Result<(), DbErr> {
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let count = ROWS_PER_STATEMENT.into_iter().find(|size| *size <= rows.len()).unwrap_or(1);
        at.execute_raw(insert::<E>(rows.by_ref().take(count), count)).await?;
    }
    Ok(())
}

/// A statement that inserts so many rows. Written here, as building it by columns and expressions costs several times as
/// much as running it does.
fn insert<E: EntityTrait>(rows: impl Iterator<Item = E::ActiveModel>, count: usize) -> Statement {
    let columns: Vec<_> = E::Column::iter().collect();
    let names: Vec<_> = columns.iter().map(IdenStatic::as_str).collect();
    let places = format!("({})", vec!["?"; names.len()].join(", "));
    let (table, names) = (E::default().table_name(), names.join(", "));
    let sql = format!("INSERT INTO {table} ({names}) VALUES {}", vec![&*places; count].join(", "));
    let mut values = Vec::with_capacity(columns.len() * count);
    for mut row in rows {
        // A column that is not set is null.
        values.extend(columns.iter().map(|column| row.take(*column).into_value().unwrap_or(Value::BigInt(None))));
    }
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

/// Whether an error is a mistake of the store, which another try will not mend.
fn is_ours(error: &StoreError) -> bool {
    error.problem() == Some(ProblemKind::Internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_written_at_once_and_a_flood_at_its_rate() {
        let mut allowance = Allowance::new(100, 1_000);
        assert_eq!(allowance.take(1_000), Duration::ZERO);
        assert_eq!(allowance.take(100), Duration::from_secs(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(allowance.take(50), Duration::from_millis(500));
        tokio::time::advance(Duration::from_secs(3_600)).await;
        assert_eq!(allowance.take(1_000), Duration::ZERO, "no more than a burst is saved up");
        assert_eq!(allowance.take(1), Duration::from_millis(10));
    }
}
