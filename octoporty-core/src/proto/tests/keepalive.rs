//! Pings on a schedule, liveness, round trips.

use super::pair::{Pair, millis};
use crate::{
    frame::Frame,
    limits::{LIVENESS_TIMEOUT, PING_INTERVAL},
    proto::{ConnectionError, Event, ReadError, WriteError},
};

fn pings(frames: &[Frame]) -> usize {
    frames.iter().filter(|frame| matches!(frame, Frame::Ping(_))).count()
}

#[test]
fn an_idle_lane_pings_every_five_seconds_and_stays() {
    // R30
    let mut pair = Pair::new();
    pair.keep_sent();
    pair.set_delay(millis(40));
    pair.advance(PING_INTERVAL * 12);
    assert_eq!(pings(&pair.gateway.sent_frames()), 12);
    assert_eq!(pings(&pair.agent.sent_frames()), 12);
    assert_eq!(pair.gateway.connection.error(), None);
    assert_eq!(pair.gateway.connection.round_trip(), Some(millis(80)));
}

#[test]
fn a_half_open_path_is_noticed_at_both_ends_within_fifteen_seconds() {
    // R30
    let mut pair = Pair::new();
    let id = pair.exchange(b"", false);
    pair.advance(millis(100));
    for end in [&mut pair.gateway, &mut pair.agent] {
        end.link.black_hole = true;
        assert!(matches!(end.read_all(id).1, Ok(crate::proto::Read::Pending)));
    }
    pair.advance(LIVENESS_TIMEOUT);
    let silent = ConnectionError::Silent { after_ms: LIVENESS_TIMEOUT.as_millis() };
    for end in [&mut pair.gateway, &mut pair.agent] {
        assert_eq!(end.connection.error(), Some(&silent));
        let events = end.take_events();
        assert!(events.contains(&Event::Readable(id)), "the reader is told");
        assert_eq!(end.connection.read(id), Err(ReadError::Lost(silent.clone())));
        assert_eq!(end.connection.finish(id, None), Err(WriteError::Lost(silent.clone())));
        end.drop_handles(id);
        end.check_empty();
    }
}

#[test]
fn a_path_that_is_open_one_way_ends_the_side_that_hears_nothing() {
    let mut pair = Pair::new();
    pair.agent.link.black_hole = true;
    pair.advance(LIVENESS_TIMEOUT + millis(1));
    assert!(matches!(pair.gateway.connection.error(), Some(ConnectionError::Silent { .. })));
    assert_eq!(pair.agent.connection.error(), None, "it still hears the other side");
    pair.advance(LIVENESS_TIMEOUT);
    assert!(matches!(pair.agent.connection.error(), Some(ConnectionError::Silent { .. })));
}

#[test]
fn any_frame_is_a_sign_of_life() {
    let mut pair = Pair::new();
    let id = pair.exchange(b"", false);
    // Pings of the Agent count as little as any other frame: here only credit and data pass.
    for _ in 0..30 {
        pair.advance(millis(1000));
        assert_eq!(pair.gateway.connection.write(id, &vec![1; 4096].into()), Ok(true));
        pair.settle();
        pair.agent.read_bytes(id);
    }
    assert_eq!(pair.gateway.connection.error(), None);
    assert_eq!(pair.agent.connection.error(), None);
}

#[test]
fn a_ping_that_the_transport_cannot_take_does_not_leave_a_deadline_in_the_past() {
    let mut pair = Pair::new();
    pair.gateway.link.buffer = 0;
    pair.agent.link.buffer = 0;
    // `step` asserts that each deadline moves on; without a transport nothing is sent, and time ends the lane.
    pair.advance(LIVENESS_TIMEOUT - millis(1));
    assert_eq!(pair.gateway.connection.error(), None);
    pair.gateway.link.buffer = 1 << 20;
    pair.keep_sent();
    pair.step();
    assert_eq!(pings(&pair.gateway.sent_frames()), 1, "the pings that were due are one");
}

#[test]
fn only_the_newest_ping_is_answered() {
    let mut pair = Pair::new();
    pair.keep_sent();
    pair.agent.link.stalled = true;
    pair.agent.link.buffer = 0;
    let now = pair.now;
    for number in 0..1000_u64 {
        let mut ping = bytes::BytesMut::new();
        crate::frame::put_ping(&mut ping, number);
        pair.agent.connection.handle_message(now, ping.freeze()).unwrap();
    }
    pair.agent.link.buffer = 1 << 20;
    pair.step();
    let pongs: Vec<Frame> =
        pair.agent.sent_frames().into_iter().filter(|frame| matches!(frame, Frame::Pong(_))).collect();
    assert_eq!(pongs, [Frame::Pong(999)], "pongs sit in a slot, not in a queue");
}
