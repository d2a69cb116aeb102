//! Leaving in good order, and answers that end before their requests.

use bytes::Bytes;

use super::pair::{Pair, millis};
use crate::{
    frame::{Frame, Reset, ResetCode, Side, StreamKind},
    message::GoAwayReason,
    proto::{Config, Event, OpenError, Read, ReadError, Received, Role, WriteError},
};

#[test]
fn what_is_open_finishes_and_drained_comes_once() {
    let mut pair = Pair::new();
    let id = pair.exchange(b"", false);
    pair.agent.connection.go_away(GoAwayReason::Restart, "update", millis(2000));
    pair.settle();
    let [Event::GoAway(told)] = &pair.gateway.take_events()[..] else { panic!("the gateway is told") };
    assert_eq!((told.reason, told.message.as_str(), told.spread_ms), (GoAwayReason::Restart, "update", 2000));
    assert_eq!(told.last_stream, id.as_u32());
    assert!(!pair.gateway.connection.takes_streams() && !pair.agent.connection.takes_streams());

    assert_eq!(pair.gateway.connection.write(id, &Bytes::from_static(b"more")), Ok(true));
    pair.gateway.connection.finish(id, None).unwrap();
    pair.settle();
    assert_eq!(pair.agent.read_bytes(id), b"more");
    assert_eq!(pair.agent.connection.send_head(id, b"answer", b"all", true), Ok(true));
    pair.settle();
    assert_eq!(pair.gateway.read_bytes(id), b"all");
    assert!(!pair.agent.take_events().contains(&Event::Drained), "the handles are still held");
    pair.gateway.drop_handles(id);
    pair.agent.drop_handles(id);
    pair.settle();
    pair.advance(millis(60_000));
    let drained = pair.agent.take_events().into_iter().filter(|event| *event == Event::Drained).count();
    assert_eq!(drained, 1);
    assert!(!pair.gateway.take_events().contains(&Event::Drained), "only who leaves is told");
    pair.check_empty();
}

#[test]
fn neither_side_opens_streams_once_one_leaves() {
    let mut pair = Pair::new();
    pair.gateway.connection.go_away(GoAwayReason::Shutdown, "", millis(0));
    assert_eq!(pair.gateway.connection.open(StreamKind::Http, b"", b"", true), Err(OpenError::Draining));
    pair.settle();
    assert_eq!(pair.agent.connection.open(StreamKind::Control, b"", b"", true), Err(OpenError::Draining));
}

#[test]
fn who_waits_for_room_is_told_that_there_will_be_none() {
    let mut pair = Pair::with(Config::new(Role::Gateway), Config::new(Role::Agent).streams_max(1));
    pair.exchange(b"", true);
    assert_eq!(pair.gateway.connection.open(StreamKind::Http, b"", b"", true), Err(OpenError::NoRoom));
    pair.gateway.events.clear();
    pair.gateway.connection.go_away(GoAwayReason::Shutdown, "", millis(0));
    pair.settle();
    assert_eq!(pair.gateway.take_events(), [Event::Room]);
    assert_eq!(pair.gateway.connection.open(StreamKind::Http, b"", b"", true), Err(OpenError::Draining));
}

#[test]
fn a_stream_that_crossed_the_go_away_is_refused_and_may_go_elsewhere() {
    let mut pair = Pair::new();
    pair.set_delay(millis(20));
    let taken = pair.exchange(b"", false);
    pair.agent.connection.go_away(GoAwayReason::Shutdown, "", millis(0));
    let late = pair.gateway.connection.open(StreamKind::Http, b"late", b"body", false).unwrap();
    assert_eq!(pair.gateway.connection.write(late, &vec![1; 10_000].into()), Ok(true));
    pair.settle();
    assert!(pair.agent.opened().is_empty());
    let refused = Reset::new(ResetCode::Refused, Side::Tunnel);
    assert_eq!(pair.gateway.connection.read(late), Err(ReadError::Reset(refused)));
    let events = pair.gateway.take_events();
    let told = events.iter().find_map(|event| if let Event::GoAway(told) = event { Some(told) } else { None });
    assert_eq!(told.map(|told| told.last_stream), Some(taken.as_u32()), "the late stream lies behind it");
    assert_eq!(pair.agent.connection.error(), None);
    for id in [taken, late] {
        pair.gateway.drop_handles(id);
    }
    pair.agent.drop_handles(taken);
    pair.settle();
    pair.check_empty();
}

#[test]
fn an_empty_lane_is_drained_at_once() {
    let mut pair = Pair::new();
    pair.gateway.connection.go_away(GoAwayReason::Shutdown, "", millis(0));
    pair.gateway.connection.go_away(GoAwayReason::Shutdown, "twice", millis(0));
    pair.settle();
    assert_eq!(pair.gateway.take_events(), [Event::Drained]);
    assert!(matches!(pair.agent.take_events()[..], [Event::GoAway(_)]), "it is told once");
}

#[test]
fn an_early_answer_stays_readable_and_stops_the_request() {
    // RFC 9110 §9.3: a server may answer before it has read the request.
    let mut pair = Pair::new();
    pair.keep_sent();
    let id = pair.exchange(b"", false);
    let upload = Bytes::from(vec![1; 100_000]);
    while pair.gateway.connection.write(id, &upload) == Ok(true) {
        pair.settle();
    }
    pair.agent.connection.drop_receiver(id);
    assert_eq!(pair.agent.connection.send_head(id, b"too large", b"", false), Ok(true));
    assert_eq!(pair.agent.connection.write(id, &vec![2; 50_000].into()), Ok(true));
    pair.agent.connection.finish(id, None).unwrap();
    pair.settle();
    assert_eq!(pair.gateway.connection.write(id, &upload), Err(WriteError::Stopped));
    assert!(pair.gateway.take_events().contains(&Event::Writable(id)), "the writer is told");
    pair.gateway.connection.drop_sender(id);
    let (all, end) = pair.gateway.read_all(id);
    assert_eq!(all[0], Received::Head(Bytes::from_static(b"too large")));
    let bytes: usize = all[1..].iter().map(|r| if let Received::Data(data) = r { data.len() } else { 0 }).sum();
    assert_eq!((bytes, end), (50_000, Ok(Read::End)));
    let frames = pair.agent.sent_frames();
    let stop = Frame::Reset { stream: id.as_u32(), reset: Reset::new(ResetCode::NoError, Side::Upstream) };
    let end = frames.iter().position(|frame| matches!(frame, Frame::Data { end: true, .. })).unwrap();
    assert_eq!(frames.get(end + 1), Some(&stop), "right behind the end");
    pair.gateway.drop_handles(id);
    pair.agent.drop_handles(id);
    pair.settle();
    pair.check_empty();
}

#[test]
fn an_inlined_early_answer_stops_the_request_too() {
    let mut pair = Pair::new();
    let id = pair.exchange(b"first", false);
    pair.agent.connection.stop(id);
    assert_eq!(pair.agent.connection.send_head(id, b"no", b"body", true), Ok(true));
    pair.settle();
    assert_eq!(pair.gateway.connection.finish(id, None), Err(WriteError::Stopped));
    assert_eq!(pair.gateway.read_bytes(id), b"body");
}

#[test]
fn request_bytes_that_cross_an_early_answer_do_not_end_the_lane() {
    // The responder's handles are still held when the bytes come.
    let mut pair = Pair::new();
    pair.set_delay(millis(50));
    let id = pair.exchange(b"", false);
    pair.agent.connection.stop(id);
    assert_eq!(pair.agent.connection.send_head(id, b"no", b"", true), Ok(true));
    for _ in 0..10 {
        assert_eq!(pair.gateway.connection.write(id, &Bytes::from_static(b"on its way")), Ok(true));
        pair.advance(millis(1));
    }
    pair.gateway.connection.finish(id, None).unwrap();
    pair.settle();
    assert_eq!(pair.agent.connection.error(), None);
    pair.gateway.drop_handles(id);
    pair.agent.drop_handles(id);
    pair.settle();
    pair.check_empty();
}

#[test]
fn a_stop_after_the_answer_was_sent_is_told_as_well() {
    let mut pair = Pair::new();
    let id = pair.exchange(b"", false);
    assert_eq!(pair.agent.connection.send_head(id, b"early", b"", true), Ok(true));
    pair.settle();
    assert_eq!(pair.gateway.connection.open_streams(), 1, "the request still uploads");
    pair.agent.connection.drop_receiver(id);
    pair.settle();
    assert_eq!(pair.gateway.connection.write(id, &Bytes::from_static(b"x")), Err(WriteError::Stopped));
    assert_eq!(pair.gateway.connection.open_streams(), 0);
}
