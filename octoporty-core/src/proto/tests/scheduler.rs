//! What goes out first: urgent before bulk, bulk by turns, small frames together, messages within bounds.

use bytes::Bytes;

use super::pair::{Pair, frames};
use crate::{
    frame::{Frame, Reset, ResetCode, Side, StreamKind},
    limits::{
        ENCODED_TRAILERS_BYTES_MAX, MESSAGE_BYTES_MAX, MESSAGE_BYTES_TARGET, PIECE_BYTES_MAX, PIECE_BYTES_SHARED,
        SEND_BUFFER_BYTES, URGENT_QUEUE_BYTES,
    },
    proto::{Event, OpenError, StreamId},
};

/// A pair whose Gateway sends only when the test asks, with `streams` requests that upload.
fn held_back(streams: usize) -> (Pair, Vec<StreamId>) {
    let mut pair = Pair::new();
    let ids = (0..streams).map(|_| pair.exchange(b"", false)).collect();
    pair.settle();
    pair.gateway.link.buffer = 0;
    (pair, ids)
}

fn next(pair: &mut Pair) -> Option<Bytes> {
    pair.gateway.connection.poll_transmit(pair.now).map(crate::frame::Message::into_bytes)
}

fn data(message: &Bytes) -> Vec<(u32, usize)> {
    let sizes = |frame| match frame {
        Frame::Data { stream, payload, .. } => Some((stream, payload.len())),
        _ => None,
    };
    frames(message).into_iter().filter_map(sizes).collect()
}

fn write(pair: &mut Pair, id: StreamId, bytes: usize) {
    assert_eq!(pair.gateway.connection.write(id, &vec![5; bytes].into()), Ok(true));
}

#[test]
fn urgent_frames_go_before_bulk() {
    let (mut pair, ids) = held_back(1);
    write(&mut pair, ids[0], SEND_BUFFER_BYTES);
    assert_eq!(data(&next(&mut pair).unwrap()).len(), 1);
    let late = pair.gateway.connection.open(StreamKind::Http, b"late", b"", true).unwrap();
    let message = next(&mut pair).unwrap();
    assert!(matches!(&frames(&message)[..], [Frame::Open { stream, .. }] if *stream == late.as_u32()));
    assert_eq!(data(&next(&mut pair).unwrap()).len(), 1, "then bulk goes on");
}

#[test]
fn bulk_streams_take_turns_within_one_piece() {
    // R29
    let (mut pair, ids) = held_back(8);
    for id in &ids {
        write(&mut pair, *id, SEND_BUFFER_BYTES);
    }
    let mut sent = vec![0; ids.len()];
    while let Some(message) = next(&mut pair) {
        for (stream, bytes) in data(&message) {
            assert!(bytes <= PIECE_BYTES_SHARED);
            let index = ids.iter().position(|id| id.as_u32() == stream).unwrap();
            sent[index] += bytes;
        }
        let (least, most) = (sent.iter().min().unwrap(), sent.iter().max().unwrap());
        assert!(most - least <= PIECE_BYTES_SHARED, "{sent:?}");
    }
    assert!(sent.iter().all(|bytes| *bytes == SEND_BUFFER_BYTES), "{sent:?}");
}

#[test]
fn a_lone_bulk_stream_sends_large_pieces() {
    let (mut pair, ids) = held_back(1);
    write(&mut pair, ids[0], SEND_BUFFER_BYTES);
    assert_eq!(data(&next(&mut pair).unwrap()), [(ids[0].as_u32(), PIECE_BYTES_MAX)]);
}

#[test]
fn a_small_body_does_not_wait_behind_a_large_one() {
    let (mut pair, ids) = held_back(2);
    write(&mut pair, ids[0], SEND_BUFFER_BYTES);
    next(&mut pair).unwrap();
    write(&mut pair, ids[1], 100);
    pair.gateway.connection.finish(ids[1], None).unwrap();
    let ahead: usize = std::iter::from_fn(|| next(&mut pair))
        .flat_map(|message| data(&message))
        .take_while(|(stream, _)| *stream != ids[1].as_u32())
        .map(|(_, bytes)| bytes)
        .sum();
    assert!(ahead <= PIECE_BYTES_MAX, "{ahead} bytes went first");
}

#[test]
fn small_frames_share_a_message() {
    let (mut pair, ids) = held_back(20);
    for id in &ids {
        write(&mut pair, *id, 100);
    }
    assert_eq!(data(&next(&mut pair).unwrap()).len(), 20);
    assert_eq!(next(&mut pair), None);
    for _ in 0..20 {
        pair.gateway.connection.open(StreamKind::Http, b"head", b"body", true).unwrap();
    }
    assert_eq!(frames(&next(&mut pair).unwrap()).len(), 20);
    assert_eq!(next(&mut pair), None);
}

#[test]
fn small_chunks_of_one_stream_become_one_frame() {
    let (mut pair, ids) = held_back(1);
    for _ in 0..50 {
        write(&mut pair, ids[0], 10);
    }
    assert_eq!(data(&next(&mut pair).unwrap()), [(ids[0].as_u32(), 500)]);
}

#[test]
fn urgent_messages_stay_near_the_target_and_hold_whole_frames() {
    let (mut pair, _) = held_back(0);
    for size in [1000, 30_000, 40_000, 90_000, 10] {
        pair.gateway.connection.open(StreamKind::Http, &vec![1; size], &[2; 16 << 10], true).unwrap();
    }
    let sizes: Vec<usize> = std::iter::from_fn(|| next(&mut pair)).map(|message| message.len()).collect();
    assert_eq!(sizes.len(), 4, "{sizes:?}");
    let one_frame = 96 * 1024 + (16 << 10) + 16;
    assert!(sizes.iter().all(|size| *size <= one_frame), "{sizes:?}");
    assert!(sizes.iter().filter(|size| **size > MESSAGE_BYTES_TARGET).count() == 1, "{sizes:?}");
}

#[test]
fn the_largest_message_of_bulk_is_far_below_the_bound() {
    let (mut pair, ids) = held_back(64);
    for id in &ids {
        write(&mut pair, *id, 9000);
        pair.gateway.connection.finish(*id, Some(vec![1; ENCODED_TRAILERS_BYTES_MAX].into())).unwrap();
    }
    let most = std::iter::from_fn(|| next(&mut pair)).map(|message| message.len()).max().unwrap();
    assert!(most < MESSAGE_BYTES_MAX / 8, "{most}");
}

#[test]
fn openers_wait_when_too_much_is_urgent_and_are_told() {
    let (mut pair, _) = held_back(0);
    let head = vec![1; 60_000];
    let mut opened = 0;
    while pair.gateway.connection.open(StreamKind::Http, &head, b"", true).is_ok() {
        opened += 1;
        assert!(pair.gateway.connection.urgent_bytes() <= URGENT_QUEUE_BYTES + 120_000);
    }
    assert!(opened >= URGENT_QUEUE_BYTES / 60_100);
    assert_eq!(pair.gateway.connection.open(StreamKind::Http, b"", b"", true), Err(OpenError::NoRoom));
    pair.gateway.events.clear();
    pair.gateway.link.buffer = 1 << 30;
    pair.settle();
    assert_eq!(pair.gateway.take_events(), [Event::Room]);
}

#[test]
fn heartbeats_and_credit_go_in_front_of_a_long_row_of_heads() {
    // R28: control frames have their own queue.
    let (mut pair, _) = held_back(0);
    let stream = pair.agent.connection.open(StreamKind::Control, b"logs", b"", false).unwrap();
    assert_eq!(pair.agent.connection.write(stream, &vec![1; 10_000].into()), Ok(true));
    pair.step();
    for _ in 0..15 {
        pair.gateway.connection.open(StreamKind::Http, &[1; 60_000], b"", true).unwrap();
    }
    let now = pair.now;
    let mut ping = bytes::BytesMut::new();
    crate::frame::put_ping(&mut ping, 77);
    pair.gateway.connection.handle_message(now, ping.freeze()).unwrap();
    pair.gateway.read_bytes(stream);
    let first = frames(&next(&mut pair).unwrap());
    assert!(first.contains(&Frame::Pong(77)), "{first:?}");
    assert!(first.iter().any(|frame| matches!(frame, Frame::Credit { .. })), "{first:?}");
    assert!(!first.iter().any(|frame| matches!(frame, Frame::Open { .. })));
}

#[test]
fn a_reset_overtakes_the_bytes_that_it_makes_pointless() {
    let (mut pair, ids) = held_back(2);
    write(&mut pair, ids[0], SEND_BUFFER_BYTES);
    write(&mut pair, ids[1], SEND_BUFFER_BYTES);
    let reset = Reset::new(ResetCode::Cancelled, Side::Visitor);
    pair.gateway.connection.reset(ids[0], reset.clone());
    assert_eq!(frames(&next(&mut pair).unwrap()), [Frame::Reset { stream: ids[0].as_u32(), reset }]);
    while let Some(message) = next(&mut pair) {
        assert!(data(&message).iter().all(|(stream, _)| *stream == ids[1].as_u32()));
    }
}

#[test]
fn compressed_turns_count_plain_bytes() {
    let (mut pair, ids) = held_back(2);
    for id in &ids {
        pair.gateway.connection.compress(*id);
        write(&mut pair, *id, SEND_BUFFER_BYTES);
    }
    let mut plain = [0, 0];
    while let Some(message) = next(&mut pair) {
        for frame in frames(&message) {
            if let Frame::Data { stream, packed: Some(bytes), .. } = frame {
                plain[usize::from(stream == ids[1].as_u32())] += bytes;
            }
        }
        assert!(plain[0].abs_diff(plain[1]) <= PIECE_BYTES_SHARED, "{plain:?}");
    }
    assert_eq!(plain, [SEND_BUFFER_BYTES, SEND_BUFFER_BYTES]);
}
