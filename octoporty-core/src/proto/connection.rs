//! The state of a lane, its inputs and its outputs; what each does is in the files beside this one.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};

use super::{
    Config, ConnectionError, Event, Role, StreamId, WriteError, flow::Budget, keepalive::Keepalive, rate::Rate,
    table::Table,
};
use crate::{
    frame::Reset,
    limits::{HANDSHAKE_TIMEOUT, OPENS_PER_SECOND_MAX, RESETS_PER_SECOND_MAX},
    message::{GoAway, GoAwayReason, Hello, cut_sentence},
};

/// Where the lane stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// The handshake runs.
    Greeting,
    /// At the Gateway: the `Hello` came and is being judged.
    Judging(Box<Hello>),
    /// Streams may be opened.
    Open,
    /// It is over.
    Closed(ConnectionError),
}

/// Counts since the lane began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Bytes of messages that arrived.
    pub bytes_in: u64,
    /// Bytes of messages that were handed out to be sent.
    pub bytes_out: u64,
    /// Streams opened by either side.
    pub streams: u64,
    /// Times that a stream had bytes and no credit.
    pub credit_stalls: u64,
}

/// One end of a lane.
#[derive(Debug)]
pub struct Connection {
    pub(super) config: Config,
    pub(super) phase: Phase,
    pub(super) table: Table,
    pub(super) budget: Budget,
    pub(super) keepalive: Keepalive,
    /// When the handshake must be done.
    pub(super) greeting_deadline: Instant,
    /// Bytes of the message that is being handled; slices of it keep all of them alive.
    pub(super) inbound_bytes: usize,
    /// The time of the last input.
    pub(super) now: Instant,
    /// Both sides can unpack LZ4.
    pub(super) compression: bool,
    /// Streams that the peer allows.
    pub(super) peer_streams_max: u32,
    /// Bytes that a stream of ours may send at its start.
    pub(super) peer_first_window: u32,
    /// Whole frames that go before all bulk.
    pub(super) urgent: BytesMut,
    /// Streams with bytes to send, in turn.
    pub(super) bulk: VecDeque<StreamId>,
    /// Streams with credit to give; each stands here at most once.
    pub(super) credit_due: VecDeque<StreamId>,
    /// The last ping that was not answered yet. A newer one replaces it.
    pub(super) pong_due: Option<u64>,
    pub(super) events: VecDeque<Event>,
    /// Somebody found no room to open a stream or send a head.
    pub(super) room_awaited: bool,
    pub(super) opens: Rate,
    pub(super) resets: Rate,
    /// This side takes no new streams.
    pub(super) leaving: bool,
    /// The peer takes no new streams.
    pub(super) peer_leaving: bool,
    drained_told: bool,
    pub(super) stats: Stats,
}

impl Connection {
    pub(super) fn new(config: Config, now: Instant) -> Self {
        Self {
            phase: Phase::Greeting,
            table: Table::new(config.role()),
            budget: Budget::new(config.lane_budget()),
            keepalive: Keepalive::new(config.pings(), now),
            greeting_deadline: now + HANDSHAKE_TIMEOUT,
            inbound_bytes: 0,
            now,
            compression: false,
            peer_streams_max: 0,
            peer_first_window: 0,
            urgent: BytesMut::new(),
            bulk: VecDeque::new(),
            credit_due: VecDeque::new(),
            pong_due: None,
            events: VecDeque::new(),
            room_awaited: false,
            opens: Rate::new(OPENS_PER_SECOND_MAX, now),
            resets: Rate::new(RESETS_PER_SECOND_MAX, now),
            leaving: false,
            peer_leaving: false,
            drained_told: false,
            stats: Stats::default(),
            config,
        }
    }

    /// Which end this is.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.config.role()
    }

    /// Why the lane is over, if it is. What [`Self::poll_transmit`] still gives should be sent first.
    #[must_use]
    pub const fn error(&self) -> Option<&ConnectionError> {
        match &self.phase {
            Phase::Closed(error) => Some(error),
            _ => None,
        }
    }

    /// Streams can be opened, as far as limits allow.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// New streams can be opened now and for a while: nobody is leaving.
    #[must_use]
    pub const fn takes_streams(&self) -> bool {
        self.is_open() && !self.leaving && !self.peer_leaving && !self.table.is_exhausted()
    }

    /// Streams of ours that are open: how loaded the lane is.
    #[must_use]
    pub const fn open_streams(&self) -> u32 {
        self.table.open_local
    }

    /// Streams that can still be opened before the identifiers of this lane are used up.
    #[must_use]
    pub fn streams_left(&self) -> u32 {
        self.table.local_left()
    }

    /// The last round-trip time of a ping, queueing included.
    #[must_use]
    pub const fn round_trip(&self) -> Option<Duration> {
        self.keepalive.latest()
    }

    /// Counts since the lane began.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    /// When [`Self::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::Greeting | Phase::Judging(_) => Some(self.greeting_deadline),
            Phase::Open => Some(self.keepalive.next_deadline()),
            Phase::Closed(_) => None,
        }
    }

    /// Time has passed: pings that are due, a peer that is silent, a handshake that does not come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        match self.phase {
            Phase::Greeting | Phase::Judging(_) if now >= self.greeting_deadline => {
                self.close(ConnectionError::HandshakeTimeout { after_ms: HANDSHAKE_TIMEOUT.as_millis() });
            }
            Phase::Open if self.keepalive.is_silent(now) => {
                self.close(ConnectionError::Silent { after_ms: self.keepalive.timeout().as_millis() });
            }
            Phase::Open => self.keepalive.handle_timeout(now),
            _ => {}
        }
    }

    /// The next thing to tell, if any.
    pub fn poll_event(&mut self) -> Option<Event> {
        if self.leaving && !self.drained_told && self.is_open() && self.table.len() == 0 {
            self.drained_told = true;
            self.events.push_back(Event::Drained);
        }
        self.events.pop_front()
    }

    /// Ends the lane from this side at once. Streams that are open are lost.
    pub fn close(&mut self, error: ConnectionError) {
        if matches!(self.phase, Phase::Closed(_)) {
            return;
        }
        if error.is_violation() {
            self.put_go_away(GoAwayReason::Protocol, error.to_string(), Duration::ZERO);
        }
        self.phase = Phase::Closed(error);
        self.bulk.clear();
        self.credit_due.clear();
        self.pong_due = None;
        for id in self.table.ids() {
            self.wake(id);
            self.settle(id);
        }
        self.events.push_back(Event::Room);
    }

    /// No new streams from either side; what is open may finish, then [`Event::Drained`] comes. `spread` asks
    /// the peer to reconnect at a random moment within it. A lane that is not open yet is closed: nothing is there
    /// to finish.
    pub fn go_away(&mut self, reason: GoAwayReason, message: impl Into<String>, spread: Duration) {
        if !self.is_open() {
            self.close(ConnectionError::Closed);
        } else if !self.leaving {
            self.leaving = true;
            self.put_go_away(reason, message.into(), spread);
            self.tell_room();
        }
    }

    fn put_go_away(&mut self, reason: GoAwayReason, message: String, spread: Duration) {
        let payload = crate::message::encode(&GoAway {
            reason,
            message: cut_sentence(message),
            last_stream: self.table.highest_peer,
            spread_ms: u32::try_from(spread.as_millis()).unwrap_or(u32::MAX),
        });
        crate::frame::put_go_away(&mut self.urgent, &Bytes::from(payload));
    }

    /// Makes reader and writer of a stream look again.
    pub(super) fn wake(&mut self, id: StreamId) {
        let Some(stream) = self.table.get_mut(id) else { return };
        if std::mem::take(&mut stream.recv.awaited) {
            self.events.push_back(Event::Readable(id));
        }
        if std::mem::take(&mut stream.send.awaited) {
            self.events.push_back(Event::Writable(id));
        }
    }

    /// Counts a stream as closed once it is over (all are when the lane is), and forgets it once nobody asks for it.
    /// What was not read yet goes on counting against the lane's budget.
    pub(super) fn settle(&mut self, id: StreamId) {
        let lost = self.error().is_some();
        let Some(stream) = self.table.get_mut(id) else { return };
        stream.return_surplus(&mut self.budget);
        if !stream.is_over() && !lost {
            return;
        }
        let (local, let_go) = (stream.local, stream.is_let_go());
        let newly_over = !std::mem::replace(&mut stream.settled, true);
        if let_go {
            stream.recv.window.shrink(&mut self.budget, 0);
            self.table.remove(id);
        }
        if newly_over && local {
            self.table.open_local -= 1;
        } else if newly_over {
            self.table.open_peer -= 1;
        }
        if local && (newly_over || let_go) {
            self.tell_room();
        }
    }

    pub(super) fn tell_room(&mut self) {
        if std::mem::take(&mut self.room_awaited) {
            self.events.push_back(Event::Room);
        }
    }

    /// Ends a stream early on this side's wish.
    pub(super) fn reset_stream(&mut self, id: StreamId, reset: Reset) {
        if self.error().is_some() {
            return;
        }
        let Some(stream) = self.table.get_mut(id) else { return };
        if stream.is_over() {
            return;
        }
        crate::frame::put_reset(&mut self.urgent, id.0, &reset);
        stream.reset = Some(reset);
        stream.send.abandon();
        stream.recv.clear();
        let credit = stream.recv.window.left();
        self.table.expect_stale(credit);
        self.wake(id);
        self.settle(id);
    }

    pub(super) fn lost(&self) -> Option<ConnectionError> {
        self.error().cloned()
    }

    pub(super) fn write_lost(&self) -> Result<(), WriteError> {
        self.lost().map_or(Ok(()), |error| Err(WriteError::Lost(error)))
    }
}
