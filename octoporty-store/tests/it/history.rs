//! Connections, minutes, failures and the tunnel's states.

use std::time::Duration;

use chrono::{DateTime, Utc};
use octoporty_store::{
    ConnectionFilter, ConnectionOutcome, ConnectionRecord, Failure, FailureGroup, FailuresBySide, Histogram,
    MinuteRecord, Side, TunnelSpan, TunnelState,
};
use uuid::Uuid;

use crate::harness::{TestStore, at};

fn connection(number: u128, seconds: i64) -> ConnectionRecord {
    ConnectionRecord {
        id: Uuid::from_u128(number),
        attempted_at: at(seconds),
        connected_at: Some(at(seconds + 1)),
        ended_at: None,
        duration: Duration::from_secs(1),
        outcome: ConnectionOutcome::Open,
        code: None,
        reason: None,
        lanes: 2,
        bytes_in: 1 << 40,
        bytes_out: 3,
        requests: 4,
        gateway_version: Some("0.1.0".to_owned()),
        gateway_address: Some("203.0.113.1:443".to_owned()),
    }
}

#[tokio::test]
async fn a_connection_is_written_over_as_it_goes_on() {
    let test = TestStore::new().await;
    let log = test.store.connection_log();
    for number in 0..5 {
        log.put(connection(number, i64::try_from(number).unwrap())).await.unwrap();
    }
    let ended = ConnectionRecord {
        ended_at: Some(at(60)),
        outcome: ConnectionOutcome::Closed,
        code: Some("drained".to_owned()),
        ..connection(1, 1)
    };
    log.put(ended.clone()).await.unwrap();
    let test = test.reopened().await;
    let log = test.store.connection_log();
    let all = ConnectionFilter::default();
    let first = log.page(&all, None, 3).await.unwrap();
    assert_eq!(first.connections, [connection(4, 4), connection(3, 3), connection(2, 2)]);
    let rest = log.page(&all, first.next, 3).await.unwrap();
    assert_eq!(rest.connections, [ended.clone(), connection(0, 0)], "it keeps its place");
    assert_eq!(rest.next, None);
    for (filter, expected) in [
        (ConnectionFilter { outcome: Some(ConnectionOutcome::Closed), ..all.clone() }, vec![ended.clone()]),
        (ConnectionFilter { from: Some(at(3)), ..all.clone() }, vec![connection(4, 4), connection(3, 3)]),
        (ConnectionFilter { to: Some(at(1)), ..all.clone() }, vec![connection(0, 0)]),
        (
            ConnectionFilter { outcome: Some(ConnectionOutcome::Open), from: Some(at(1)), to: Some(at(3)) },
            vec![connection(2, 2)],
        ),
    ] {
        assert_eq!(log.page(&filter, None, 10).await.unwrap().connections, expected, "{filter:?}");
    }

    assert_eq!(log.abandon_open("agent-stopped", "The Agent was stopped.").await.unwrap(), 4);
    let page = log.page(&all, None, 10).await.unwrap();
    assert!(page.connections.iter().all(|connection| connection.outcome != ConnectionOutcome::Open));
    assert_eq!(page.connections[0].code.as_deref(), Some("agent-stopped"));
    assert_eq!(page.connections[3], ended);
}

fn minute(at: DateTime<Utc>, mapping: Option<Uuid>, requests: u64) -> MinuteRecord {
    let mut durations = Histogram::default();
    for number in 0..requests {
        durations.record(Duration::from_millis(number + 1));
    }
    MinuteRecord {
        requests,
        failures: FailuresBySide { service: 1, tunnel: 2, gateway: 3, visitor: 4 },
        durations,
        bytes_to_visitors: requests * 10,
        bytes_from_visitors: requests,
        observed: Duration::from_secs(30),
        tunnel_up: Duration::from_secs(10),
        ..MinuteRecord::new(at, mapping)
    }
}

#[tokio::test]
async fn the_halves_of_a_minute_make_a_whole_one() {
    let test = TestStore::new().await;
    let mapping = Some(Uuid::from_u128(1));
    test.store.minutes().add(vec![minute(at(5), None, 10), minute(at(5), mapping, 7)]).await.unwrap();
    let test = test.reopened().await;
    // The same twice in one call, too.
    let more = vec![minute(at(59), None, 1), minute(at(59), None, 2), minute(at(60), None, 3)];
    test.store.minutes().add(more).await.unwrap();
    let minutes = test.store.minutes().range(None, at(0), at(120)).await.unwrap();
    let mut whole = minute(at(0), None, 10);
    whole.merge(&minute(at(0), None, 1));
    whole.merge(&minute(at(0), None, 2));
    assert_eq!(minutes, [whole, minute(at(60), None, 3)]);
    assert_eq!(minutes[0].failures.total(), 30);
    assert_eq!(minutes[0].observed, Duration::from_secs(90));
    let of_mapping = test.store.minutes().range(mapping, at(0), at(60)).await.unwrap();
    assert_eq!(of_mapping, [minute(at(0), mapping, 7)]);
    assert!(test.store.minutes().range(mapping, at(60), at(120)).await.unwrap().is_empty());
}

#[tokio::test]
async fn totals_add_up_per_mapping_busiest_first() {
    let test = TestStore::new().await;
    let mapping = |number| Some(Uuid::from_u128(number));
    let mut records = Vec::new();
    for step in 0..3 {
        records.push(minute(at(step * 60), mapping(1), 1));
        records.push(minute(at(step * 60), mapping(2), 2));
        records.push(minute(at(step * 60), None, 3));
    }
    test.store.minutes().add(records).await.unwrap();
    let totals = test.store.minutes().totals(at(60), at(180)).await.unwrap();
    let counted: Vec<_> = totals.iter().map(|total| (total.mapping, total.requests, total.durations.count())).collect();
    assert_eq!(counted, [(mapping(2), 4, 4), (mapping(1), 2, 2)]);
}

#[tokio::test]
async fn many_mappings_in_one_minute() {
    let test = TestStore::new().await;
    let records: Vec<_> = (0..1_201).map(|number| minute(at(0), Some(Uuid::from_u128(number)), 1)).collect();
    test.store.minutes().add(records.clone()).await.unwrap();
    test.store.minutes().add(records).await.unwrap();
    let totals = test.store.minutes().totals(at(0), at(60)).await.unwrap();
    assert_eq!(totals.len(), 1_201);
    assert!(totals.iter().all(|total| total.requests == 2));
}

fn group(cause: &str, count: u64, seconds: i64, example: u128) -> FailureGroup {
    FailureGroup {
        failure: Failure { side: Side::Service, cause: cause.to_owned(), message: "It broke.".to_owned() },
        mapping: Some(Uuid::from_u128(1)),
        count,
        last_at: at(seconds),
        example: Some(Uuid::from_u128(example)),
    }
}

#[tokio::test]
async fn failures_are_counted_by_what_they_have_in_common() {
    let test = TestStore::new().await;
    let failures = test.store.failures();
    failures.add(vec![group("a", 2, 10, 1), group("b", 1, 20, 2), group("old", 9, -7_200, 3)]).await.unwrap();
    failures.add(vec![group("a", 3, 4_000, 4)]).await.unwrap();
    failures.add(vec![group("a", 1, 5, 5)]).await.unwrap();
    let elsewhere = FailureGroup { mapping: None, ..group("a", 1, 15, 6) };
    failures.add(vec![elsewhere.clone()]).await.unwrap();
    let found = failures.since(at(0), 10).await.unwrap();
    assert_eq!(found, [group("a", 6, 4_000, 4), group("b", 1, 20, 2), elsewhere]);
    assert_eq!(failures.since(at(0), 1).await.unwrap().len(), 1);
    assert_eq!(failures.since(at(-10_000), 10).await.unwrap().len(), 4);
}

#[tokio::test]
async fn causes_that_change_each_time_do_not_fill_the_disk() {
    let test = TestStore::new().await;
    let groups = (0..300).map(|number| group(&format!("cause-{number}"), 1, 0, number)).collect();
    test.store.failures().add(groups).await.unwrap();
    let kept = usize::try_from(octoporty_store::limits::FAILURE_GROUPS_MAX).unwrap();
    assert_eq!(test.store.failures().since(at(-60), 1_000).await.unwrap().len(), kept);
    test.store.failures().add(vec![group("cause-0", 1, 0, 0)]).await.unwrap();
    let found = test.store.failures().since(at(-60), 1_000).await.unwrap();
    assert!(found.iter().any(|group| group.count == 2), "those that are there are still counted");
}

#[tokio::test]
async fn states_of_the_tunnel_leave_no_gap() {
    let test = TestStore::new().await;
    let states = test.store.tunnel_states();
    states.start(at(0), TunnelState::Down, None).await.unwrap();
    states.change(at(10), TunnelState::Up, None).await.unwrap();
    states.change(at(100), TunnelState::Down, Some("keepalive-timeout")).await.unwrap();
    states.confirm(at(160)).await.unwrap();
    let test = test.reopened().await;
    let states = test.store.tunnel_states();
    states.start(at(300), TunnelState::Up, None).await.unwrap();
    states.confirm(at(360)).await.unwrap();
    states.confirm(at(350)).await.unwrap();
    let span = |from, to, state| TunnelSpan { from: at(from), to: at(to), state, cause: None };
    let lost = TunnelSpan { cause: Some("keepalive-timeout".to_owned()), ..span(100, 160, TunnelState::Down) };
    assert_eq!(
        states.history(at(-50), at(400)).await.unwrap(),
        [
            span(-50, 0, TunnelState::Unknown),
            span(0, 10, TunnelState::Down),
            span(10, 100, TunnelState::Up),
            lost.clone(),
            span(160, 300, TunnelState::Unknown),
            span(300, 360, TunnelState::Up),
            span(360, 400, TunnelState::Unknown),
        ]
    );
    let within = TunnelSpan { from: at(120), to: at(130), ..lost };
    assert_eq!(states.history(at(120), at(130)).await.unwrap(), [within]);
    let nothing = TunnelSpan { from: at(0), to: at(1), state: TunnelState::Unknown, cause: None };
    let empty = TestStore::new().await;
    assert_eq!(empty.store.tunnel_states().history(at(0), at(1)).await.unwrap(), [nothing]);
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_no_overlap() {
    let test = TestStore::new().await;
    let states = test.store.tunnel_states();
    states.start(at(0), TunnelState::Up, None).await.unwrap();
    states.confirm(at(100)).await.unwrap();
    states.change(at(50), TunnelState::Down, None).await.unwrap();
    states.confirm(at(150)).await.unwrap();
    let spans = states.history(at(0), at(150)).await.unwrap();
    assert!(spans.windows(2).all(|pair| pair[0].to == pair[1].from), "{spans:?}");
    assert_eq!((spans[0].from, spans[spans.len() - 1].to), (at(0), at(150)));
}
