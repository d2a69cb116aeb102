//! The request log: taken without waiting, found again by any filter, without secrets.

use std::collections::HashSet;
use std::time::Duration;

use octoporty_store::limits::{HEADER_BYTES_MAX, PAGE_ROWS_MAX, SCAN_ROWS_MAX, TEXT_BYTES_MAX};
use octoporty_store::{
    Cursor, Failure, Headers, Phases, RequestFilter, RequestKind, RequestRecord, Side, StatusFilter, Store,
};
use uuid::Uuid;

use crate::harness::{TestStore, at, eventually, number, request, run, stranger, text};

async fn write(store: &Store, records: impl IntoIterator<Item = RequestRecord>) {
    for record in records {
        store.request_log().offer(record);
    }
    store.request_log().flush().await.expect("the requests are written");
}

/// The numbers of all requests that pass a filter, through pages of `limit`.
async fn find(store: &Store, filter: &RequestFilter, limit: u32) -> Vec<u128> {
    let mut found = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = store.request_log().page(filter, cursor, limit).await.expect("a page");
        assert!(page.requests.len() <= usize::try_from(limit).expect("32 bits"));
        found.extend(page.requests.iter().map(|request| request.id.as_u128()));
        let Some(next) = page.next else { return found };
        // As it goes through an API.
        cursor = Some(next.to_string().parse().expect("a cursor"));
    }
}

fn everything_set() -> RequestRecord {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let us = |micros| Some(Duration::from_micros(micros));
    RequestRecord {
        mapping: Some(Uuid::from_u128(5)),
        query: Some("a=1".to_owned()),
        kind: RequestKind::Upgrade,
        status: Some(101),
        request_bytes: 1 << 40,
        phases: Phases { gateway: us(1), tunnel: us(2), connect: us(3), wait: us(4), answer: us(5) },
        failure: Some(Failure {
            side: Side::Tunnel,
            cause: "lost".to_owned(),
            message: "The tunnel broke.".to_owned(),
        }),
        headers: Some(Headers {
            request: vec![field("Accept", "*/*"), field("accept", "ü")],
            response: vec![field("Server", "x")],
        }),
        ..request(1, at(0))
    }
}

#[tokio::test]
async fn all_of_a_request_is_kept() {
    let test = TestStore::new().await;
    let plain = RequestRecord { status: None, user_agent: None, ..request(2, at(1)) };
    write(&test.store, [everything_set(), plain.clone()]).await;
    let test = test.reopened().await;
    let page = test.store.request_log().page(&RequestFilter::default(), None, 10).await.unwrap();
    assert_eq!(page.requests, [plain.clone(), RequestRecord { headers: None, ..everything_set() }]);
    assert_eq!(page.next, None);
    let log = test.store.request_log();
    assert_eq!(log.get(Uuid::from_u128(1)).await.unwrap(), Some(everything_set()));
    assert_eq!(log.get(Uuid::from_u128(2)).await.unwrap(), Some(plain));
    assert_eq!(log.get(Uuid::from_u128(3)).await.unwrap(), None);
}

#[tokio::test]
async fn rows_are_written_without_a_flush() {
    let test = TestStore::new().await;
    test.store.request_log().offer(request(1, at(0)));
    let log = test.store.request_log();
    eventually("the row is written", async || log.get(Uuid::from_u128(1)).await.unwrap().is_some()).await;
}

#[tokio::test]
async fn closing_writes_what_is_queued() {
    let test = TestStore::new().await;
    for number in 0..3_000 {
        test.store.request_log().offer(request(number, at(0)));
    }
    let test = test.reopened().await;
    assert_eq!(find(&test.store, &RequestFilter::default(), 1_000).await.len(), 3_000);
}

#[tokio::test]
async fn dropping_the_last_handle_writes_what_is_queued() {
    let directory = tempfile::tempdir().unwrap();
    let path = crate::harness::main_in(directory.path());
    let tasks = tokio_util::task::TaskTracker::new();
    let store = Store::open(octoporty_store::Location::file(&path), &tasks).await.unwrap();
    store.request_log().offer(request(1, at(0)));
    drop(store);
    tasks.close();
    tokio::time::timeout(crate::harness::DEADLINE, tasks.wait()).await.expect("its tasks end");
    let store = crate::harness::open(octoporty_store::Location::file(&path)).await.unwrap();
    assert!(store.request_log().get(Uuid::from_u128(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn pages_go_from_new_to_old_and_miss_none() {
    let test = TestStore::new().await;
    // Many of the same millisecond, and out of order.
    write(&test.store, (0..500).map(|number| request(number, at(i64::try_from(number).unwrap() % 7)))).await;
    for limit in [1, 7, 499, 500, 1_000] {
        let found = find(&test.store, &RequestFilter::default(), limit).await;
        assert_eq!(found.len(), 500);
        assert_eq!(found.iter().collect::<HashSet<_>>().len(), 500);
        assert!(found.is_sorted_by_key(|number| std::cmp::Reverse(number % 7)));
    }
}

#[tokio::test]
async fn new_rows_do_not_disturb_paging() {
    let test = TestStore::new().await;
    write(&test.store, (0..10).map(|number| request(number, at(0)))).await;
    let first = test.store.request_log().page(&RequestFilter::default(), None, 5).await.unwrap();
    write(&test.store, (10..20).map(|number| request(number, at(1)))).await;
    let second = test.store.request_log().page(&RequestFilter::default(), first.next, 10).await.unwrap();
    assert_eq!(second.requests.len(), 5);
    assert!(second.requests.iter().all(|request| request.at == at(0)));
}

#[tokio::test]
async fn a_page_has_a_bound() {
    let test = TestStore::new().await;
    write(&test.store, (0..1_001).map(|number| request(number, at(0)))).await;
    let page = test.store.request_log().page(&RequestFilter::default(), None, u32::MAX).await.unwrap();
    assert_eq!(page.requests.len(), usize::try_from(PAGE_ROWS_MAX).unwrap());
    assert!(page.next.is_some());
    let page = test.store.request_log().page(&RequestFilter::default(), None, 0).await.unwrap();
    assert_eq!(page.requests.len(), 1);
}

/// One request for each way to be different from the plain one.
fn variety() -> Vec<RequestRecord> {
    let failure = |side, cause: &str| Failure { side, cause: cause.to_owned(), message: "It broke.".to_owned() };
    let mapping = Some(Uuid::from_u128(5));
    vec![
        request(0, at(0)),
        RequestRecord { mapping, ..request(1, at(1)) },
        RequestRecord { mapping, status: Some(404), ..request(2, at(2)) },
        RequestRecord { status: Some(404), method: "POST".to_owned(), ..request(3, at(3)) },
        RequestRecord { status: Some(410), host: "50%_off.example".to_owned(), ..request(4, at(4)) },
        RequestRecord { status: None, failure: Some(failure(Side::Visitor, "gone-away")), ..request(5, at(5)) },
        RequestRecord {
            mapping,
            status: Some(502),
            failure: Some(failure(Side::Service, "refused")),
            ..request(6, at(6))
        },
        RequestRecord { status: Some(204), visitor: "2001:db8::7".to_owned(), ..request(7, at(7)) },
        RequestRecord { query: Some("q=Needle".to_owned()), user_agent: None, ..request(8, at(8)) },
    ]
}

#[tokio::test]
async fn filters_find_what_they_should() {
    let test = TestStore::new().await;
    write(&test.store, variety()).await;
    let all = RequestFilter::default;
    let text = |text: &str| RequestFilter { text: Some(text.to_owned()), ..all() };
    let status = |status| RequestFilter { status: Some(status), ..all() };
    let mapping = Some(Uuid::from_u128(5));
    let cases: Vec<(RequestFilter, &[u128])> = vec![
        (all(), &[8, 7, 6, 5, 4, 3, 2, 1, 0]),
        (RequestFilter { mapping, ..all() }, &[6, 2, 1]),
        (RequestFilter { mapping: Some(Uuid::from_u128(6)), ..all() }, &[]),
        (RequestFilter { method: Some("POST".to_owned()), ..all() }, &[3]),
        (status(StatusFilter::Class(2)), &[8, 7, 1, 0]),
        (status(StatusFilter::Class(4)), &[4, 3, 2]),
        (status(StatusFilter::Exactly(404)), &[3, 2]),
        (status(StatusFilter::Exactly(204)), &[7]),
        (status(StatusFilter::None), &[5]),
        (RequestFilter { side: Some(Side::Service), ..all() }, &[6]),
        (RequestFilter { side: Some(Side::Gateway), ..all() }, &[]),
        (RequestFilter { from: Some(at(3)), to: Some(at(5)), ..all() }, &[4, 3]),
        (RequestFilter { from: Some(at(7)), ..all() }, &[8, 7]),
        (RequestFilter { to: Some(at(1)), ..all() }, &[0]),
        (text("needle"), &[8]),
        (text("50%_OFF"), &[4]),
        (text("0%o"), &[]),
        (text("gone-away"), &[5]),
        (text("it broke"), &[6, 5]),
        (text("2001:db8::7"), &[7]),
        (text("'; DROP TABLE request; --"), &[]),
        (text("00000000000000000000000000000003"), &[3]),
        (text("00000000-0000-0000-0000-000000000004"), &[4]),
        (RequestFilter { mapping, status: Some(StatusFilter::Class(4)), ..all() }, &[2]),
        (RequestFilter { mapping, status: Some(StatusFilter::Class(2)), ..all() }, &[1]),
        (RequestFilter { mapping, status: Some(StatusFilter::Exactly(404)), ..all() }, &[2]),
        (RequestFilter { mapping, status: Some(StatusFilter::Exactly(405)), ..all() }, &[]),
        (
            RequestFilter {
                mapping,
                side: Some(Side::Service),
                status: Some(StatusFilter::Exactly(502)),
                text: Some("00000000000000000000000000000006".to_owned()),
                ..all()
            },
            &[6],
        ),
        (RequestFilter { mapping, side: Some(Side::Service), from: Some(at(6)), ..all() }, &[6]),
        (RequestFilter { mapping, text: Some("app.example".to_owned()), to: Some(at(6)), ..all() }, &[2, 1]),
    ];
    for (filter, expected) in cases {
        for limit in [1, 2, 100] {
            assert_eq!(find(&test.store, &filter, limit).await, expected, "{filter:?}");
        }
    }
}

#[tokio::test]
async fn a_search_looks_at_so_many_rows_and_goes_on_with_the_next_page() {
    let test = TestStore::with(|config| config.request_queue(50_000)).await;
    let rows = u128::from(SCAN_ROWS_MAX) + 100;
    let needle = RequestRecord { host: "needle.example".to_owned(), ..request(0, at(0)) };
    let hay = (1..rows).map(|number| request(number, at(1)));
    write(&test.store, [needle].into_iter().chain(hay)).await;
    let filter = RequestFilter { text: Some("needle".to_owned()), ..RequestFilter::default() };
    let page = test.store.request_log().page(&filter, None, 10).await.unwrap();
    assert!(page.requests.is_empty());
    let page = test.store.request_log().page(&filter, page.next, 10).await.unwrap();
    assert_eq!(page.requests[0].host, "needle.example");
    assert_eq!(page.next, None);
}

#[test]
fn texts_that_are_no_cursors_are_refused() {
    for text in ["", "1", "zzzzzzzzzzzzzzzz", "-000000000000001", "00000000000000001", "ffffffffffffffff"] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
}

// R55
#[tokio::test]
async fn secrets_never_reach_the_disk() {
    let test = TestStore::new().await;
    let field = |name: &str| (name.to_owned(), "hunter2".to_owned());
    let secret = RequestRecord {
        query: Some("page=1&access_token=hunter2&Password=hunter2&code=hunter2&api_key=hunter2".to_owned()),
        headers: Some(Headers {
            request: vec![field("Authorization"), field("cookie"), field("X-Api-Key"), ("Accept".into(), "a".into())],
            response: vec![field("Set-Cookie"), ("Location".into(), "/x?token=hunter2".into())],
        }),
        ..request(1, at(0))
    };
    write(&test.store, [secret]).await;
    let found = test.store.request_log().get(Uuid::from_u128(1)).await.unwrap().unwrap();
    assert_eq!(found.query.as_deref(), Some("page=1&access_token=***&Password=***&code=***&api_key=***"));
    assert_eq!(found.headers.unwrap().request[3], ("Accept".to_owned(), "a".to_owned()));
    test.store.close().await;
    for entry in std::fs::read_dir(test.directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"));
    }
}

#[tokio::test]
async fn headers_of_the_last_few_are_kept() {
    let test = TestStore::with(|config| config.headers_kept(3)).await;
    let with_headers = |number: u128| RequestRecord {
        headers: Some(Headers { request: vec![("N".to_owned(), number.to_string())], response: vec![] }),
        ..request(number, at(i64::try_from(number).unwrap()))
    };
    write(&test.store, (0..5).map(with_headers)).await;
    write(&test.store, (5..7).map(with_headers)).await;
    for number in 0..7 {
        let found = test.store.request_log().get(Uuid::from_u128(number)).await.unwrap().unwrap();
        assert_eq!(found.headers.is_some(), number >= 4, "{number}");
    }
}

#[tokio::test]
async fn long_texts_and_headers_are_cut() {
    let test = TestStore::new().await;
    let long = "ü".repeat(TEXT_BYTES_MAX);
    let field = ("N".to_owned(), "x".repeat(HEADER_BYTES_MAX / 2 - 1));
    let record = RequestRecord {
        path: long.clone(),
        user_agent: Some(long),
        headers: Some(Headers { request: vec![field.clone(); 3], response: vec![] }),
        ..request(1, at(0))
    };
    write(&test.store, [record]).await;
    let found = test.store.request_log().get(Uuid::from_u128(1)).await.unwrap().unwrap();
    assert_eq!(found.path.len(), TEXT_BYTES_MAX);
    assert_eq!(found.headers.unwrap().request, vec![field; 2]);
}

// R58
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offering_never_waits_and_counts_what_it_skips() {
    let test = TestStore::with(|config| config.request_queue(100)).await;
    let mut other = stranger(&test.logs()).await;
    run(&mut other, "BEGIN EXCLUSIVE").await;
    let began = tokio::time::Instant::now();
    let offered = 50_000;
    for number in 0..offered {
        test.store.request_log().offer(request(number, at(0)));
    }
    assert!(began.elapsed() < Duration::from_secs(4), "less than the writer waits for the lock");
    assert!(!test.store.request_log().has_room());
    let skipped = test.store.request_log().skipped();
    assert!(skipped > 0);
    run(&mut other, "COMMIT").await;
    test.store.request_log().flush().await.unwrap();
    let written = u64::try_from(number(&mut other, "SELECT count(*) FROM request").await).unwrap();
    assert_eq!(written + test.store.request_log().skipped(), u64::try_from(offered).unwrap());
    test.store.request_log().skip();
    assert_eq!(test.store.request_log().skipped(), skipped + 1);
}

// R58
#[tokio::test]
async fn what_could_not_be_written_is_written_later() {
    let test = TestStore::new().await;
    let mut other = stranger(&test.logs()).await;
    run(&mut other, "BEGIN IMMEDIATE").await;
    test.store.request_log().offer(request(1, at(0)));
    let error = test.store.request_log().flush().await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    run(&mut other, "COMMIT").await;
    test.health(|health| health.is_well()).await;
    let log = test.store.request_log();
    eventually("the row is written", async || log.get(Uuid::from_u128(1)).await.unwrap().is_some()).await;
    assert_eq!(test.store.request_log().skipped(), 0);
}

// R58
#[tokio::test]
async fn logs_are_a_file_of_their_own() {
    let test = TestStore::new().await;
    write(&test.store, [request(1, at(0))]).await;
    let mut logs = stranger(&test.logs()).await;
    assert_eq!(number(&mut logs, "SELECT count(*) FROM request").await, 1);
    let mut main = stranger(&test.main()).await;
    let tables = "SELECT coalesce(group_concat(name), '') FROM sqlite_schema WHERE name LIKE 'request%'";
    assert_eq!(text(&mut main, tables).await, "");
}
