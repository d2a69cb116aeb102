//! The handshake of a lane: order, versions, limits that are told, capabilities, refusal, time.

use bytes::Bytes;

use super::pair::{Pair, epoch, frames, hello, millis, welcome};
use crate::{
    frame::{Frame, StreamKind},
    limits::{HANDSHAKE_TIMEOUT, SENTENCE_BYTES_MAX, STREAM_WINDOW_BYTES_MIN, STREAMS_MAX},
    message::{GoAwayReason, Hello, RefusalCode, Refused, Welcome, decode},
    proto::{Config, Connection, ConnectionError, Event, OpenError, Role},
    version::WIRE_VERSION,
};

fn configs() -> (Config, Config) {
    (Config::new(Role::Gateway), Config::new(Role::Agent))
}

#[test]
fn hello_and_welcome_open_a_lane_on_both_sides() {
    let (gateway, agent) = configs();
    let mut pair = Pair::greeting(gateway, agent);
    pair.settle();
    assert!(matches!(pair.gateway.take_events()[..], [Event::Hello(_)]));
    assert!(!pair.gateway.connection.is_open());
    assert_eq!(
        pair.gateway.connection.open(StreamKind::Http, b"", b"", true),
        Err(OpenError::NotOpen),
        "no stream before the welcome"
    );
    pair.gateway.connection.welcome(welcome());
    pair.settle();
    assert!(pair.gateway.connection.is_open() && pair.agent.connection.is_open());
    let events = pair.agent.take_events();
    assert!(matches!(&events[..], [Event::Welcomed(_), Event::Room]), "{events:?}");
    assert!(pair.gateway.connection.takes_streams() && pair.agent.connection.takes_streams());
}

#[test]
fn versions_windows_and_limits_come_from_the_configuration() {
    let (gateway, agent) = configs();
    let mut pair = Pair::greeting(gateway.streams_max(7), agent);
    pair.keep_sent();
    pair.settle();
    pair.gateway.connection.welcome(welcome());
    pair.settle();
    let Frame::Hello(payload) = &pair.agent.sent_frames()[0] else { panic!("a hello comes first") };
    let hello: Hello = decode("hello", payload).unwrap();
    assert_eq!((hello.wire, hello.window, hello.streams), (WIRE_VERSION, STREAM_WINDOW_BYTES_MIN, STREAMS_MAX));
    let Frame::Welcome(payload) = &pair.gateway.sent_frames()[0] else { panic!("a welcome comes first") };
    let welcome: Welcome = decode("welcome", payload).unwrap();
    assert_eq!((welcome.wire, welcome.window, welcome.streams), (WIRE_VERSION, STREAM_WINDOW_BYTES_MIN, 7));
}

#[test]
fn lz4_is_used_only_when_both_sides_offer_it() {
    for (gateway_offers, agent_offers) in [(true, true), (true, false), (false, true), (false, false)] {
        let (gateway, agent) = configs();
        let mut pair = Pair::with(gateway.compression(gateway_offers), agent.compression(agent_offers));
        pair.keep_sent();
        let id = pair.exchange(b"", false);
        pair.gateway.connection.compress(id);
        let text = Bytes::from(vec![b'a'; 20_000]);
        assert_eq!(pair.gateway.connection.write(id, &text), Ok(true));
        pair.settle();
        assert_eq!(pair.agent.read_bytes(id), text, "the bytes arrive in any case");
        let packed =
            pair.gateway.sent_frames().iter().any(|frame| matches!(frame, Frame::Data { packed: Some(_), .. }));
        assert_eq!(packed, gateway_offers && agent_offers);
    }
}

#[test]
fn a_refused_lane_is_over_on_both_sides() {
    let (gateway, agent) = configs();
    let mut pair = Pair::greeting(gateway, agent);
    pair.settle();
    let refused = Refused { code: RefusalCode::Draining, message: "later".to_owned(), retry_after_ms: 500 };
    pair.gateway.connection.refuse(&refused);
    pair.settle();
    assert_eq!(pair.gateway.connection.error(), Some(&ConnectionError::Closed));
    assert_eq!(pair.agent.connection.error(), Some(&ConnectionError::Refused(refused)));
}

#[test]
fn long_sentences_are_cut_before_they_break_a_limit() {
    let (gateway, agent) = configs();
    let mut pair = Pair::greeting(gateway, agent);
    pair.settle();
    let refused = Refused { code: RefusalCode::Other, message: "é".repeat(5000), retry_after_ms: 0 };
    pair.gateway.connection.refuse(&refused);
    pair.settle();
    let Some(ConnectionError::Refused(told)) = pair.agent.connection.error() else { panic!("refused") };
    assert_eq!(told.message, "é".repeat(SENTENCE_BYTES_MAX / 2));

    let mut pair = Pair::new();
    pair.gateway.connection.go_away(GoAwayReason::Shutdown, "x".repeat(5000), millis(0));
    pair.settle();
    let [Event::GoAway(told)] = &pair.agent.take_events()[..] else { panic!("leaving") };
    assert_eq!(told.message.len(), SENTENCE_BYTES_MAX);
}

#[test]
fn another_wire_version_ends_the_lane() {
    let mut agent = Connection::dial(Config::new(Role::Agent), hello(), epoch());
    let message = agent.poll_transmit(epoch()).unwrap().into_bytes();
    let Frame::Hello(payload) = &frames(&message)[0] else { panic!("a hello") };
    let mut told: Hello = decode("hello", payload).unwrap();
    told.wire = WIRE_VERSION + 1;
    let mut out = bytes::BytesMut::new();
    crate::frame::put_handshake(&mut out, crate::frame::Kind::Hello, &crate::message::encode(&told));
    let mut gateway = Connection::accept(Config::new(Role::Gateway), epoch());
    let error = ConnectionError::WrongVersion { ours: WIRE_VERSION, theirs: WIRE_VERSION + 1 };
    assert_eq!(gateway.handle_message(epoch(), out.freeze()), Err(error));
    let answer = gateway.poll_transmit(epoch()).unwrap().into_bytes();
    let [Frame::Refused(payload)] = &frames(&answer)[..] else { panic!("a refusal and nothing else") };
    assert_eq!(decode::<Refused>("refused", payload).unwrap().code, RefusalCode::Version);
    assert_eq!(gateway.poll_transmit(epoch()), None);
}

#[test]
fn a_handshake_that_does_not_come_in_time_ends_the_lane() {
    // R23
    let (gateway, agent) = configs();
    let mut pair = Pair::greeting(gateway, agent);
    pair.agent.link.black_hole = true;
    pair.advance(HANDSHAKE_TIMEOUT - millis(1));
    assert_eq!(pair.gateway.connection.error(), None);
    pair.advance(millis(1));
    let timeout = ConnectionError::HandshakeTimeout { after_ms: HANDSHAKE_TIMEOUT.as_millis() };
    assert_eq!(pair.gateway.connection.error(), Some(&timeout));
    assert_eq!(pair.agent.connection.error(), Some(&timeout));
    assert_eq!(pair.gateway.connection.poll_timeout(), None, "nothing more to wait for");
}

#[test]
fn an_unjudged_hello_runs_into_the_same_deadline() {
    let (gateway, agent) = configs();
    let mut pair = Pair::greeting(gateway, agent);
    pair.advance(HANDSHAKE_TIMEOUT);
    assert!(matches!(pair.gateway.connection.error(), Some(ConnectionError::HandshakeTimeout { .. })));
    pair.gateway.connection.welcome(welcome());
    assert!(!pair.gateway.connection.is_open(), "it is too late");
}

#[test]
fn a_welcome_is_alone_in_its_message_whatever_is_opened_right_behind_it() {
    // R23: the Agent reads no large message before it knows the Gateway.
    let (gateway, agent) = configs();
    let mut pair = Pair::greeting(gateway, agent);
    pair.keep_sent();
    pair.settle();
    pair.gateway.connection.welcome(welcome());
    for _ in 0..20 {
        let opened = pair.gateway.connection.open(StreamKind::Http, &[7; 90_000], &[8; 16_384], true);
        assert!(matches!(opened, Ok(_) | Err(OpenError::NoRoom)));
    }
    pair.settle();
    assert_eq!(pair.agent.connection.error(), None);
    assert_eq!(frames(&pair.gateway.sent[0]).len(), 1);
    assert!(pair.agent.opened().len() > 5);
}

#[test]
fn leaving_before_the_lane_is_open_closes_it() {
    let (gateway, agent) = configs();
    let mut pair = Pair::greeting(gateway, agent);
    pair.agent.connection.go_away(GoAwayReason::Shutdown, "", millis(0));
    assert_eq!(pair.agent.connection.error(), Some(&ConnectionError::Closed));
    pair.settle();
    assert_eq!(pair.gateway.connection.error(), None, "the hello was on its way; the transport will tell");
}
