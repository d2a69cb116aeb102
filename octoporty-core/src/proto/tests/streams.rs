//! Streams from their opening to their end: halves, order, resets, handles that are let go, limits on the way.

use bytes::Bytes;

use super::pair::{Pair, millis};
use crate::{
    frame::{Reset, ResetCode, Side, StreamKind},
    limits::{
        ENCODED_HEAD_BYTES_MAX, ENCODED_TRAILERS_BYTES_MAX, HEADS_PER_STREAM_MAX, INLINE_BODY_BYTES_MAX,
        SEND_BUFFER_BYTES,
    },
    proto::{Config, ConnectionError, Event, OpenError, Read, ReadError, Received, Role, WriteError},
};

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

#[test]
fn a_small_exchange_takes_one_message_each_way() {
    let mut pair = Pair::new();
    pair.keep_sent();
    let id = pair.gateway.connection.open(StreamKind::Http, b"GET", b"small", true).unwrap();
    pair.settle();
    let events = pair.agent.take_events();
    assert_eq!(events, [Event::Opened { stream: id, kind: StreamKind::Http, head: bytes("GET") }]);
    assert_eq!(pair.agent.read_all(id), (vec![Received::Data(bytes("small"))], Ok(Read::End)));
    assert_eq!(pair.agent.connection.send_head(id, b"200", b"answer", true), Ok(true));
    pair.settle();
    let answer = vec![Received::Head(bytes("200")), Received::Data(bytes("answer"))];
    assert_eq!(pair.gateway.read_all(id), (answer, Ok(Read::End)));
    assert!(pair.gateway.connection.is_read_to_end(id));
    assert_eq!((pair.gateway.sent.len(), pair.agent.sent.len()), (1, 1));
    pair.gateway.drop_handles(id);
    pair.agent.drop_handles(id);
    pair.check_empty();
}

#[test]
fn bodies_and_trailers_arrive_in_order_both_ways() {
    let mut pair = Pair::new();
    let id = pair.exchange(b"one ", false);
    for piece in ["two ", "three "] {
        assert_eq!(pair.gateway.connection.write(id, &bytes(piece)), Ok(true));
    }
    pair.gateway.connection.finish(id, Some(bytes("checksum"))).unwrap();
    assert_eq!(pair.agent.connection.send_head(id, b"103", b"", false), Ok(true));
    assert_eq!(pair.agent.connection.send_head(id, b"200", b"a ", false), Ok(true));
    assert_eq!(pair.agent.connection.write(id, &bytes("b")), Ok(true));
    pair.agent.connection.finish(id, None).unwrap();
    pair.settle();
    let (request, end) = pair.agent.read_all(id);
    let text: Vec<&[u8]> =
        request.iter().map(|r| if let Received::Data(data) = r { data.as_ref() } else { b"" }).collect();
    assert_eq!(text.concat(), b"one two three ");
    assert_eq!((request.last(), end), (Some(&Received::Trailers(bytes("checksum"))), Ok(Read::End)));
    let answer = ["103", "200"].map(|head| Received::Head(bytes(head)));
    let (got, end) = pair.gateway.read_all(id);
    assert_eq!((&got[..2], end), (&answer[..], Ok(Read::End)));
    assert_eq!(got[2..], [Received::Data(bytes("a ")), Received::Data(bytes("b"))]);
}

#[test]
fn each_half_ends_by_itself() {
    let mut pair = Pair::new();
    let id = pair.exchange(b"", true);
    assert_eq!(pair.gateway.connection.write(id, &bytes("late")), Err(WriteError::Closed));
    assert_eq!(pair.agent.connection.send_head(id, b"200", b"", false), Ok(true));
    pair.agent.connection.finish(id, None).unwrap();
    assert_eq!(pair.agent.connection.finish(id, None), Err(WriteError::Stopped), "and only once");
    pair.settle();
    assert_eq!(pair.gateway.connection.open_streams(), 0);
}

#[test]
fn an_agent_opens_control_streams() {
    let mut pair = Pair::new();
    let id = pair.agent.connection.open(StreamKind::Control, b"routes.sync", b"routes", true).unwrap();
    assert_eq!(id.as_u32() % 2, 0);
    pair.settle();
    assert_eq!(pair.gateway.opened(), [id]);
    assert_eq!(pair.gateway.connection.send_head(id, b"ok", b"", true), Ok(true));
    pair.settle();
    assert_eq!(pair.agent.read_all(id), (vec![Received::Head(bytes("ok"))], Ok(Read::End)));
}

#[test]
fn a_reader_that_waits_is_told_once() {
    let mut pair = Pair::new();
    let id = pair.exchange(b"", false);
    assert_eq!(pair.agent.connection.read(id), Ok(Read::Pending));
    for _ in 0..3 {
        assert_eq!(pair.gateway.connection.write(id, &bytes("x")), Ok(true));
        pair.settle();
    }
    assert_eq!(pair.agent.take_events(), [Event::Readable(id)]);
    assert_eq!(pair.agent.read_bytes(id), b"xxx");
}

#[test]
fn a_reset_ends_both_halves_at_both_sides() {
    for by_gateway in [true, false] {
        let mut pair = Pair::new();
        let id = pair.exchange(b"unread", false);
        assert_eq!(pair.agent.connection.poll_stopped(id), None);
        assert_eq!(pair.gateway.connection.read(id), Ok(Read::Pending));
        let reset = Reset::with_detail(ResetCode::Timeout, Side::Upstream, "too slow");
        let (from, to) =
            if by_gateway { (&mut pair.gateway, &mut pair.agent) } else { (&mut pair.agent, &mut pair.gateway) };
        from.connection.reset(id, reset.clone());
        assert_eq!(from.connection.read(id), Err(ReadError::Reset(reset.clone())));
        to.events.clear();
        pair.settle();
        let (from, to) =
            if by_gateway { (&mut pair.gateway, &mut pair.agent) } else { (&mut pair.agent, &mut pair.gateway) };
        for end in [from, to] {
            assert_eq!(end.connection.read(id), Err(ReadError::Reset(reset.clone())));
            assert_eq!(end.connection.write(id, &bytes("x")), Err(WriteError::Reset(reset.clone())));
            assert!(!end.take_events().is_empty(), "who waits is told");
            end.drop_handles(id);
        }
        pair.settle();
        pair.check_empty();
    }
}

#[test]
fn handles_may_be_let_go_in_any_order_and_nothing_is_left() {
    // Each bit of `order` is a choice: who first, which handle first, before or after the answer, finished or not.
    for order in 0..64_u32 {
        let choose = |bit: u32| order >> bit & 1 == 1;
        let mut pair = Pair::new();
        let id = pair.exchange(b"start", false);
        if choose(0) {
            pair.gateway.connection.finish(id, None).unwrap();
        }
        if choose(1) {
            assert_eq!(pair.agent.connection.send_head(id, b"head", b"", choose(2)), Ok(true));
        }
        if choose(3) {
            pair.settle();
        }
        for (index, gateway) in [(0, choose(4)), (1, !choose(4))] {
            let end = if gateway { &mut pair.gateway } else { &mut pair.agent };
            if choose(5) {
                end.connection.drop_sender(id);
                end.connection.drop_receiver(id);
            } else {
                end.connection.drop_receiver(id);
                end.connection.drop_sender(id);
            }
            end.check_invariants();
            if index == 0 && choose(3) {
                pair.settle();
            }
        }
        pair.settle();
        assert_eq!(pair.gateway.connection.error(), None, "order {order:b}");
        assert_eq!(pair.agent.connection.error(), None, "order {order:b}");
        pair.check_empty();
    }
}

#[test]
fn a_sender_that_is_dropped_unfinished_resets_what_was_cut() {
    let mut pair = Pair::new();
    let (request, answer) = (pair.exchange(b"", false), pair.exchange(b"", true));
    pair.gateway.connection.drop_sender(request);
    assert_eq!(pair.agent.connection.send_head(answer, b"200", b"half of", false), Ok(true));
    pair.agent.connection.drop_sender(answer);
    pair.settle();
    assert_eq!(pair.agent.connection.read(request), Err(ReadError::Reset(Reset::cancelled())));
    let fault = Reset::new(ResetCode::Internal, Side::Internal);
    assert_eq!(pair.gateway.connection.read(answer), Err(ReadError::Reset(fault)), "not the visitor's doing");
}

#[test]
fn as_many_streams_as_the_peer_allows_and_no_more() {
    let mut pair = Pair::with(Config::new(Role::Gateway), Config::new(Role::Agent).streams_max(3));
    let ids: Vec<_> = (0..3).map(|_| pair.exchange(b"", true)).collect();
    assert_eq!(pair.gateway.connection.open(StreamKind::Http, b"", b"", true), Err(OpenError::NoRoom));
    pair.gateway.events.clear();
    assert_eq!(pair.agent.connection.send_head(ids[1], b"200", b"", true), Ok(true));
    pair.settle();
    assert!(pair.gateway.take_events().contains(&Event::Room));
    pair.exchange(b"", true);
    assert_eq!(pair.agent.connection.error(), None);
}

#[test]
fn both_sides_count_open_streams_alike_while_streams_come_and_go() {
    let mut pair = Pair::with(Config::new(Role::Gateway), Config::new(Role::Agent).streams_max(4));
    pair.set_delay(millis(10));
    for round in 0..200_u32 {
        for _ in 0..6 {
            let Ok(id) = pair.gateway.connection.open(StreamKind::Http, b"r", b"", round % 2 == 0) else { break };
            if round % 3 == 0 {
                pair.gateway.connection.reset(id, Reset::cancelled());
            }
            if round % 2 == 1 {
                let _reset_before = pair.gateway.connection.finish(id, None);
            }
            if round % 3 == 0 {
                pair.gateway.drop_handles(id);
            }
        }
        pair.advance(millis(7));
        for id in pair.agent.opened() {
            let _reset_before = pair.agent.connection.send_head(id, b"h", b"", true);
            pair.agent.drop_handles(id);
        }
        let known = pair.gateway.connection.table.ids();
        for id in known {
            if pair.gateway.connection.is_read_to_end(id) || pair.gateway.read_all(id).1 != Ok(Read::Pending) {
                pair.gateway.drop_handles(id);
            }
        }
        assert_eq!(pair.agent.connection.error(), None, "round {round}");
        pair.check_invariants();
    }
}

#[test]
fn what_is_too_large_is_refused_before_it_breaks_the_lane() {
    let mut pair = Pair::new();
    let (head, body) = (vec![1; ENCODED_HEAD_BYTES_MAX], vec![2; INLINE_BODY_BYTES_MAX]);
    let (long_head, long_body) = (vec![1; ENCODED_HEAD_BYTES_MAX + 1], vec![2; INLINE_BODY_BYTES_MAX + 1]);
    let open =
        |pair: &mut Pair, head: &[u8], body: &[u8]| pair.gateway.connection.open(StreamKind::Http, head, body, false);
    assert!(matches!(open(&mut pair, &long_head, b""), Err(OpenError::TooLarge { what: "head", .. })));
    assert!(matches!(open(&mut pair, b"", &long_body), Err(OpenError::TooLarge { what: "body", .. })));
    let id = open(&mut pair, &head, &body).unwrap();
    pair.settle();
    let agent = &mut pair.agent.connection;
    assert!(matches!(agent.send_head(id, &long_head, b"", true), Err(WriteError::TooLarge { what: "head", .. })));
    assert!(matches!(agent.send_head(id, b"", &long_body, true), Err(WriteError::TooLarge { what: "body", .. })));
    assert_eq!(agent.send_head(id, &head, &body, false), Ok(true));
    let block = vec![3; ENCODED_TRAILERS_BYTES_MAX + 1];
    assert!(matches!(agent.finish(id, Some(block.into())), Err(WriteError::TooLarge { what: "trailers", .. })));
    agent.finish(id, Some(vec![3; ENCODED_TRAILERS_BYTES_MAX].into())).unwrap();
    pair.settle();
    assert_eq!(pair.gateway.connection.error(), None);
    assert_eq!(pair.gateway.read_all(id).0.len(), 3);
}

#[test]
fn an_answer_begins_with_a_head_and_has_no_head_behind_its_body() {
    let mut pair = Pair::new();
    let id = pair.exchange(b"", true);
    let agent = &mut pair.agent.connection;
    assert_eq!(agent.write(id, &bytes("x")), Err(WriteError::NoHead));
    assert_eq!(agent.finish(id, None), Err(WriteError::NoHead));
    assert_eq!(agent.send_head(id, b"200", b"", false), Ok(true));
    assert_eq!(agent.write(id, &bytes("x")), Ok(true));
    assert_eq!(agent.send_head(id, b"late", b"", false), Err(WriteError::Closed));
    assert_eq!(pair.gateway.connection.send_head(id, b"", b"", true), Err(WriteError::Closed), "not its to answer");
    pair.settle();
    assert_eq!((pair.gateway.connection.error(), pair.agent.connection.error()), (None, None));
}

#[test]
fn interim_heads_leave_room_for_the_final_one() {
    let mut pair = Pair::new();
    let id = pair.exchange(b"", true);
    let sent = (0..50).filter(|_| pair.agent.connection.send_interim(id, b"103") == Ok(true)).count();
    assert_eq!(sent, usize::from(HEADS_PER_STREAM_MAX) - 1);
    assert_eq!(pair.agent.connection.send_head(id, b"200", b"", true), Ok(true));
    pair.settle();
    assert_eq!(pair.gateway.connection.error(), None);
    assert_eq!(pair.gateway.read_all(id).0.len(), usize::from(HEADS_PER_STREAM_MAX));
}

#[test]
fn a_writer_without_room_waits_and_is_told() {
    let mut pair = Pair::new();
    let id = pair.exchange(b"", false);
    pair.gateway.link.stalled = true;
    pair.gateway.link.buffer = 0;
    let chunk = Bytes::from(vec![7; 32 << 10]);
    let mut taken = 0;
    while pair.gateway.connection.write(id, &chunk) == Ok(true) {
        taken += chunk.len();
    }
    assert_eq!(taken, SEND_BUFFER_BYTES);
    assert_eq!(pair.gateway.connection.poll_write(id), Ok(false));
    pair.gateway.link.stalled = false;
    pair.gateway.link.buffer = 1 << 20;
    pair.gateway.events.clear();
    pair.settle();
    assert_eq!(pair.gateway.take_events(), [Event::Writable(id)]);
    assert_eq!(pair.gateway.connection.poll_write(id), Ok(true));
}

#[test]
fn a_chunk_of_any_size_passes_an_empty_buffer() {
    let mut pair = Pair::new();
    let id = pair.exchange(b"", false);
    let chunk = Bytes::from(vec![7; 1 << 20]);
    assert_eq!(pair.gateway.connection.write(id, &chunk), Ok(true));
    let mut got = 0;
    while got < chunk.len() {
        pair.settle();
        let read = pair.agent.read_bytes(id).len();
        assert!(read > 0, "credit comes back");
        got += read;
    }
    assert_eq!(got, chunk.len());
}

#[test]
fn streams_of_a_lost_lane_give_what_had_come_and_then_the_loss() {
    let mut pair = Pair::new();
    let (whole, cut) = (pair.exchange(b"", true), pair.exchange(b"", true));
    assert_eq!(pair.agent.connection.send_head(whole, b"200", b"whole", true), Ok(true));
    assert_eq!(pair.agent.connection.send_head(cut, b"200", b"cut", false), Ok(true));
    pair.settle();
    pair.cut();
    assert_eq!(pair.gateway.read_all(whole).1, Ok(Read::End), "a whole answer stays whole");
    let (got, end) = pair.gateway.read_all(cut);
    assert_eq!(got.len(), 2);
    assert!(matches!(end, Err(ReadError::Lost(ConnectionError::TransportLost { .. }))), "a cut one looks cut");
    assert!(matches!(pair.gateway.connection.open(StreamKind::Http, b"", b"", true), Err(OpenError::Lost(_))));
    for id in [whole, cut] {
        pair.gateway.drop_handles(id);
        pair.agent.drop_handles(id);
    }
    pair.check_empty();
    assert_eq!(pair.gateway.connection.poll_transmit(pair.now), None, "nothing is said on a lane that is lost");
}

#[test]
fn finished_streams_without_handles_are_forgotten_when_the_lane_is_lost() {
    let mut pair = Pair::new();
    let id = pair.exchange(b"", false);
    pair.gateway.link.buffer = 0;
    assert_eq!(pair.gateway.connection.write(id, &bytes("never sent")), Ok(true));
    pair.gateway.connection.finish(id, None).unwrap();
    pair.gateway.connection.drop_sender(id);
    pair.cut();
    pair.gateway.connection.drop_receiver(id);
    pair.agent.drop_handles(id);
    pair.check_empty();
}

#[test]
fn identifiers_run_out_without_being_used_twice() {
    let mut pair = Pair::new();
    pair.gateway.connection.table.use_up_to(u32::MAX - 2);
    assert_eq!(pair.gateway.connection.streams_left(), 2);
    let ids = [pair.exchange(b"", true), pair.exchange(b"", true)];
    assert_eq!(ids.map(crate::proto::StreamId::as_u32), [u32::MAX - 2, u32::MAX]);
    assert_eq!(pair.gateway.connection.open(StreamKind::Http, b"", b"", true), Err(OpenError::Exhausted));
    assert!(!pair.gateway.connection.takes_streams());
    assert_eq!(pair.agent.connection.send_head(ids[1], b"200", b"", true), Ok(true));
    pair.settle();
    assert_eq!(pair.gateway.read_all(ids[1]).1, Ok(Read::End), "what is open goes on");
}
