//! Two ends of a lane, the links between them, and the virtual time in which all of it happens.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::{
    frame::{Frame, Frames, StreamKind},
    id::{AgentId, SessionId},
    limits::{STREAM_WINDOW_BYTES_MIN, URGENT_QUEUE_BYTES_MAX},
    message::{Hello, Welcome},
    proto::{Config, Connection, ConnectionError, Event, Read, ReadError, Received, Role, StreamId},
};

/// Any point in time: tests only ever add to it.
pub(super) fn epoch() -> Instant {
    tokio::time::Instant::now().into_std()
}

pub(super) const fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(super) fn hello() -> Hello {
    Hello {
        wire: 0,
        capabilities: Vec::new(),
        window: 0,
        streams: 0,
        agent: AgentId::from_u128(1),
        instance: 2,
        session: None,
        name: "agent".to_owned(),
        version: "0".to_owned(),
    }
}

pub(super) fn welcome() -> Welcome {
    Welcome {
        wire: 0,
        capabilities: Vec::new(),
        window: 0,
        streams: 0,
        session: SessionId::from_u128(3),
        lanes: 1,
        name: "gateway".to_owned(),
        version: "0".to_owned(),
        uptime_s: 4,
        share_domain: None,
    }
}

/// One direction of the path, with a socket buffer in front of it.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) delay: Duration,
    /// Bytes a second; `None` for as many as come.
    pub(super) rate: Option<u64>,
    /// Bytes that wait for the wire before the transport takes no more.
    pub(super) buffer: usize,
    /// Nothing moves for now.
    pub(super) stalled: bool,
    /// What is sent never arrives, and nobody is told.
    pub(super) black_hole: bool,
    waiting: VecDeque<Bytes>,
    waiting_bytes: usize,
    flying: VecDeque<(Instant, Bytes)>,
    free_at: Instant,
}

impl Link {
    const fn new(now: Instant) -> Self {
        Self {
            delay: Duration::ZERO,
            rate: None,
            buffer: 256 << 10,
            stalled: false,
            black_hole: false,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            flying: VecDeque::new(),
            free_at: now,
        }
    }

    const fn takes_message(&self) -> bool {
        self.waiting_bytes < self.buffer
    }

    fn send(&mut self, message: Bytes) {
        self.waiting_bytes += message.len();
        self.waiting.push_back(message);
    }

    fn move_on(&mut self, now: Instant) {
        while !self.stalled && self.free_at <= now {
            let Some(message) = self.waiting.pop_front() else { return };
            self.waiting_bytes -= message.len();
            let nanos = self.rate.map_or(0, |rate| message.len() as u64 * 1_000_000_000 / rate);
            self.free_at = self.free_at.max(now) + Duration::from_nanos(nanos);
            if !self.black_hole {
                self.flying.push_back((self.free_at + self.delay, message));
            }
        }
    }

    fn arrived(&mut self, now: Instant) -> Option<Bytes> {
        if self.stalled || self.flying.front().is_none_or(|(at, _)| *at > now) {
            return None;
        }
        self.flying.pop_front().map(|(_, message)| message)
    }

    fn next_change(&self) -> Option<Instant> {
        if self.stalled {
            return None;
        }
        let sends = (!self.waiting.is_empty()).then_some(self.free_at);
        let arrives = self.flying.front().map(|(at, _)| *at);
        [sends, arrives].into_iter().flatten().min()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.flying.is_empty()
    }
}

/// One end, what it said, and the link that leads away from it.
#[derive(Debug)]
pub(super) struct End {
    pub(super) connection: Connection,
    pub(super) events: Vec<Event>,
    /// Every message that this end sent.
    pub(super) sent: Vec<Bytes>,
    pub(super) keep_sent: bool,
    pub(super) link: Link,
}

impl End {
    const fn new(connection: Connection, now: Instant) -> Self {
        Self { connection, events: Vec::new(), sent: Vec::new(), keep_sent: false, link: Link::new(now) }
    }

    fn collect_events(&mut self) {
        while let Some(event) = self.connection.poll_event() {
            self.events.push(event);
        }
    }

    /// Hands messages to the link while both have something; says whether any went.
    fn transmit(&mut self, now: Instant) -> bool {
        let mut any = false;
        while self.link.takes_message() {
            let Some(message) = self.connection.poll_transmit(now) else { break };
            let message = message.into_bytes();
            any = true;
            if self.keep_sent {
                self.sent.push(message.clone());
            }
            self.link.send(message);
            self.link.move_on(now);
        }
        self.collect_events();
        any
    }

    fn receive(&mut self, now: Instant, message: Bytes) {
        let _judged_by_the_test = self.connection.handle_message(now, message);
        self.collect_events();
    }

    /// The frames of all messages that were kept.
    pub(super) fn sent_frames(&self) -> Vec<Frame> {
        self.sent.iter().flat_map(frames).collect()
    }

    pub(super) fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The streams that the peer opened, since the last time.
    pub(super) fn opened(&mut self) -> Vec<StreamId> {
        let opened = |event| if let Event::Opened { stream, .. } = event { Some(stream) } else { None };
        self.take_events().into_iter().filter_map(opened).collect()
    }

    /// Everything that can be read of a stream now, and what came behind it.
    pub(super) fn read_all(&mut self, id: StreamId) -> (Vec<Received>, Result<Read, ReadError>) {
        let mut all = Vec::new();
        loop {
            match self.connection.read(id) {
                Ok(Read::Received(received)) => all.push(received),
                end => return (all, end),
            }
        }
    }

    /// The body bytes that can be read of a stream now.
    pub(super) fn read_bytes(&mut self, id: StreamId) -> Vec<u8> {
        let (all, _end) = self.read_all(id);
        let mut bytes = Vec::new();
        for received in all {
            if let Received::Data(data) = received {
                bytes.extend_from_slice(&data);
            }
        }
        bytes
    }

    pub(super) fn drop_handles(&mut self, id: StreamId) {
        self.connection.drop_receiver(id);
        self.connection.drop_sender(id);
    }

    /// What must be true of an end at any time.
    pub(super) fn check_invariants(&self) {
        let connection = &self.connection;
        let (mut open_local, mut open_peer, mut local, mut peer) = (0, 0, 0, 0);
        let mut granted = 0_u64;
        for id in connection.table.ids() {
            let stream = connection.table.get(id).expect("it is in the table");
            let open = u32::from(!stream.settled);
            if stream.local {
                open_local += open;
                local += 1;
            } else {
                open_peer += open;
                peer += 1;
            }
            let window = &stream.recv.window;
            assert!(stream.recv.queued() <= window.size(), "stream {id}: more is queued than was granted");
            if stream.reset.is_none() && !stream.recv.is_ended() && !stream.recv.discards {
                let parts = window.left() + stream.recv.queued() + window.unreturned();
                assert_eq!(parts, window.size(), "stream {id}: every byte is with the peer, queued or due back");
            }
            granted += u64::from(window.size() - STREAM_WINDOW_BYTES_MIN);
            assert!(connection.error().is_some() || stream.is_over() == stream.settled, "stream {id} is not settled");
            assert!(!(stream.settled && stream.is_let_go()), "stream {id} is kept for nobody");
        }
        assert_eq!((connection.table.open_local, connection.table.open_peer), (open_local, open_peer));
        assert_eq!((connection.table.known_local, connection.table.known_peer), (local, peer));
        let budget = connection.config.lane_budget();
        assert_eq!(connection.budget_left() + granted, budget, "the budget is all granted or left");
        assert!(connection.urgent_bytes() <= URGENT_QUEUE_BYTES_MAX, "{} urgent bytes", connection.urgent_bytes());
    }

    /// Nothing is left of any stream.
    pub(super) fn check_empty(&self) {
        self.check_invariants();
        assert_eq!(self.connection.table.len(), 0, "streams are left");
        assert_eq!(self.connection.open_streams(), 0);
        assert_eq!(self.connection.budget_left(), self.connection.config.lane_budget());
    }
}

/// The frames of one message.
pub(super) fn frames(message: &Bytes) -> Vec<Frame> {
    Frames::new(message.clone()).and_then(Iterator::collect).expect("this side sends well-formed messages")
}

/// Gateway and Agent with a path between them.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) now: Instant,
    pub(super) gateway: End,
    pub(super) agent: End,
}

impl Pair {
    /// Both ends before the handshake.
    pub(super) fn greeting(gateway: Config, agent: Config) -> Self {
        let now = epoch();
        Self {
            now,
            gateway: End::new(Connection::accept(gateway, now), now),
            agent: End::new(Connection::dial(agent, hello(), now), now),
        }
    }

    /// An open lane without delay.
    pub(super) fn new() -> Self {
        Self::with(Config::new(Role::Gateway), Config::new(Role::Agent))
    }

    /// An open lane with this delay each way from its first byte on.
    pub(super) fn over_delay(delay: Duration) -> Self {
        let mut pair = Self::greeting(Config::new(Role::Gateway), Config::new(Role::Agent));
        pair.set_delay(delay);
        pair.welcomed()
    }

    pub(super) fn with(gateway: Config, agent: Config) -> Self {
        Self::greeting(gateway, agent).welcomed()
    }

    fn welcomed(self) -> Self {
        let mut pair = self;
        pair.settle();
        pair.gateway.connection.welcome(welcome());
        pair.settle();
        assert!(pair.gateway.connection.is_open() && pair.agent.connection.is_open());
        pair.gateway.events.clear();
        pair.agent.events.clear();
        pair
    }

    pub(super) const fn keep_sent(&mut self) {
        self.gateway.keep_sent = true;
        self.agent.keep_sent = true;
    }

    pub(super) const fn set_delay(&mut self, delay: Duration) {
        self.gateway.link.delay = delay;
        self.agent.link.delay = delay;
    }

    /// Everything that happens without time passing.
    pub(super) fn step(&mut self) {
        let now = self.now;
        loop {
            let mut any = false;
            for end in [&mut self.gateway, &mut self.agent] {
                if end.connection.poll_timeout().is_some_and(|due| due <= now) {
                    end.connection.handle_timeout(now);
                    let next = end.connection.poll_timeout();
                    assert!(next.is_none_or(|next| next > now), "a deadline that is due moves on");
                    end.collect_events();
                    any = true;
                }
                end.link.move_on(now);
                any |= end.transmit(now);
            }
            while let Some(message) = self.gateway.link.arrived(now) {
                self.agent.receive(now, message);
                any = true;
            }
            while let Some(message) = self.agent.link.arrived(now) {
                self.gateway.receive(now, message);
                any = true;
            }
            if !any {
                return;
            }
        }
    }

    /// When something happens next on the path.
    pub(super) fn next_on_path(&self) -> Option<Instant> {
        [self.gateway.link.next_change(), self.agent.link.next_change()].into_iter().flatten().min()
    }

    fn next_change(&self) -> Option<Instant> {
        let timers = [self.gateway.connection.poll_timeout(), self.agent.connection.poll_timeout()];
        timers.into_iter().flatten().chain(self.next_on_path()).min()
    }

    /// Lets time pass, event by event.
    pub(super) fn advance(&mut self, duration: Duration) {
        let until = self.now + duration;
        self.step();
        while let Some(next) = self.next_change().filter(|next| *next <= until) {
            self.now = self.now.max(next);
            self.step();
        }
        self.now = until;
        self.step();
    }

    /// Lets time pass until the path is empty.
    pub(super) fn settle(&mut self) {
        self.step();
        while let Some(next) = self.next_on_path() {
            self.now = self.now.max(next);
            self.step();
        }
    }

    /// Opens a stream from the Gateway and takes it at the Agent.
    pub(super) fn exchange(&mut self, body: &[u8], end: bool) -> StreamId {
        let id = self.gateway.connection.open(StreamKind::Http, b"request", body, end).expect("room for a stream");
        self.settle();
        assert_eq!(self.agent.opened(), [id]);
        id
    }

    /// Both sides lose the connection below.
    pub(super) fn cut(&mut self) {
        for end in [&mut self.gateway, &mut self.agent] {
            end.connection.close(ConnectionError::TransportLost { detail: "cut".to_owned() });
            end.link.waiting.clear();
            end.link.waiting_bytes = 0;
            end.link.flying.clear();
            end.collect_events();
        }
    }

    pub(super) fn check_invariants(&self) {
        self.gateway.check_invariants();
        self.agent.check_invariants();
    }

    pub(super) fn check_empty(&self) {
        self.gateway.check_empty();
        self.agent.check_empty();
    }
}
