//! Forgetting: by age and by number, with the space given back.

use std::time::Duration;

use octoporty_store::{ConnectionFilter, limits::HISTORY_KEPT};
use octoporty_store::{
    ConnectionOutcome, ConnectionRecord, Headers, MinuteRecord, Pruned, RequestFilter, RequestRecord, Retention,
    TunnelState,
};
use uuid::Uuid;

use crate::harness::{TestStore, number, request, stranger};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn retention() -> Retention {
    Retention { request_age: DAY, request_rows: 100, connection_age: DAY, connection_rows: 5 }
}

#[tokio::test]
async fn what_is_too_old_or_too_much_goes() {
    let test = TestStore::with(|config| config.retention(retention())).await;
    let start = test.clock.now();
    let connection = |number: u128, at| ConnectionRecord {
        id: Uuid::from_u128(number),
        attempted_at: at,
        connected_at: None,
        ended_at: None,
        duration: Duration::ZERO,
        outcome: ConnectionOutcome::Failed,
        code: None,
        reason: None,
        lanes: 0,
        bytes_in: 0,
        bytes_out: 0,
        requests: 0,
        gateway_version: None,
        gateway_address: None,
    };
    let headers = Some(Headers::default());
    for number in 0..50 {
        test.store.request_log().offer(RequestRecord { headers: headers.clone(), ..request(number, start) });
    }
    test.store.connection_log().put(connection(0, start)).await.unwrap();
    test.clock.advance(DAY + Duration::from_secs(1));
    let now = test.clock.now();
    for number in 50..200 {
        test.store.request_log().offer(request(number, now));
    }
    for number in 1..8 {
        test.store.connection_log().put(connection(number, now)).await.unwrap();
    }
    test.store.request_log().flush().await.unwrap();
    let pruned = test.store.prune().await.unwrap();
    assert_eq!(pruned, Pruned { requests: 100, connections: 3, history: 0 });
    let left = test.store.request_log().page(&RequestFilter::default(), None, 1_000).await.unwrap();
    assert_eq!(left.requests.len(), 100);
    assert!(left.requests.iter().all(|request| request.at == now));
    assert_eq!(
        test.store.connection_log().page(&ConnectionFilter::default(), None, 10).await.unwrap().connections.len(),
        5
    );
    let mut logs = stranger(&test.logs()).await;
    assert_eq!(number(&mut logs, "SELECT count(*) FROM request_headers").await, 0);
    assert_eq!(test.store.prune().await.unwrap(), Pruned::default());
}

#[tokio::test]
async fn history_goes_after_a_week() {
    let test = TestStore::new().await;
    let start = test.clock.now();
    let minute = |at| MinuteRecord { requests: 1, ..MinuteRecord::new(at, None) };
    test.store.minutes().add(vec![minute(start)]).await.unwrap();
    test.store.tunnel_states().start(start, TunnelState::Up, None).await.unwrap();
    test.clock.advance(HISTORY_KEPT - Duration::from_secs(60));
    assert_eq!(test.store.prune().await.unwrap().history, 0);
    test.clock.advance(Duration::from_secs(180));
    test.store.minutes().add(vec![minute(test.clock.now())]).await.unwrap();
    assert_eq!(test.store.prune().await.unwrap().history, 2);
    let left = test.store.minutes().range(None, start, test.clock.now() + DAY).await.unwrap();
    assert_eq!(left.len(), 1);
}

#[tokio::test]
async fn the_file_gets_smaller() {
    let test = TestStore::with(|config| config.retention(retention()).request_queue(20_000)).await;
    for number in 0..20_000 {
        test.store.request_log().offer(request(number, test.clock.now()));
    }
    test.store.request_log().flush().await.unwrap();
    let mut logs = stranger(&test.logs()).await;
    let pages = number(&mut logs, "PRAGMA page_count").await;
    let pruned = test.store.prune().await.unwrap();
    assert_eq!(pruned.requests, 19_900);
    let left = number(&mut logs, "PRAGMA page_count").await;
    assert!(left < pages / 2, "{left} pages of {pages}");
    drop(logs);
    test.store.close().await;
    let bytes = std::fs::metadata(test.logs()).unwrap().len();
    assert_eq!(bytes, u64::try_from(left).unwrap() * 4_096);
}

#[tokio::test]
async fn pages_go_on_while_rows_go() {
    let test = TestStore::with(|config| config.retention(retention())).await;
    for number in 0..300 {
        test.store.request_log().offer(request(number, test.clock.now()));
    }
    test.store.request_log().flush().await.unwrap();
    let page = test.store.request_log().page(&RequestFilter::default(), None, 50).await.unwrap();
    test.store.prune().await.unwrap();
    let next = test.store.request_log().page(&RequestFilter::default(), page.next, 1_000).await.unwrap();
    assert_eq!(next.requests.len(), 50);
}
