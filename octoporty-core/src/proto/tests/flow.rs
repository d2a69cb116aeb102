//! Flow control: credit, windows that grow, a budget that is shared, readers that stall.

use bytes::Bytes;

use super::pair::{Pair, millis};
use crate::{
    frame::{Reset, StreamKind},
    limits::{
        LANE_BUDGET_BYTES, STREAM_WINDOW_BYTES, STREAM_WINDOW_BYTES_FEW, STREAM_WINDOW_BYTES_MAX,
        STREAM_WINDOW_BYTES_MIN,
    },
    proto::{Config, Event, Read, Role, StreamId},
};

/// Writes as long as the stream takes it and the path moves it; gives the bytes taken.
fn fill(pair: &mut Pair, id: StreamId, most: usize) -> usize {
    let mut taken = 0;
    while taken < most && pair.agent.connection.write(id, &Bytes::from(vec![9; 16 << 10])) == Ok(true) {
        taken += 16 << 10;
        pair.settle();
    }
    taken
}

fn answer(pair: &mut Pair) -> StreamId {
    let id = pair.exchange(b"", true);
    assert_eq!(pair.agent.connection.send_head(id, b"200", b"", false), Ok(true));
    pair.settle();
    id
}

fn window(pair: &Pair, id: StreamId) -> u32 {
    pair.gateway.connection.table.get(id).expect("it is open").recv.window.size()
}

#[test]
fn a_reader_that_stalls_holds_one_window_and_no_more() {
    // R28
    let mut pair = Pair::new();
    let id = answer(&mut pair);
    fill(&mut pair, id, usize::MAX);
    let held = pair.gateway.connection.table.get(id).unwrap().recv.queued();
    assert_eq!(held, STREAM_WINDOW_BYTES);
    pair.check_invariants();
    assert!(pair.agent.connection.stats().credit_stalls > 0);
    assert_eq!(pair.gateway.read_bytes(id).len(), STREAM_WINDOW_BYTES as usize);
    pair.agent.events.clear();
    pair.settle();
    assert!(pair.agent.take_events().contains(&Event::Writable(id)), "reading gives credit back");
}

#[test]
fn credit_is_given_on_reading_and_not_on_receipt() {
    let mut pair = Pair::new();
    let id = answer(&mut pair);
    pair.keep_sent();
    fill(&mut pair, id, STREAM_WINDOW_BYTES as usize);
    assert!(pair.gateway.sent.is_empty(), "nobody read");
    assert!(!pair.gateway.connection.has_credit_due());
    pair.gateway.read_bytes(id);
    assert!(pair.gateway.connection.has_credit_due());
    pair.settle();
    assert_eq!(pair.gateway.sent.len(), 1, "one credit for all that was read at once");
}

#[test]
fn stalled_readers_that_used_up_the_budget_stop_nobody_else() {
    // R28
    let mut pair = Pair::new();
    let stalled: Vec<StreamId> = (0..120).map(|_| answer(&mut pair)).collect();
    for id in &stalled {
        fill(&mut pair, *id, usize::MAX);
    }
    let more = u64::from(STREAM_WINDOW_BYTES - STREAM_WINDOW_BYTES_MIN);
    assert!(pair.gateway.connection.budget_left() < more, "the budget is used up");
    let live = answer(&mut pair);
    assert_eq!(window(&pair, live), STREAM_WINDOW_BYTES_MIN);
    let mut got = 0;
    for _ in 0..100 {
        pair.settle();
        fill(&mut pair, live, 64 << 10);
        got += pair.gateway.read_bytes(live).len();
    }
    assert!(got > 1 << 20, "{got} bytes passed");
    pair.check_invariants();
    let held: u64 =
        stalled.iter().map(|id| u64::from(pair.gateway.connection.table.get(*id).unwrap().recv.queued())).sum();
    assert!(held <= LANE_BUDGET_BYTES + 120 * u64::from(STREAM_WINDOW_BYTES_MIN));
    for id in stalled.into_iter().chain([live]) {
        pair.gateway.drop_handles(id);
        pair.agent.drop_handles(id);
    }
    pair.settle();
    pair.check_empty();
}

#[test]
fn a_stream_that_began_small_grows_once_the_budget_is_back() {
    let budget = u64::from(STREAM_WINDOW_BYTES - STREAM_WINDOW_BYTES_MIN);
    let mut pair = Pair::with(Config::new(Role::Gateway).lane_budget_bytes(budget), Config::new(Role::Agent));
    let (first, second) = (answer(&mut pair), answer(&mut pair));
    assert_eq!((window(&pair, first), window(&pair, second)), (STREAM_WINDOW_BYTES, STREAM_WINDOW_BYTES_MIN));
    pair.gateway.drop_handles(first);
    pair.agent.drop_handles(first);
    for _ in 0..4 {
        fill(&mut pair, second, 64 << 10);
        pair.gateway.read_bytes(second);
        pair.settle();
    }
    // More than the default does not fit into this budget.
    assert_eq!((window(&pair, second), pair.gateway.connection.budget_left()), (STREAM_WINDOW_BYTES, 0));
}

#[test]
fn a_lone_bulk_stream_gets_a_larger_window_and_a_third_one_does_not() {
    let mut pair = Pair::new();
    let bulk: Vec<StreamId> = (0..3).map(|_| answer(&mut pair)).collect();
    for id in &bulk {
        for _ in 0..10 {
            fill(&mut pair, *id, 256 << 10);
            pair.gateway.read_bytes(*id);
            pair.settle();
        }
    }
    let sizes: Vec<u32> = bulk.iter().map(|id| window(&pair, *id)).collect();
    assert_eq!(sizes, [STREAM_WINDOW_BYTES_FEW, STREAM_WINDOW_BYTES_FEW, STREAM_WINDOW_BYTES]);
    pair.check_invariants();
}

#[test]
fn a_window_grows_with_the_length_of_the_path_up_to_its_bound() {
    let mut pair = Pair::over_delay(millis(50));
    pair.advance(millis(200));
    let id = answer(&mut pair);
    let chunk = Bytes::from(vec![9; 64 << 10]);
    let mut got = 0_u64;
    for _ in 0..400 {
        while pair.agent.connection.write(id, &chunk) == Ok(true) {}
        pair.advance(millis(5));
        got += pair.gateway.read_bytes(id).len() as u64;
        pair.check_invariants();
    }
    assert_eq!(window(&pair, id), STREAM_WINDOW_BYTES_MAX);
    // Two seconds at a quarter megabyte a round trip of 100 ms would be 5 MiB.
    assert!(got > 40 << 20, "{got} bytes in two seconds");
    pair.gateway.drop_handles(id);
    pair.agent.drop_handles(id);
    pair.settle();
    pair.check_empty();
}

#[test]
fn a_request_body_gets_a_full_window_once_more_is_to_come() {
    let mut pair = Pair::new();
    let whole = pair.exchange(b"all of it", true);
    let streaming = pair.exchange(b"first bytes", false);
    let size = |id: StreamId| pair.agent.connection.table.get(id).unwrap().recv.window.size();
    assert_eq!((size(whole), size(streaming)), (STREAM_WINDOW_BYTES_MIN, STREAM_WINDOW_BYTES));
}

#[test]
fn unread_bytes_of_finished_streams_still_count_against_the_budget() {
    // R28: a slow visitor's answer is complete on the wire long before it is read.
    let mut pair = Pair::new();
    let id = answer(&mut pair);
    fill(&mut pair, id, STREAM_WINDOW_BYTES as usize);
    pair.agent.connection.finish(id, None).unwrap();
    pair.settle();
    assert_eq!(pair.gateway.connection.open_streams(), 0, "both halves have ended");
    let held = u64::from(STREAM_WINDOW_BYTES - STREAM_WINDOW_BYTES_MIN);
    assert_eq!(pair.gateway.connection.budget_left(), LANE_BUDGET_BYTES - held);
    while !matches!(pair.gateway.connection.read(id), Ok(Read::End)) {
        pair.check_invariants();
    }
    assert_eq!(pair.gateway.connection.budget_left(), LANE_BUDGET_BYTES);
}

#[test]
fn a_finished_answer_keeps_only_what_is_unread_of_the_budget() {
    let mut pair = Pair::new();
    let id = answer(&mut pair);
    fill(&mut pair, id, 64 << 10);
    pair.agent.connection.finish(id, None).unwrap();
    pair.settle();
    let held = LANE_BUDGET_BYTES - pair.gateway.connection.budget_left();
    assert_eq!(held, u64::from((64_u32 << 10) - STREAM_WINDOW_BYTES_MIN));
    pair.gateway.connection.drop_receiver(id);
    assert_eq!(pair.gateway.connection.budget_left(), LANE_BUDGET_BYTES);
}

#[test]
fn answers_that_nobody_reads_bound_the_streams_that_can_be_opened() {
    // R28: inlined bodies are outside credit, so the streams that hold them are counted.
    let mut pair = Pair::with(Config::new(Role::Gateway), Config::new(Role::Agent).streams_max(5));
    let mut unread = Vec::new();
    while let Ok(id) = pair.gateway.connection.open(StreamKind::Http, b"", b"", true) {
        pair.settle();
        assert_eq!(pair.agent.connection.send_head(id, b"200", &[1; 16 << 10], true), Ok(true));
        pair.agent.drop_handles(id);
        pair.settle();
        assert_eq!(pair.agent.opened(), [id]);
        unread.push(id);
        assert!(unread.len() <= 100, "no bound");
    }
    assert_eq!(unread.len(), 10);
    pair.gateway.events.clear();
    pair.gateway.drop_handles(unread[3]);
    pair.settle();
    assert!(pair.gateway.take_events().contains(&Event::Room));
    pair.exchange(b"", true);
}

#[test]
fn bytes_that_are_not_wanted_give_the_budget_back() {
    let mut pair = Pair::new();
    let id = pair.exchange(b"", false);
    assert!(pair.agent.connection.budget_left() < LANE_BUDGET_BYTES);
    assert_eq!(pair.gateway.connection.write(id, &vec![1; 100_000].into()), Ok(true));
    pair.settle();
    pair.agent.connection.stop(id);
    assert_eq!(pair.agent.connection.budget_left(), LANE_BUDGET_BYTES);
    pair.gateway.connection.reset(id, Reset::cancelled());
    pair.settle();
    assert_eq!(pair.gateway.connection.budget_left(), LANE_BUDGET_BYTES);
    pair.check_invariants();
}
