//! A peer that breaks the rules: each breach has its own error, each limit is tried at the limit and one past it.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::pair::{epoch, frames, hello, millis, welcome};
use crate::{
    frame::{
        Compressor, FRAME_HEAD_BYTES, Frame, FrameError, FrameHead, Kind, Reset, ResetCode, Side, StreamKind,
        put_credit, put_data, put_go_away, put_handshake, put_head, put_open, put_pong, put_reset, put_trailers,
    },
    limits::{
        CONTROL_PAYLOAD_BYTES_MAX, HEADS_PER_STREAM_MAX, MESSAGE_BYTES_MAX, OPENS_PER_SECOND_MAX,
        RESETS_PER_SECOND_MAX, STALE_BYTES_PER_FRAME, STALE_FRAMES_MAX, STALE_FRAMES_PER_RESET, STREAM_WINDOW_BYTES,
        STREAM_WINDOW_BYTES_MAX, STREAM_WINDOW_BYTES_MIN, URGENT_QUEUE_BYTES_MAX,
    },
    message::{GoAway, GoAwayReason, Hello, Welcome, decode, encode},
    proto::{Config, Connection, ConnectionError, Event, OpenError, Role, StreamId},
    version::WIRE_VERSION,
};

/// One end that is attacked; the test plays the other with raw frames.
struct Victim {
    connection: Connection,
    now: Instant,
}

/// A frame's name in errors, and how to make one for a stream.
type Case = (&'static str, fn(u32) -> Bytes);

fn raw(stream: u32, kind: Kind, end: bool, compressed: bool, payload: &[u8]) -> Bytes {
    let length = u32::try_from(payload.len()).expect("test payloads are small");
    let head = FrameHead { stream, kind, end, compressed, length }.to_bytes();
    [&head[..], payload].concat().into()
}

fn build(put: impl FnOnce(&mut BytesMut)) -> Bytes {
    let mut out = BytesMut::new();
    put(&mut out);
    out.freeze()
}

fn data(stream: u32, bytes: usize, end: bool) -> Bytes {
    build(|out| put_data(out, stream, &vec![0; bytes], false, end))
}

fn open(stream: u32, kind: StreamKind, end: bool) -> Bytes {
    build(|out| put_open(out, stream, kind, 0, b"head", b"", end))
}

fn head(stream: u32, end: bool) -> Bytes {
    build(|out| put_head(out, stream, b"head", b"", end))
}

fn reset(stream: u32) -> Bytes {
    build(|out| put_reset(out, stream, &Reset::cancelled()))
}

fn trailers(stream: u32) -> Bytes {
    build(|out| put_trailers(out, stream, b""))
}

fn credit(stream: u32, bytes: u32) -> Bytes {
    build(|out| put_credit(out, stream, bytes))
}

impl Victim {
    /// An Agent on an open lane; the hostile peer is its Gateway.
    fn agent() -> Self {
        Self::agent_with(Config::new(Role::Agent))
    }

    fn agent_with(config: Config) -> Self {
        let now = epoch();
        let mut victim = Self { connection: Connection::dial(config, hello(), now), now };
        let told = Welcome { wire: WIRE_VERSION, window: STREAM_WINDOW_BYTES_MIN, streams: 100, ..welcome() };
        let message = build(|out| put_handshake(out, Kind::Welcome, &encode(&told)));
        victim.send(message).expect("a good welcome");
        victim.drain();
        victim
    }

    /// A Gateway on an open lane; the hostile peer is its Agent.
    fn gateway() -> Self {
        let mut victim = Self::listening();
        let told = Hello { wire: WIRE_VERSION, window: STREAM_WINDOW_BYTES_MIN, streams: 100, ..hello() };
        victim.send(build(|out| put_handshake(out, Kind::Hello, &encode(&told)))).expect("a good hello");
        victim.connection.welcome(welcome());
        victim.drain();
        victim
    }

    fn listening() -> Self {
        let now = epoch();
        Self { connection: Connection::accept(Config::new(Role::Gateway), now), now }
    }

    fn send(&mut self, message: Bytes) -> Result<(), ConnectionError> {
        self.connection.handle_message(self.now, message)
    }

    #[track_caller]
    fn accepts(&mut self, message: Bytes) {
        assert_eq!(self.send(message), Ok(()));
    }

    /// The peer is told, the lane is over, and nothing is taken any more.
    #[track_caller]
    fn ends(&mut self, message: Bytes, error: &ConnectionError) {
        assert_eq!(self.send(message), Err(error.clone()));
        assert!(error.is_violation());
        assert_eq!(self.connection.error(), Some(error));
        assert_eq!(self.send(build(|out| put_pong(out, 0))), Err(error.clone()));
        let told = self.drain().into_iter().find_map(|frame| match frame {
            Frame::GoAway(payload) => decode::<GoAway>("go-away", &payload).ok(),
            _ => None,
        });
        assert_eq!(told.map(|told| told.reason), Some(GoAwayReason::Protocol));
        assert!(matches!(self.connection.open(StreamKind::Control, b"", b"", true), Err(OpenError::Lost(_))));
    }

    fn drain(&mut self) -> Vec<Frame> {
        while self.connection.poll_event().is_some() {}
        let mut all = Vec::new();
        while let Some(message) = self.connection.poll_transmit(self.now) {
            let message = message.into_bytes();
            all.extend(frames(&message));
        }
        all
    }

    /// Opens a stream from the victim's side.
    fn opens(&mut self) -> StreamId {
        let kind = if self.connection.role() == Role::Gateway { StreamKind::Http } else { StreamKind::Control };
        self.connection.open(kind, b"", b"", true).expect("room")
    }

    fn lets_go(&mut self, id: u32) {
        self.connection.drop_receiver(StreamId(id));
        self.connection.drop_sender(StreamId(id));
    }
}

fn message_error(error: &ConnectionError) -> bool {
    matches!(error, ConnectionError::Message(_))
}

#[test]
fn messages_are_whole_frames_and_bounded() {
    // R25
    let padding = MESSAGE_BYTES_MAX - FRAME_HEAD_BYTES;
    Victim::agent().accepts(raw(7, Kind::Optional(60), false, false, &vec![0; padding]));
    let too_large = FrameError::MessageTooLarge { limit: MESSAGE_BYTES_MAX, actual: MESSAGE_BYTES_MAX + 1 };
    let message = raw(7, Kind::Optional(60), false, false, &vec![0; padding + 1]);
    Victim::agent().ends(message, &too_large.into());
    Victim::agent().ends(Bytes::new(), &FrameError::EmptyMessage.into());
    Victim::agent().ends(Bytes::from_static(&[0; 7]), &FrameError::Cut { missing: 1 }.into());
    Victim::agent().ends(raw(1, Kind::Unknown(13), false, false, b""), &FrameError::UnknownKind(13).into());
    for kind in [Kind::Credit, Kind::Reset] {
        let error = Victim::agent().send(raw(1, kind, true, false, &[0; 4])).unwrap_err();
        assert!(matches!(error, ConnectionError::Frame(FrameError::WrongFlags { .. })), "{error}");
    }
}

#[test]
fn frames_before_a_broken_one_in_the_same_message_count() {
    let mut victim = Victim::agent();
    let message = [open(1, StreamKind::Http, true), Bytes::from_static(b"rubbish")].concat();
    assert!(victim.send(message.into()).is_err());
    assert!(matches!(victim.connection.poll_event(), Some(Event::Opened { .. })));
}

#[test]
fn rubbish_inside_frames_ends_the_lane() {
    // R26
    let mut victim = Victim::listening();
    let error = victim.send(build(|out| put_handshake(out, Kind::Hello, &[0x91; 4000]))).unwrap_err();
    assert!(message_error(&error), "{error}");
    let mut victim = Victim::agent();
    let error = victim.send(build(|out| put_go_away(out, &Bytes::from_static(b"\xc1")))).unwrap_err();
    assert!(message_error(&error), "{error}");
}

#[test]
fn frames_out_of_place_end_the_lane() {
    let hello_frame = || build(|out| put_handshake(out, Kind::Hello, &encode(&hello())));
    let welcome_frame = || build(|out| put_handshake(out, Kind::Welcome, &encode(&welcome())));
    let refused_frame = || build(|out| put_handshake(out, Kind::Refused, b""));
    let go_away = GoAway { reason: GoAwayReason::Shutdown, message: String::new(), last_stream: 0, spread_ms: 0 };
    let go_away_frame = || build(|out| put_go_away(out, &encode(&go_away).into()));
    let error = |frame| ConnectionError::OutOfPlace { frame };

    Victim::agent().ends(hello_frame(), &error("hello"));
    Victim::gateway().ends(hello_frame(), &error("hello"));
    Victim::gateway().ends(welcome_frame(), &error("welcome"));
    Victim::agent().ends(welcome_frame(), &error("welcome"));
    Victim::agent().ends(refused_frame(), &error("refused"));
    Victim::listening().ends(go_away_frame(), &error("go-away"));
    for frame in [open(2, StreamKind::Control, true), data(2, 1, false), credit(2, 1), reset(2)] {
        Victim::listening().ends(frame, &error("stream"));
    }
    let mut judging = Victim::listening();
    let told = Hello { wire: WIRE_VERSION, ..hello() };
    judging.accepts(build(|out| put_handshake(out, Kind::Hello, &encode(&told))));
    judging.ends(open(2, StreamKind::Control, true), &error("stream"));
}

#[test]
fn the_first_message_is_small() {
    // R23
    let hello_of = |bytes: usize| {
        let base = encode(&Hello { wire: WIRE_VERSION, name: "n".repeat(1000), ..hello() }).len();
        let told = Hello { wire: WIRE_VERSION, name: "n".repeat(1000 + bytes - base), ..hello() };
        build(|out| put_handshake(out, Kind::Hello, &encode(&told)))
    };
    let most = FRAME_HEAD_BYTES + CONTROL_PAYLOAD_BYTES_MAX;
    let at_the_limit = hello_of(CONTROL_PAYLOAD_BYTES_MAX);
    assert_eq!(at_the_limit.len(), most);
    Victim::listening().accepts(at_the_limit);
    let error = ConnectionError::FirstMessageTooLarge { limit: most, actual: most + 1 };
    Victim::listening().ends(hello_of(CONTROL_PAYLOAD_BYTES_MAX + 1), &error);
}

#[test]
fn stream_identifiers_rise_and_belong_to_their_side() {
    // R27
    let mut victim = Victim::agent();
    victim.accepts(open(5, StreamKind::Http, true));
    for stream in [5, 3, 4, 6] {
        let mut victim = Victim::agent();
        victim.accepts(open(5, StreamKind::Http, true));
        victim.ends(open(stream, StreamKind::Http, true), &ConnectionError::BadStreamId { stream });
    }
    victim.accepts(open(u32::MAX, StreamKind::Http, true));
    Victim::gateway().ends(open(3, StreamKind::Control, true), &ConnectionError::BadStreamId { stream: 3 });
}

#[test]
fn frames_for_streams_that_nobody_opened_end_the_lane() {
    // R27
    let cases: [Case; 5] = [
        ("head", |stream| head(stream, true)),
        ("data", |stream| data(stream, 1, false)),
        ("trailers", trailers),
        ("credit", |stream| credit(stream, 1)),
        ("reset", reset),
    ];
    for (frame, make) in cases {
        // Of the peer and of the victim: neither exists.
        for stream in [3, 2] {
            let mut victim = Victim::agent();
            victim.accepts(open(1, StreamKind::Http, true));
            victim.ends(make(stream), &ConnectionError::IdleStream { frame, stream });
        }
    }
}

#[test]
fn an_agent_opens_control_streams_only() {
    for kind in [StreamKind::Http, StreamKind::Upgrade] {
        Victim::gateway().ends(open(2, kind, true), &ConnectionError::KindNotAllowed);
    }
    Victim::gateway().accepts(open(2, StreamKind::Control, true));
    for (index, kind) in [StreamKind::Http, StreamKind::Upgrade, StreamKind::Control].into_iter().enumerate() {
        Victim::agent().accepts(open(u32::try_from(index).unwrap() * 2 + 1, kind, true));
    }
}

#[test]
fn as_many_streams_as_were_told_and_one_more_ends_the_lane() {
    let mut victim = Victim::agent_with(Config::new(Role::Agent).streams_max(4));
    for stream in [1, 3, 5, 7] {
        victim.accepts(open(stream, StreamKind::Http, true));
    }
    victim.ends(open(9, StreamKind::Http, true), &ConnectionError::TooManyStreams { limit: 4 });
}

#[test]
fn credit_is_kept_to_the_byte() {
    // R28
    let mut victim = Victim::agent();
    victim.accepts(open(1, StreamKind::Http, false));
    let grown = STREAM_WINDOW_BYTES - STREAM_WINDOW_BYTES_MIN;
    assert!(victim.drain().contains(&Frame::Credit { stream: 1, bytes: grown }));
    for _ in 0..STREAM_WINDOW_BYTES / (64 << 10) {
        victim.accepts(data(1, 64 << 10, false));
    }
    victim.accepts(data(1, 0, false));
    victim.ends(data(1, 1, false), &ConnectionError::CreditOverrun { stream: 1, credit: 0, actual: 1 });

    let mut victim = Victim::agent_with(Config::new(Role::Agent).lane_budget_bytes(0));
    victim.accepts(open(1, StreamKind::Http, false));
    let (credit, actual) = (STREAM_WINDOW_BYTES_MIN, 1 + (16 << 10));
    victim.ends(data(1, actual, true), &ConnectionError::CreditOverrun { stream: 1, credit, actual });
}

#[test]
fn a_bomb_is_measured_by_what_it_unpacks_to_and_before_it_is_unpacked() {
    // R25, R28
    let plain = vec![0; 64 << 10];
    let mut compressor = Compressor::ON;
    let block = compressor.compress(&plain).expect("zeros shrink");
    let packed = |stream| build(|out| put_data(out, stream, &block, true, false));
    let lz4 = || {
        let mut victim = Victim::listening();
        let capabilities = vec!["later".to_owned(), "lz4".to_owned()];
        let told = Hello { wire: WIRE_VERSION, capabilities, streams: 100, ..hello() };
        victim.accepts(build(|out| put_handshake(out, Kind::Hello, &encode(&told))));
        victim.connection.welcome(welcome());
        let id = victim.opens();
        victim.accepts(head(id.as_u32(), false));
        (victim, id.as_u32())
    };
    let (mut victim, id) = lz4();
    for _ in 0..4 {
        victim.accepts(packed(id));
    }
    victim.ends(packed(id), &ConnectionError::CreditOverrun { stream: id, credit: 0, actual: 64 << 10 });

    let (mut victim, id) = lz4();
    let lie = [&100_u32.to_be_bytes()[..], &block[4..]].concat();
    let message = build(|out| put_data(out, id, &lie, true, false));
    victim.ends(message, &FrameError::BadBlock { plain: 100 }.into());

    let (mut victim, id) = lz4();
    let lie = [&((64_u32 << 10) + 1).to_be_bytes()[..], &block[4..]].concat();
    let error = victim.send(build(|out| put_data(out, id, &lie, true, false))).unwrap_err();
    assert!(matches!(error, ConnectionError::Frame(FrameError::TooLong { .. })), "{error}");
}

#[test]
fn compressed_data_without_agreement_ends_the_lane() {
    let mut victim = Victim::agent();
    victim.accepts(open(1, StreamKind::Http, false));
    victim.ends(raw(1, Kind::Data, false, true, &[0, 0, 0, 1, 0x10, 65]), &ConnectionError::CompressionNotAgreed);
}

#[test]
fn windows_and_credit_have_an_upper_bound() {
    let with_window = |window| build(|out| put_open(out, 1, StreamKind::Http, window, b"", b"", true));
    Victim::agent().accepts(with_window(STREAM_WINDOW_BYTES_MAX));
    Victim::agent().ends(with_window(STREAM_WINDOW_BYTES_MAX + 1), &ConnectionError::CreditOverflow { stream: 1 });

    let mut victim = Victim::agent();
    victim.accepts(with_window(1));
    victim.accepts(credit(1, (u32::MAX >> 1) - 1));
    victim.accepts(credit(1, 0));
    victim.ends(credit(1, 1), &ConnectionError::CreditOverflow { stream: 1 });
}

#[test]
fn nothing_follows_the_end_of_a_half() {
    let cases: [Case; 3] =
        [("data", |stream| data(stream, 0, false)), ("head", |stream| head(stream, false)), ("trailers", trailers)];
    for (frame, make) in cases {
        let mut victim = Victim::agent();
        victim.accepts(open(1, StreamKind::Http, true));
        victim.ends(make(1), &ConnectionError::AfterEnd { frame, stream: 1 });
        for ending in [data(1, 3, true), trailers(1)] {
            let mut victim = Victim::agent();
            victim.accepts(open(1, StreamKind::Http, false));
            victim.accepts(ending);
            victim.ends(make(1), &ConnectionError::AfterEnd { frame, stream: 1 });
        }
    }
}

#[test]
fn heads_and_data_keep_their_order() {
    let out_of_order = |frame, stream| ConnectionError::OutOfOrder { frame, stream };
    // An answer begins with a head.
    for (frame, message) in [("data", data(1, 1, false)), ("trailers", trailers(1))] {
        let mut victim = Victim::gateway();
        assert_eq!(victim.opens().as_u32(), 1);
        victim.ends(message, &out_of_order(frame, 1));
    }
    // No head follows data, inlined or not.
    let inlined = build(|out| put_head(out, 1, b"", b"x", false));
    for first in [vec![inlined], vec![head(1, false), data(1, 1, false)]] {
        let mut victim = Victim::gateway();
        victim.opens();
        for message in first {
            victim.accepts(message);
        }
        victim.ends(head(1, false), &out_of_order("head", 1));
    }
    // A request has its head in the open.
    let mut victim = Victim::agent();
    victim.accepts(open(1, StreamKind::Http, false));
    victim.ends(head(1, false), &out_of_order("head", 1));
}

#[test]
fn heads_of_one_answer_are_counted() {
    let mut victim = Victim::gateway();
    victim.opens();
    for _ in 0..HEADS_PER_STREAM_MAX {
        victim.accepts(head(1, false));
    }
    victim.ends(head(1, false), &ConnectionError::OutOfOrder { frame: "head", stream: 1 });
}

#[test]
fn frames_for_closed_streams_are_counted() {
    // R27
    let closed = || {
        let mut victim = Victim::gateway();
        victim.opens();
        victim.accepts(head(1, true));
        victim.lets_go(1);
        victim
    };
    let mut victim = closed();
    for _ in 0..STALE_FRAMES_MAX {
        victim.accepts(data(1, 1, false));
    }
    for _ in 0..STALE_FRAMES_MAX {
        victim.accepts(credit(1, 1));
    }
    victim.ends(data(1, 1, false), &ConnectionError::StaleFrames);

    // What was on its way when this side reset a stream is nobody's fault.
    let mut victim = Victim::gateway();
    victim.opens();
    victim.connection.reset(StreamId(1), Reset::cancelled());
    let excused = STALE_FRAMES_PER_RESET + STREAM_WINDOW_BYTES / STALE_BYTES_PER_FRAME;
    for _ in 0..STALE_FRAMES_MAX + excused {
        victim.accepts(data(1, 1, false));
    }
    victim.ends(data(1, 1, false), &ConnectionError::StaleFrames);
}

#[test]
fn frames_behind_an_early_answer_are_stale_and_not_wrong() {
    let mut victim = Victim::agent();
    victim.accepts(open(1, StreamKind::Http, false));
    victim.connection.stop(StreamId(1));
    assert_eq!(victim.connection.send_head(StreamId(1), b"", b"", true), Ok(true));
    victim.accepts(data(1, 5, false));
    victim.accepts(data(1, 5, true));
    victim.lets_go(1);
    victim.accepts(data(1, 5, true));
}

#[test]
fn streams_open_no_faster_than_allowed() {
    let mut victim = Victim::agent();
    victim.connection.go_away(GoAwayReason::Shutdown, "", Duration::ZERO);
    victim.drain();
    let mut stream = 1;
    for _ in 0..OPENS_PER_SECOND_MAX {
        victim.accepts(open(stream, StreamKind::Http, true));
        stream += 2;
    }
    let mut patient = Victim::agent();
    let error = ConnectionError::OpensTooFast { limit: OPENS_PER_SECOND_MAX };
    victim.now += millis(999);
    victim.ends(open(stream, StreamKind::Http, true), &error);
    patient.now += millis(1000);
    patient.accepts(open(stream, StreamKind::Http, true));
}

#[test]
fn streams_are_reset_no_faster_than_allowed() {
    let mut victim = Victim::agent();
    victim.accepts(open(1, StreamKind::Http, true));
    for _ in 0..RESETS_PER_SECOND_MAX {
        victim.accepts(reset(1));
    }
    victim.now += millis(1000);
    for _ in 0..RESETS_PER_SECOND_MAX {
        victim.accepts(reset(1));
    }
    victim.ends(reset(1), &ConnectionError::ResetsTooFast { limit: RESETS_PER_SECOND_MAX });
}

#[test]
fn who_opens_streams_must_read_the_answers() {
    // R28: without this bound, answers to streams that end at once would pile up in front of a deaf peer.
    let mut victim = Victim::agent();
    let refusal = Reset::with_detail(ResetCode::NoMapping, Side::Internal, "x".repeat(256));
    let mut stream = 1;
    let error = loop {
        match victim.send(open(stream, StreamKind::Http, true)) {
            Ok(()) => {
                victim.connection.reset(StreamId(stream), refusal.clone());
                victim.lets_go(stream);
                stream += 2;
            }
            Err(error) => break error,
        }
        assert!(victim.connection.urgent_bytes() <= URGENT_QUEUE_BYTES_MAX + 300);
    };
    assert_eq!(error, ConnectionError::NotReading { limit: URGENT_QUEUE_BYTES_MAX });
}

#[test]
fn a_lane_that_the_peer_ends_as_broken_is_over_without_an_answer() {
    let mut victim = Victim::agent();
    let told = GoAway { reason: GoAwayReason::Protocol, message: "no".to_owned(), last_stream: 0, spread_ms: 0 };
    let error = victim.send(build(|out| put_go_away(out, &encode(&told).into()))).unwrap_err();
    assert_eq!(error, ConnectionError::ClosedByPeer { reason: GoAwayReason::Protocol, message: "no".to_owned() });
    assert!(!error.is_violation());
    assert!(victim.drain().is_empty());
}

#[test]
fn pongs_that_answer_no_ping_change_nothing() {
    let mut victim = Victim::agent();
    victim.accepts(build(|out| put_pong(out, 12_345)));
    assert_eq!(victim.connection.round_trip(), None);
}

#[test]
fn a_peer_that_allows_nothing_is_left_alone() {
    let mut victim = Victim::listening();
    let told = Hello { wire: WIRE_VERSION, window: 0, streams: 0, ..hello() };
    victim.accepts(build(|out| put_handshake(out, Kind::Hello, &encode(&told))));
    victim.connection.welcome(welcome());
    assert_eq!(victim.connection.open(StreamKind::Http, b"", b"", true), Err(OpenError::NoRoom));
}
