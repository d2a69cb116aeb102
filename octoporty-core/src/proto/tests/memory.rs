//! Memory that a peer can make this side hold: bounded by windows and counts, whatever shape the bytes have.

use bytes::{Bytes, BytesMut};

use super::pair::Pair;
use crate::{
    frame::{FrameHead, Kind, Reset, StreamKind, put_data, put_head, put_open, put_reset},
    limits::MESSAGE_BYTES_MAX,
    proto::{Config, Event, ReadError, Received, Role, StreamId},
};

fn padding(out: &mut BytesMut, bytes: usize) {
    let length = u32::try_from(bytes).expect("it fits into a message");
    let head = FrameHead { stream: 9, kind: Kind::Optional(50), end: false, compressed: false, length };
    out.extend_from_slice(&head.to_bytes());
    out.resize(out.len() + bytes, 0);
}

fn lies_in(slice: &Bytes, message: &Bytes) -> bool {
    message.as_ptr_range().contains(&slice.as_ptr())
}

/// The data of a stream that arrived in `message`.
fn only_data(pair: &mut Pair, id: StreamId) -> Bytes {
    let (all, _) = pair.gateway.read_all(id);
    let Some(Received::Data(bytes)) = all.last() else { panic!("data came: {all:?}") };
    bytes.clone()
}

#[test]
fn a_small_part_of_a_large_message_does_not_keep_it_alive() {
    // R28
    for (size, sliced) in [(100, false), (3000, false), (60_000, false), (0, true)] {
        let mut pair = Pair::new();
        let id = pair.exchange(b"", true);
        let mut out = BytesMut::new();
        put_head(&mut out, id.as_u32(), b"200", b"", false);
        if sliced {
            put_data(&mut out, id.as_u32(), &[1; 40_000], false, false);
        } else {
            put_data(&mut out, id.as_u32(), &vec![1; size], false, false);
            padding(&mut out, MESSAGE_BYTES_MAX - 80_000);
        }
        let message = out.freeze();
        let now = pair.now;
        pair.gateway.connection.handle_message(now, message.clone()).unwrap();
        let bytes = only_data(&mut pair, id);
        assert_eq!(lies_in(&bytes, &message), sliced, "{size}");
    }
}

#[test]
fn heads_of_ordinary_messages_are_slices_and_of_padded_ones_copies() {
    for (pad, sliced) in [(0, true), (900_000, false)] {
        let mut pair = Pair::new();
        let mut out = BytesMut::new();
        put_open(&mut out, 1, StreamKind::Http, 0, b"head", b"body", true);
        if pad > 0 {
            padding(&mut out, pad);
        }
        let message = out.freeze();
        let now = pair.now;
        pair.agent.connection.handle_message(now, message.clone()).unwrap();
        let Some(Event::Opened { head, stream, .. }) = pair.agent.connection.poll_event() else { panic!("opened") };
        assert_eq!(lies_in(&head, &message), sliced);
        let (all, _) = pair.agent.read_all(stream);
        let [Received::Data(body)] = &all[..] else { panic!("the inlined body") };
        assert_eq!(lies_in(body, &message), sliced);
    }
}

#[test]
fn a_window_of_single_bytes_is_kept_in_few_chunks() {
    let mut pair = Pair::new();
    let id = pair.exchange(b"", false);
    let mut out = BytesMut::new();
    for _ in 0..50_000 {
        put_data(&mut out, id.as_u32(), b"x", false, false);
    }
    let now = pair.now;
    pair.agent.connection.handle_message(now, out.freeze()).unwrap();
    let (all, _) = pair.agent.read_all(id);
    assert!(all.len() < 10, "{} chunks", all.len());
}

#[test]
fn single_bytes_that_wait_to_be_sent_are_kept_together() {
    let mut pair = Pair::new();
    let id = pair.exchange(b"", false);
    pair.gateway.link.buffer = 0;
    let text: Vec<u8> = (0..100_000_u32).map(|n| n.to_be_bytes()[3]).collect();
    let mut pieces = text.as_slice();
    // Single bytes and large chunks in turn, to see that the order stays.
    for size in [1, 1, 3000, 1, 2047, 2048, 1].into_iter().cycle() {
        let Some((piece, rest)) = pieces.split_at_checked(size) else { break };
        assert_eq!(pair.gateway.connection.write(id, &Bytes::copy_from_slice(piece)), Ok(true));
        pieces = rest;
    }
    let sent = text.len() - pieces.len();
    pair.gateway.link.buffer = 1 << 20;
    pair.settle();
    assert_eq!(pair.agent.read_bytes(id), &text[..sent]);
}

#[test]
fn streams_that_are_opened_and_reset_faster_than_they_are_taken_are_refused() {
    // R27, R28: the application has not looked at any of them yet.
    let mut pair = Pair::with(Config::new(Role::Gateway), Config::new(Role::Agent).streams_max(10));
    let now = pair.now;
    for index in 0..1000_u32 {
        let mut out = BytesMut::new();
        put_open(&mut out, index * 2 + 1, StreamKind::Http, 0, b"head", &[0; 1000], false);
        put_reset(&mut out, index * 2 + 1, &Reset::cancelled());
        pair.agent.connection.handle_message(now, out.freeze()).unwrap();
        pair.agent.check_invariants();
    }
    let opened: Vec<StreamId> = std::iter::from_fn(|| pair.agent.connection.poll_event())
        .filter_map(|event| if let Event::Opened { stream, .. } = event { Some(stream) } else { None })
        .collect();
    assert_eq!(opened.len(), 20, "twice what may be open");
    for id in opened {
        assert_eq!(pair.agent.connection.read(id), Err(ReadError::Reset(Reset::cancelled())));
        pair.agent.drop_handles(id);
    }
    pair.agent.check_empty();
}

#[test]
fn streams_that_are_gone_before_they_got_credit_leave_no_row_behind() {
    // R28: nothing goes out, since the peer does not read.
    let mut pair = Pair::new();
    let now = pair.now;
    for index in 0..10_000_u32 {
        let mut out = BytesMut::new();
        put_open(&mut out, index * 2 + 1, StreamKind::Http, 0, b"head", b"", false);
        put_reset(&mut out, index * 2 + 1, &Reset::cancelled());
        pair.agent.connection.handle_message(now, out.freeze()).unwrap();
        let Some(Event::Opened { stream, .. }) = pair.agent.connection.poll_event() else { panic!("opened") };
        pair.agent.drop_handles(stream);
    }
    assert!(pair.agent.connection.credit_due.len() < 100, "{}", pair.agent.connection.credit_due.len());
    pair.agent.check_empty();
}

#[test]
fn zero_bytes_of_data_and_of_credit_cost_no_memory() {
    let mut pair = Pair::new();
    let id = pair.exchange(b"", false);
    let mut out = BytesMut::new();
    for _ in 0..50_000 {
        put_data(&mut out, id.as_u32(), b"", false, false);
        crate::frame::put_credit(&mut out, id.as_u32(), 0);
    }
    let now = pair.now;
    pair.agent.connection.handle_message(now, out.freeze()).unwrap();
    assert!(pair.agent.read_all(id).0.is_empty());
    pair.check_invariants();
}
