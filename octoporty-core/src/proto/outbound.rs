//! What goes out, in which order: urgent frames first, then bulk by turns.

use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::{Connection, Event, StreamId, stream::Stream};
use crate::{
    frame::{
        FRAME_HEAD_BYTES, FrameHead, Kind, Message, Reset, ResetCode, Side, put_credit, put_ping, put_pong, put_reset,
    },
    limits::{MESSAGE_BYTES_TARGET, PIECE_BYTES_MAX, PIECE_BYTES_SHARED, SEND_BUFFER_BYTES, URGENT_QUEUE_BYTES},
};

/// Streams in the row of those with credit to give, beyond twice those that are known, before it is looked through.
const CREDIT_ROW_SPARE: usize = 64;

impl Connection {
    /// The next message to send, if there is one. Call it only when the transport can take a message: what is
    /// handed out counts as sent.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Message> {
        self.now = now;
        let message = if let Some(first) = self.lane_message(now) {
            Some(first.into())
        } else if self.urgent.is_empty() {
            self.bulk_message()
        } else {
            Some(self.urgent_message().into())
        };
        if let Some(message) = &message {
            self.stats.bytes_out += u64::try_from(message.len()).unwrap_or(u64::MAX);
        }
        message
    }

    /// Whether there is anything to send, or the lane is over, so that whoever drives the lane should look.
    #[must_use]
    pub fn wants_driver(&self) -> bool {
        !self.urgent.is_empty()
            || !self.bulk.is_empty()
            || !self.credit_due.is_empty()
            || self.pong_due.is_some()
            || self.error().is_some()
    }

    /// Pings, pongs and credit join the urgent frames. Where a long row of those waits, they make a message of
    /// their own in front of it: a heartbeat and the other direction's flow do not wait for heads.
    fn lane_message(&mut self, now: Instant) -> Option<Bytes> {
        if !self.is_open() {
            return None;
        }
        if self.urgent.len() <= MESSAGE_BYTES_TARGET || starts_with_greeting(&self.urgent) {
            self.put_lane_frames(now);
            self.put_credits(now);
            return None;
        }
        let row = std::mem::take(&mut self.urgent);
        self.put_lane_frames(now);
        self.put_credits(now);
        let first = std::mem::replace(&mut self.urgent, row);
        (!first.is_empty()).then(|| first.freeze())
    }

    fn put_lane_frames(&mut self, now: Instant) {
        if let Some(number) = self.pong_due.take() {
            put_pong(&mut self.urgent, number);
        }
        if let Some(number) = self.keepalive.poll_ping(now) {
            put_ping(&mut self.urgent, number);
        }
    }

    fn put_credits(&mut self, now: Instant) {
        let path = self.keepalive.path();
        let base = self.config.window();
        while let Some(id) = self.credit_due.pop_front() {
            let Some(stream) = self.table.get_mut(id) else { continue };
            stream.recv.credit_due = false;
            if stream.recv.is_ended() || stream.reset.is_some() {
                continue;
            }
            let credit = stream.recv.window.give_back(&mut self.budget, base, path, now);
            if credit > 0 {
                put_credit(&mut self.urgent, id.0, credit);
            }
        }
    }

    /// As many whole frames from the front of the urgent queue as make a message; a greeting is alone in its own,
    /// because who does not know its peer yet reads no large messages (R23).
    fn urgent_message(&mut self) -> Bytes {
        let most = if starts_with_greeting(&self.urgent) { 0 } else { MESSAGE_BYTES_TARGET };
        let mut cut = 0;
        while let Some(head) = self.urgent[cut..].first_chunk::<FRAME_HEAD_BYTES>() {
            let length = usize::try_from(FrameHead::decode(*head).length).expect("24 bits fit");
            let next = cut + FRAME_HEAD_BYTES + length;
            if cut > 0 && next > most {
                break;
            }
            cut = next;
        }
        let message = self.urgent.split_to(cut).freeze();
        if self.urgent.len() < URGENT_QUEUE_BYTES / 2 {
            self.tell_room();
        }
        message
    }

    /// One turn of bulk: a piece of the stream in front, and of those behind it while they are small.
    fn bulk_message(&mut self) -> Option<Message> {
        if let Some(message) = self.lone_piece() {
            return Some(message);
        }
        let mut message = BytesMut::new();
        let mut turns = self.bulk.len();
        while turns > 0 && message.len() < MESSAGE_BYTES_TARGET / 2 {
            let id = self.bulk.pop_front()?;
            turns -= 1;
            let piece = if self.bulk.is_empty() { PIECE_BYTES_MAX } else { PIECE_BYTES_SHARED };
            self.transmit_piece(id, piece, &mut message);
        }
        (!message.is_empty()).then(|| message.freeze().into())
    }

    /// The next piece of a stream that is alone in the row, from where it is. What is too small, or to be compressed, or
    /// the last of its stream, goes the common way.
    fn lone_piece(&mut self) -> Option<Message> {
        if self.bulk.len() != 1 {
            return None;
        }
        let id = *self.bulk.front()?;
        let stream = self.table.get_mut(id)?;
        let message = stream.send.transmit_whole(id.0, PIECE_BYTES_MAX)?;
        if stream.send.is_stalled() {
            self.stats.credit_stalls += 1;
        }
        if stream.send.awaited && stream.send.has_room(SEND_BUFFER_BYTES / 2) {
            stream.send.awaited = false;
            self.events.push_back(Event::Writable(id));
        }
        if !stream.send.is_ready() {
            stream.send.scheduled = false;
            self.bulk.pop_front();
        }
        Some(message)
    }

    fn transmit_piece(&mut self, id: StreamId, piece: usize, message: &mut BytesMut) {
        let Some(stream) = self.table.get_mut(id) else { return };
        stream.send.scheduled = false;
        if !stream.send.is_ready() {
            return;
        }
        stream.send.transmit(id.0, piece, message);
        if stream.send.is_stalled() {
            self.stats.credit_stalls += 1;
        }
        if stream.send.awaited && stream.send.has_room(SEND_BUFFER_BYTES / 2) {
            stream.send.awaited = false;
            self.events.push_back(Event::Writable(id));
        }
        let done = stream.send.is_done();
        if stream.send.is_ready() {
            stream.send.scheduled = true;
            self.bulk.push_back(id);
        }
        if done {
            self.sent_end(id, message);
        }
    }

    /// The end of this side's half is in `out`. Where this side answered and wants no more of the request, the
    /// peer is told right behind it.
    pub(super) fn sent_end(&mut self, id: StreamId, out: &mut BytesMut) {
        let Some(stream) = self.table.get_mut(id) else { return };
        if wants_no_more(stream) {
            put_reset(out, id.0, &Reset::new(ResetCode::NoError, Side::Upstream));
            stream.recv.end();
            stream.recv.clear();
            let credit = stream.recv.window.left();
            self.table.expect_stale(credit);
        }
        self.settle(id);
    }

    /// Puts a stream into the row of those with credit to give. Those that were reset since leave it now and then: a peer
    /// that opens and resets streams, and reads nothing, must not make it grow without end (R28).
    pub(super) fn note_credit_due(&mut self, id: StreamId) {
        if self.credit_due.len() > 2 * self.table.len() + CREDIT_ROW_SPARE {
            self.credit_due.retain(|id| self.table.get(*id).is_some_and(|stream| stream.recv.credit_due));
        }
        self.credit_due.push_back(id);
    }

    /// Puts a stream into the row when it has something to send.
    pub(super) fn schedule(&mut self, id: StreamId) {
        if let Some(stream) = self.table.get_mut(id)
            && stream.send.is_ready()
            && !stream.send.scheduled
        {
            stream.send.scheduled = true;
            self.bulk.push_back(id);
        }
    }
}

fn starts_with_greeting(urgent: &[u8]) -> bool {
    urgent
        .first_chunk::<FRAME_HEAD_BYTES>()
        .is_some_and(|head| matches!(FrameHead::decode(*head).kind, Kind::Hello | Kind::Welcome | Kind::Refused))
}

const fn wants_no_more(stream: &Stream) -> bool {
    !stream.local && stream.recv.discards && !stream.recv.is_ended()
}
