//! A lane between a hostile peer and an application that does whatever it likes: nothing panics, what is held stays
//! within its bounds, no byte goes out without credit, and at the end nothing is left.
//!
//! The input is a tape of steps; each takes as many bytes as it needs, and missing ones are zero.
#![no_main]

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use octoporty_core::{
    frame::{Frame, FrameHead, Frames, Kind, Reset, StreamKind, put_handshake},
    id::{AgentId, SessionId},
    limits::{
        CONTROL_PAYLOAD_BYTES_MAX, ENCODED_HEAD_BYTES_MAX, INLINE_BODY_BYTES_MAX, MESSAGE_BYTES_MAX,
        URGENT_QUEUE_BYTES_MAX,
    },
    message::{CAPABILITY_LZ4, GoAwayReason, Hello, RefusalCode, Refused, Welcome, decode, encode},
    proto::{Config, Connection, ConnectionError, Event, Read, Received, Role, StreamId},
    version::WIRE_VERSION,
};

/// What the lane's receiver may grant; small, so that it gets tight.
const BUDGET: u64 = 300_000;
const STREAMS: u32 = 8;
/// Bytes of a stream that the peer lets this side send at its start.
const PEER_WINDOW: u32 = 5000;

fuzz_target!(|bytes: &[u8]| {
    let mut tape = Tape(bytes);
    let mut run = Run::new(&mut tape);
    while !tape.0.is_empty() {
        run.step(&mut tape);
        run.check();
    }
    run.end();
});

struct Tape<'a>(&'a [u8]);

impl<'a> Tape<'a> {
    fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *byte
    }

    fn number(&mut self) -> usize {
        usize::from(u16::from_be_bytes([self.byte(), self.byte()]))
    }

    fn bytes(&mut self, most: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

struct Run {
    connection: Connection,
    now: Instant,
    role: Role,
    streams: Vec<StreamId>,
    /// Bytes that this side may still send, by stream.
    credit: HashMap<u32, i64>,
    /// Bytes that the peer lets a stream of this side send at its start.
    window: u32,
    read: usize,
}

impl Run {
    fn new(tape: &mut Tape<'_>) -> Self {
        let flags = tape.byte();
        let role = if flags & 1 == 0 { Role::Gateway } else { Role::Agent };
        let config = Config::new(role)
            .streams_max(STREAMS)
            .lane_budget_bytes(BUDGET)
            .window_bytes(100_000)
            .compression(flags & 2 == 0);
        // Any point in time: steps only ever add to it.
        let now = Instant::now();
        let connection = match role {
            Role::Gateway => Connection::accept(config, now),
            Role::Agent => Connection::dial(config, hello(), now),
        };
        let mut run = Self { connection, now, role, streams: Vec::new(), credit: HashMap::new(), window: 0, read: 0 };
        if flags & 4 == 0 {
            run.greet();
        }
        run
    }

    fn greet(&mut self) {
        let mut out = BytesMut::new();
        match self.role {
            Role::Gateway => put_handshake(&mut out, Kind::Hello, &encode(&hello())),
            Role::Agent => put_handshake(&mut out, Kind::Welcome, &encode(&welcome())),
        }
        self.receive(out.freeze());
        self.collect_events();
    }

    fn step(&mut self, tape: &mut Tape<'_>) {
        match tape.byte() % 20 {
            0 => {
                let length = tape.number();
                let message = Bytes::copy_from_slice(tape.bytes(length));
                self.receive(message);
            }
            1..=5 => self.receive_frames(tape),
            6 => {
                self.now += Duration::from_millis(tape.number() as u64);
                self.connection.handle_timeout(self.now);
                assert!(self.connection.poll_timeout().is_none_or(|due| due > self.now), "deadlines move on");
            }
            7 | 8 => self.transmit(tape.byte()),
            9 => self.collect_events(),
            10 => self.open(tape),
            step => self.act(step, tape),
        }
    }

    /// One message of frames that are well-formed more often than chance would make them.
    fn receive_frames(&mut self, tape: &mut Tape<'_>) {
        let mut message = BytesMut::new();
        for _ in 0..=tape.byte() % 4 {
            let (kind, flags) = (tape.byte() % 14, tape.byte());
            let length = tape.number() % 70_000;
            let mut payload = tape.bytes(16).to_vec();
            payload.resize(length, flags);
            if (4..=5).contains(&kind) {
                // A short head; the rest is body.
                payload = [&[if kind == 4 { 1 + flags % 3 } else { 0 }, 0, 0, 2][..], &[0, 0, 9, 9], b"hd", &payload]
                    .concat();
                if kind == 5 {
                    payload.drain(4..8);
                }
                payload.truncate(INLINE_BODY_BYTES_MAX);
            }
            let lane = kind <= 3 || kind >= 10;
            let head = FrameHead {
                stream: if lane { 0 } else { u32::from(tape.byte() % 24) },
                kind: FrameHead::decode([0, 0, 0, 0, kind, 0, 0, 0]).kind,
                end: flags & 1 == 1 && !lane,
                compressed: flags & 2 == 2 && kind == 6,
                length: u32::try_from(payload.len()).expect("it is short"),
            };
            message.extend_from_slice(&head.to_bytes());
            message.extend_from_slice(&payload);
        }
        self.receive(message.freeze());
    }

    fn receive(&mut self, message: Bytes) {
        let was_over = self.connection.error().is_some();
        for frame in Frames::new(message.clone()).into_iter().flatten().map_while(Result::ok) {
            match frame {
                Frame::Open { stream, window, .. } => {
                    self.credit.entry(stream).or_insert(i64::from(window));
                }
                Frame::Welcome(payload) if !self.connection.is_open() => {
                    self.window = decode::<Welcome>("welcome", &payload).map_or(0, |welcome| welcome.window);
                }
                Frame::Credit { stream, bytes } => *self.credit.entry(stream).or_default() += i64::from(bytes),
                _ => {}
            }
        }
        let outcome = self.connection.handle_message(self.now, message);
        assert_eq!(outcome.is_err(), self.connection.error().is_some());
        assert!(!was_over || outcome.is_err(), "a lane that is over stays so");
    }

    fn transmit(&mut self, times: u8) {
        for _ in 0..=times {
            let Some(message) = self.connection.poll_transmit(self.now) else { return };
            let message = message.into_bytes();
            assert!(message.len() <= MESSAGE_BYTES_MAX / 4);
            for frame in Frames::new(message).expect("a message has a size that is allowed") {
                self.sent(&frame.expect("this side sends good frames"));
            }
        }
    }

    fn sent(&mut self, frame: &Frame) {
        if let Frame::Data { stream, payload, packed, .. } = frame {
            let plain = i64::try_from(packed.unwrap_or(payload.len())).expect("it is small");
            let credit = self.credit.entry(*stream).or_default();
            *credit -= plain;
            assert!(*credit >= 0, "stream {stream} sends without credit");
        }
    }

    fn open(&mut self, tape: &mut Tape<'_>) {
        let head = vec![1; tape.number() % (ENCODED_HEAD_BYTES_MAX + 2)];
        let body = vec![2; tape.number() % (INLINE_BODY_BYTES_MAX + 2)];
        let kind = if self.role == Role::Gateway { StreamKind::Http } else { StreamKind::Control };
        if let Ok(id) = self.connection.open(kind, &head, &body, tape.byte() & 1 == 1) {
            // From here on the peer may give credit for it.
            self.credit.insert(id.as_u32(), i64::from(self.window));
            self.streams.push(id);
        }
    }

    fn act(&mut self, step: u8, tape: &mut Tape<'_>) {
        if step == 19 {
            self.connection.go_away(GoAwayReason::Shutdown, "", Duration::ZERO);
            return;
        }
        let Some(&id) = self.streams.get(usize::from(tape.byte()) % self.streams.len().max(1)) else { return };
        let connection = &mut self.connection;
        match step {
            11 => {
                let body = vec![3; tape.number() % (INLINE_BODY_BYTES_MAX + 2)];
                let _refused = connection.send_head(id, b"head", &body, tape.byte() & 1 == 1);
            }
            12 => {
                let _refused = connection.write(id, &vec![tape.byte(); tape.number() * 2].into());
            }
            13 => {
                let trailers = (tape.byte() & 1 == 1).then(|| Bytes::from_static(b"trailers"));
                let _refused = connection.finish(id, trailers);
            }
            14 => {
                for _ in 0..=tape.byte() {
                    match connection.read(id) {
                        Ok(Read::Received(Received::Data(bytes))) => self.read += bytes.len(),
                        Ok(Read::Received(_)) => {}
                        _ => break,
                    }
                }
            }
            15 => connection.reset(id, Reset::cancelled()),
            16 => connection.stop(id),
            17 => connection.compress(id),
            _ => {
                connection.drop_sender(id);
                connection.drop_receiver(id);
                self.streams.retain(|known| *known != id);
            }
        }
    }

    fn collect_events(&mut self) {
        while let Some(event) = self.connection.poll_event() {
            match event {
                Event::Opened { stream, .. } => self.streams.push(stream),
                Event::Hello(hello) if hello.instance % 2 == 1 => {
                    let message = "x".repeat(2 * CONTROL_PAYLOAD_BYTES_MAX);
                    self.connection.refuse(&Refused { code: RefusalCode::Other, message, retry_after_ms: 0 });
                }
                Event::Hello(hello) => {
                    self.window = hello.window;
                    self.connection.welcome(welcome());
                }
                _ => {}
            }
        }
    }

    fn check(&self) {
        assert!(self.connection.budget_left() <= BUDGET);
        assert!(self.connection.open_streams() <= 20);
        assert!(self.connection.urgent_bytes() <= URGENT_QUEUE_BYTES_MAX + MESSAGE_BYTES_MAX);
    }

    /// Everybody lets go: nothing is left, whatever happened before.
    fn end(&mut self) {
        self.collect_events();
        if self.read % 2 == 0 {
            self.connection.close(ConnectionError::Closed);
            self.collect_events();
        }
        for id in std::mem::take(&mut self.streams) {
            self.connection.drop_receiver(id);
            self.connection.drop_sender(id);
        }
        if self.connection.error().is_some() {
            assert_eq!(self.connection.open_streams(), 0);
            assert_eq!(self.connection.budget_left(), BUDGET);
        }
        self.transmit(u8::MAX);
    }
}

fn hello() -> Hello {
    Hello {
        wire: WIRE_VERSION,
        capabilities: vec![CAPABILITY_LZ4.to_owned()],
        window: PEER_WINDOW,
        streams: 20,
        agent: AgentId::from_u128(1),
        instance: 2,
        session: None,
        name: String::new(),
        version: String::new(),
    }
}

fn welcome() -> Welcome {
    Welcome {
        wire: WIRE_VERSION,
        capabilities: vec![CAPABILITY_LZ4.to_owned()],
        window: PEER_WINDOW,
        streams: 20,
        session: SessionId::from_u128(3),
        lanes: 1,
        name: String::new(),
        version: String::new(),
        uptime_s: 0,
        share_domain: None,
    }
}
