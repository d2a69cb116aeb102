//! The application at one end: senders and receivers that act when they were told that they can.

use std::time::Instant;

use bytes::Bytes;

use super::script::{Exchange, Random, Script, Taste, content, is_content};
use crate::{
    frame::{Reset, ResetCode, Side},
    proto::{Connection, Event, OpenError, Read, ReadError, Received, StreamId, WriteError, tests::pair::End},
};

/// What one half of an exchange came to, at one end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Complete,
    /// This side gave up.
    GaveUp,
    Reset(Reset),
    Stopped,
    Lost,
}

/// What an end saw of an exchange.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    pub(super) sent: Option<Outcome>,
    pub(super) received: Option<Outcome>,
}

#[derive(Debug, PartialEq, Eq)]
enum Waits {
    No,
    Writable,
    Room,
}

#[derive(Debug)]
struct Sender {
    id: StreamId,
    exchange: usize,
    script: Script,
    sent: usize,
    /// Heads that are still to be sent.
    heads: usize,
    waits: Waits,
}

#[derive(Debug)]
struct Receiver {
    id: StreamId,
    exchange: usize,
    script: Script,
    taste: Taste,
    got: usize,
    heads: usize,
    trailers: bool,
    waits: bool,
    not_before: Instant,
}

/// The application at one end of a lane.
#[derive(Debug)]
pub(super) struct App {
    /// Exchanges that this end is to open, last first.
    pub(super) to_open: Vec<usize>,
    waits_for_room: bool,
    senders: Vec<Sender>,
    receivers: Vec<Receiver>,
    /// Handles that outlive their use for a while.
    lingering: Vec<(StreamId, bool)>,
    pub(super) records: Vec<Record>,
    /// Exchanges that this end opened.
    pub(super) opened: Vec<usize>,
    pub(super) drained: bool,
}

impl App {
    pub(super) fn new(exchanges: usize) -> Self {
        Self {
            to_open: Vec::new(),
            waits_for_room: false,
            senders: Vec::new(),
            receivers: Vec::new(),
            lingering: Vec::new(),
            records: vec![Record::default(); exchanges],
            opened: Vec::new(),
            drained: false,
        }
    }

    pub(super) const fn is_done(&self) -> bool {
        self.to_open.is_empty() && self.senders.is_empty() && self.receivers.is_empty() && self.lingering.is_empty()
    }

    /// When the next paused reader goes on.
    pub(super) fn wakes_at(&self) -> Option<Instant> {
        self.receivers.iter().filter(|receiver| !receiver.waits).map(|receiver| receiver.not_before).min()
    }

    pub(super) fn handle_events(&mut self, end: &mut End, exchanges: &[Exchange], now: Instant) {
        for event in end.take_events() {
            match event {
                Event::Readable(id) => {
                    self.receivers.iter_mut().filter(|r| r.id == id).for_each(|r| r.waits = false);
                }
                Event::Writable(id) => {
                    let woken = self.senders.iter_mut().filter(|s| s.id == id && s.waits == Waits::Writable);
                    woken.for_each(|s| s.waits = Waits::No);
                }
                Event::Room => {
                    self.waits_for_room = false;
                    let woken = self.senders.iter_mut().filter(|s| s.waits == Waits::Room);
                    woken.for_each(|s| s.waits = Waits::No);
                }
                Event::Opened { stream, head, .. } => {
                    let number: [u8; 4] = head.as_ref().try_into().expect("the head is the number of the exchange");
                    let index = usize::try_from(u32::from_be_bytes(number)).expect("it is small");
                    let Exchange { request, answer, request_taste, .. } = exchanges[index].clone();
                    let heads = answer.interim + 1;
                    self.take_up(stream, index, answer, heads, request, request_taste, now);
                }
                Event::Drained => {
                    assert!(!self.drained, "drained is told once");
                    self.drained = true;
                }
                Event::Hello(_) | Event::Welcomed(_) | Event::GoAway(_) => {}
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "both halves of a stream begin here and nowhere else")]
    fn take_up(
        &mut self,
        id: StreamId,
        exchange: usize,
        sends: Script,
        heads: usize,
        receives: Script,
        taste: Taste,
        now: Instant,
    ) {
        let sent = if heads == 0 { sends.inline } else { 0 };
        self.senders.push(Sender { id, exchange, script: sends, sent, heads, waits: Waits::No });
        self.receivers.push(Receiver {
            id,
            exchange,
            script: receives,
            taste,
            got: 0,
            heads: 0,
            trailers: false,
            waits: false,
            not_before: now,
        });
    }

    /// One thing that can be done now, if there is one.
    pub(super) fn act(&mut self, end: &mut End, exchanges: &[Exchange], random: &mut Random, now: Instant) -> bool {
        let mut choices: Vec<(u8, usize)> = Vec::new();
        if !self.to_open.is_empty() && !self.waits_for_room {
            choices.push((0, 0));
        }
        let senders = self.senders.iter().enumerate().filter(|(_, sender)| sender.waits == Waits::No);
        choices.extend(senders.map(|(index, _)| (1, index)));
        let ready = |receiver: &Receiver| !receiver.waits && receiver.not_before <= now;
        let receivers = self.receivers.iter().enumerate().filter(|(_, receiver)| ready(receiver));
        choices.extend(receivers.map(|(index, _)| (2, index)));
        if !self.lingering.is_empty() {
            choices.push((3, random.below(self.lingering.len())));
        }
        if choices.is_empty() {
            return false;
        }
        match choices[random.below(choices.len())] {
            (0, _) => self.open(&mut end.connection, exchanges, now),
            (1, index) => self.send(&mut end.connection, index, random),
            (2, index) => self.receive(&mut end.connection, index, random, now),
            (_, index) => {
                let (id, sender) = self.lingering.swap_remove(index);
                let_go(&mut end.connection, id, sender);
            }
        }
        true
    }

    fn open(&mut self, connection: &mut Connection, exchanges: &[Exchange], now: Instant) {
        let index = *self.to_open.last().expect("there is one to open");
        let Exchange { kind, request, answer, answer_taste, .. } = exchanges[index].clone();
        let head = u32::try_from(index).expect("it is small").to_be_bytes();
        let inline = content(request.key, 0, request.inline);
        match connection.open(kind, &head, &inline, request.fits_head()) {
            Ok(id) => {
                self.to_open.pop();
                self.opened.push(index);
                if request.compress {
                    connection.compress(id);
                }
                self.take_up(id, index, request, 0, answer, answer_taste, now);
            }
            Err(OpenError::NoRoom) => self.waits_for_room = true,
            Err(OpenError::Draining | OpenError::Lost(_)) => self.to_open.clear(),
            Err(error) => panic!("cannot open: {error}"),
        }
    }

    fn send(&mut self, connection: &mut Connection, index: usize, random: &mut Random) {
        let sender = &mut self.senders[index];
        let Some(outcome) = sender.act(connection) else { return };
        let Sender { id, exchange, .. } = self.senders.swap_remove(index);
        self.records[exchange].sent = Some(outcome);
        self.end_with(connection, id, true, random);
    }

    fn receive(&mut self, connection: &mut Connection, index: usize, random: &mut Random, now: Instant) {
        let receiver = &mut self.receivers[index];
        let Some(outcome) = receiver.act(connection, now) else { return };
        let Receiver { id, exchange, .. } = self.receivers.swap_remove(index);
        self.records[exchange].received = Some(outcome);
        self.end_with(connection, id, false, random);
    }

    fn end_with(&mut self, connection: &mut Connection, id: StreamId, sender: bool, random: &mut Random) {
        if random.one_in(2) {
            self.lingering.push((id, sender));
        } else {
            let_go(connection, id, sender);
        }
    }
}

fn let_go(connection: &mut Connection, id: StreamId, sender: bool) {
    if sender {
        connection.drop_sender(id);
    } else {
        connection.drop_receiver(id);
    }
}

impl Sender {
    fn act(&mut self, connection: &mut Connection) -> Option<Outcome> {
        let outcome = if self.heads > 0 { self.send_head(connection) } else { self.send_body(connection) };
        outcome.unwrap_or_else(|error| {
            Some(match error {
                WriteError::Stopped => Outcome::Stopped,
                WriteError::Reset(reset) => Outcome::Reset(reset),
                WriteError::Lost(_) => Outcome::Lost,
                // All was said with the head.
                WriteError::Closed if self.script.fits_head() => Outcome::Complete,
                error => panic!("exchange {}: {error}", self.exchange),
            })
        })
    }

    fn send_head(&mut self, connection: &mut Connection) -> Result<Option<Outcome>, WriteError> {
        let last = self.heads == 1;
        let inline = content(self.script.key, 0, if last { self.script.inline } else { 0 });
        let end = last && self.script.fits_head();
        if !connection.send_head(self.id, b"head", &inline, end)? {
            self.waits = Waits::Room;
            return Ok(None);
        }
        if self.script.compress {
            connection.compress(self.id);
        }
        self.heads -= 1;
        self.sent = inline.len();
        Ok(end.then_some(Outcome::Complete))
    }

    fn send_body(&mut self, connection: &mut Connection) -> Result<Option<Outcome>, WriteError> {
        let script = &self.script;
        if script.breaks_at.is_some_and(|at| self.sent >= at) {
            connection.reset(self.id, Reset::new(ResetCode::BadAnswer, Side::Upstream));
            return Ok(Some(Outcome::GaveUp));
        }
        if self.sent < script.body {
            let bytes = content(script.key, self.sent, script.chunk.min(script.body - self.sent));
            if connection.write(self.id, &bytes)? {
                self.sent += bytes.len();
            } else {
                self.waits = Waits::Writable;
            }
            return Ok(None);
        }
        if script.fits_head() {
            // The end went with the head.
            return Ok(Some(Outcome::Complete));
        }
        connection.finish(self.id, script.trailers.then(|| Bytes::from_static(b"trailers")))?;
        Ok(Some(Outcome::Complete))
    }
}

impl Receiver {
    fn act(&mut self, connection: &mut Connection, now: Instant) -> Option<Outcome> {
        if self.taste.stops_at.is_some_and(|at| self.got >= at) {
            connection.stop(self.id);
            return Some(Outcome::GaveUp);
        }
        match connection.read(self.id) {
            Ok(Read::Received(Received::Head(head))) => {
                assert_eq!((head.as_ref(), self.got), (&b"head"[..], 0), "heads come first");
                self.heads += 1;
            }
            Ok(Read::Received(Received::Data(bytes))) => {
                assert!(!self.trailers, "nothing comes behind trailers");
                assert!(is_content(self.script.key, self.got, &bytes), "exchange {}: wrong bytes", self.exchange);
                self.got += bytes.len();
                self.not_before = now + self.taste.pause.unwrap_or_default();
            }
            Ok(Read::Received(Received::Trailers(block))) => {
                assert_eq!(block.as_ref(), b"trailers");
                self.trailers = true;
            }
            Ok(Read::Pending) => self.waits = true,
            Ok(Read::End) => {
                let script = &self.script;
                assert_eq!((self.got, self.trailers), (script.body, script.trailers), "exchange {}", self.exchange);
                assert!(self.heads == 0 || self.heads == script.interim + 1, "exchange {}", self.exchange);
                return Some(Outcome::Complete);
            }
            Err(ReadError::Reset(reset)) => return Some(Outcome::Reset(reset)),
            Err(ReadError::Lost(_)) => return Some(Outcome::Lost),
            Err(error @ ReadError::Closed) => panic!("exchange {}: {error}", self.exchange),
        }
        None
    }
}
