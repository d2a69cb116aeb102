//! How long things take with a million requests in the log, printed: `cargo bench -p octoporty-store`.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/it/harness.rs"]
mod harness;

use std::{error::Error, time::Duration};

use octoporty_store::{
    Cursor, Failure, RequestFilter, RequestRecord, Retention, Side, StatusFilter, Store, StoreConfig, StoreError,
};
use tokio::time::Instant;
use uuid::Uuid;

use harness::{TestStore, at, open, request, run, stranger};

/// A million requests over 30 days: 50 mappings, 2 % of 404, one failure in 200.
const MILLION: &str = "
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999999)
INSERT INTO request SELECT
    (1787408040000 + i * 2592) << 20 | (i & 1048575),
    randomblob(16),
    unhex(printf('%032x', i * 7919 % 50)),
    iif(i % 5 = 0, 'POST', 'GET'), 'app' || (i * 7919 % 50) || '.example.com',
    '/some/path/of/usual/length/' || i, iif(i % 3 = 0, 'page=' || i, NULL), 'HTTP/1.1', 0,
    CASE WHEN i % 200 = 0 THEN 502 WHEN i % 50 = 1 THEN 404 ELSE 200 END,
    CASE WHEN i % 200 = 0 THEN 5 WHEN i % 50 = 1 THEN 4 ELSE 2 END,
    100, 2000, 1500, 100, 200, NULL, 900, 300,
    '198.51.100.' || (i % 250), 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    iif(i % 200 = 0, 0, NULL), iif(i % 200 = 0, 'connection-refused', NULL),
    iif(i % 200 = 0, 'The service refused the connection.', NULL)
FROM n;
COMMIT";

fn filters() -> Vec<(&'static str, RequestFilter)> {
    let all = RequestFilter::default;
    let mapping = Some(Uuid::from_u128(7));
    vec![
        ("all", all()),
        ("mapping", RequestFilter { mapping, ..all() }),
        ("status 4xx", RequestFilter { status: Some(StatusFilter::Class(4)), ..all() }),
        ("status 404", RequestFilter { status: Some(StatusFilter::Exactly(404)), ..all() }),
        ("status 2xx", RequestFilter { status: Some(StatusFilter::Class(2)), ..all() }),
        ("side", RequestFilter { side: Some(Side::Service), ..all() }),
        ("a day", RequestFilter { from: Some(at(-1_500_000)), to: Some(at(-1_413_600)), ..all() }),
        ("mapping, 5xx", RequestFilter { mapping, status: Some(StatusFilter::Class(5)), ..all() }),
        ("mapping, a day", RequestFilter { mapping, from: Some(at(-1_500_000)), to: Some(at(-1_413_600)), ..all() }),
        ("method", RequestFilter { method: Some("POST".to_owned()), ..all() }),
        ("text, often", RequestFilter { text: Some("length/9".to_owned()), ..all() }),
        ("text, never", RequestFilter { text: Some("nowhere".to_owned()), ..all() }),
    ]
}

async fn pages(store: &Store, filter: &RequestFilter) -> Result<(usize, Vec<Duration>), StoreError> {
    let mut cursor: Option<Cursor> = None;
    let (mut rows, mut times) = (0, Vec::new());
    for _ in 0..60 {
        let began = Instant::now();
        let page = store.request_log().page(filter, cursor, 100).await?;
        times.push(began.elapsed());
        rows += page.requests.len();
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    times.sort_unstable();
    Ok((rows, times))
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let test = TestStore::with(|config| config.request_queue(20_000)).await;
    let failure = || Failure { side: Side::Service, cause: "refused".to_owned(), message: "It broke.".to_owned() };
    let record = |number: u128| RequestRecord {
        mapping: Some(Uuid::from_u128(number % 50)),
        query: Some("page=1&token=secret".to_owned()),
        failure: number.is_multiple_of(200).then(failure),
        ..request(number, at(0))
    };
    let began = Instant::now();
    for number in 0..10_000 {
        test.store.request_log().offer(record(number));
    }
    let offered = began.elapsed();
    test.store.request_log().flush().await?;
    println!("10,000 rows: offered in {offered:?}, on disk after {:?}", began.elapsed());

    test.store.close().await;
    let mut logs = stranger(&test.logs()).await;
    run(&mut logs, "DELETE FROM request").await;
    let began = Instant::now();
    run(&mut logs, MILLION).await;
    println!("a million rows in SQL: {:?}", began.elapsed());
    drop(logs);
    println!("file: {} MiB", std::fs::metadata(test.logs())?.len() >> 20);
    let began = Instant::now();
    let config: StoreConfig = test.config().retention(Retention { request_rows: 950_000, ..Retention::default() });
    let store = open(config).await?;
    println!("open: {:?}", began.elapsed());

    for (name, filter) in filters() {
        let (rows, times) = pages(&store, &filter).await?;
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        println!("page, {name}: {rows} rows in {} pages, median {median:?}, worst {worst:?}", times.len());
    }
    let began = Instant::now();
    let pruned = store.prune().await?;
    println!("pruned {} rows in {:?}", pruned.requests, began.elapsed());
    let began = Instant::now();
    store.close().await;
    println!("close: {:?}", began.elapsed());
    Ok(())
}
