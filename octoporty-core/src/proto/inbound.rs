//! What arrives: each frame is checked against the state of its stream, then changes it.

use std::time::Instant;

use bytes::Bytes;

use super::{
    Connection, ConnectionError, Event, Role, StreamId,
    connection::Phase,
    flow::Window,
    stream::{RecvHalf, SendHalf, Stream},
};
use crate::{
    frame::{FRAME_HEAD_BYTES, Frame, Frames, Reset, ResetCode, Side, StreamKind, decompress, put_reset},
    limits::{CONTROL_PAYLOAD_BYTES_MAX, MESSAGE_BYTES_TARGET, STREAM_WINDOW_BYTES_MAX, URGENT_QUEUE_BYTES_MAX},
    message::{GoAway, GoAwayReason, decode},
};

/// Frame head and payload of a handshake.
const FIRST_MESSAGE_BYTES_MAX: usize = FRAME_HEAD_BYTES + CONTROL_PAYLOAD_BYTES_MAX;

/// Heads and inlined bodies stay slices of a message up to this size, as honest peers send them.
const SLICED_MESSAGE_BYTES_MAX: usize = 2 * MESSAGE_BYTES_TARGET;

impl Connection {
    /// Takes a message from the transport.
    ///
    /// # Errors
    ///
    /// When the peer broke the protocol, or ended the lane. The lane is then over; what
    /// [`Self::poll_transmit`] gives tells the peer why and should still be sent.
    pub fn handle_message(&mut self, now: Instant, message: Bytes) -> Result<(), ConnectionError> {
        self.now = now;
        if let Some(error) = self.lost() {
            return Err(error);
        }
        self.keepalive.handle_inbound(now);
        self.inbound_bytes = message.len();
        self.stats.bytes_in += u64::try_from(message.len()).unwrap_or(u64::MAX);
        let outcome = self.handle_frames(message);
        if let Err(error) = &outcome {
            self.close(error.clone());
        }
        outcome
    }

    fn handle_frames(&mut self, message: Bytes) -> Result<(), ConnectionError> {
        if self.phase == Phase::Greeting && message.len() > FIRST_MESSAGE_BYTES_MAX {
            return Err(ConnectionError::FirstMessageTooLarge {
                limit: FIRST_MESSAGE_BYTES_MAX,
                actual: message.len(),
            });
        }
        for frame in Frames::new(message)? {
            self.handle_frame(frame?)?;
        }
        Ok(())
    }

    fn handle_frame(&mut self, frame: Frame) -> Result<(), ConnectionError> {
        match frame {
            Frame::Hello(payload) => return self.handle_hello(&payload),
            Frame::Welcome(payload) => return self.handle_welcome(&payload),
            Frame::Refused(payload) => return self.handle_refused(&payload),
            Frame::GoAway(payload) => return self.handle_go_away(&payload),
            _ if !self.is_open() => return Err(ConnectionError::OutOfPlace { frame: "stream" }),
            Frame::Open { stream, end, kind, window, head, body } => {
                self.handle_open(stream, end, kind, window, head, body)?;
            }
            Frame::Head { stream, end, head, body } => self.handle_head(stream, end, head, body)?,
            Frame::Data { stream, end, payload, packed } => self.handle_data(stream, end, payload, packed)?,
            Frame::Trailers { stream, block } => self.handle_trailers(stream, block)?,
            Frame::Credit { stream, bytes } => self.handle_credit(stream, bytes)?,
            Frame::Reset { stream, reset } => self.handle_reset(stream, reset)?,
            Frame::Ping(number) => self.pong_due = Some(number),
            Frame::Pong(number) => self.keepalive.handle_pong(number, self.now),
        }
        Ok(())
    }

    fn handle_open(
        &mut self,
        number: u32,
        end: bool,
        kind: StreamKind,
        window: u32,
        head: Bytes,
        body: Bytes,
    ) -> Result<(), ConnectionError> {
        if !self.table.peer_may_open(number) {
            return Err(ConnectionError::BadStreamId { stream: number });
        }
        if self.role() == Role::Gateway && kind != StreamKind::Control {
            return Err(ConnectionError::KindNotAllowed);
        }
        if window > STREAM_WINDOW_BYTES_MAX {
            return Err(ConnectionError::CreditOverflow { stream: number });
        }
        if !self.opens.admit(self.now) {
            return Err(ConnectionError::OpensTooFast { limit: self.opens.limit() });
        }
        if self.table.open_peer >= self.config.streams() {
            return Err(ConnectionError::TooManyStreams { limit: self.config.streams() });
        }
        if self.urgent.len() > URGENT_QUEUE_BYTES_MAX {
            return Err(ConnectionError::NotReading { limit: URGENT_QUEUE_BYTES_MAX });
        }
        self.table.highest_peer = number;
        // One that crossed our `GoAway`, or streams that are over faster than the application takes notice.
        if self.leaving || self.table.known_peer >= self.config.streams().saturating_mul(2) {
            put_reset(&mut self.urgent, number, &Reset::new(ResetCode::Refused, Side::Tunnel));
            self.table.expect_stale(if end { 0 } else { self.config.first_window_bytes() });
            return Ok(());
        }
        self.stats.streams += 1;
        let stream = StreamId(number);
        let mut recv = RecvHalf::new(Window::for_peer(self.now), false, end);
        recv.receive_inline(self.detach(body));
        let head = self.detach(head);
        if !end {
            // More is to come, so it gets the rest of a full window while the budget lasts.
            recv.window.grow(&mut self.budget, self.config.window());
            recv.credit_due = true;
            self.note_credit_due(stream);
        }
        self.table.insert(stream, Stream::new(false, SendHalf::new(window, false), recv));
        self.events.push_back(Event::Opened { stream, kind, head });
        Ok(())
    }

    fn handle_head(&mut self, number: u32, end: bool, head: Bytes, body: Bytes) -> Result<(), ConnectionError> {
        let Some(id) = self.receiving("head", number)? else { return Ok(()) };
        let (head, body) = (self.detach(head), self.detach(body));
        let stream = self.table.get_mut(id).expect("it was just found");
        if !stream.recv.receive_head(head) {
            return Err(ConnectionError::OutOfOrder { frame: "head", stream: number });
        }
        stream.recv.receive_inline(body);
        self.received(id, end);
        Ok(())
    }

    fn handle_data(
        &mut self,
        number: u32,
        end: bool,
        payload: Bytes,
        packed: Option<usize>,
    ) -> Result<(), ConnectionError> {
        if packed.is_some() && !self.compression {
            return Err(ConnectionError::CompressionNotAgreed);
        }
        let Some(id) = self.receiving("data", number)? else { return Ok(()) };
        let stream = self.table.get_mut(id).expect("it was just found");
        if !stream.recv.takes_data() {
            return Err(ConnectionError::OutOfOrder { frame: "data", stream: number });
        }
        let plain = packed.unwrap_or(payload.len());
        let credit = stream.recv.window.left();
        if !stream.recv.window.receive(plain) {
            return Err(ConnectionError::CreditOverrun { stream: number, credit, actual: plain });
        }
        if packed.is_some() {
            stream.recv.receive_data(decompress(&payload, plain)?, plain);
        } else {
            stream.recv.receive_data(payload, self.inbound_bytes);
        }
        self.received(id, end);
        Ok(())
    }

    fn handle_trailers(&mut self, number: u32, block: Bytes) -> Result<(), ConnectionError> {
        let Some(id) = self.receiving("trailers", number)? else { return Ok(()) };
        let block = self.detach(block);
        let stream = self.table.get_mut(id).expect("it was just found");
        if !stream.recv.takes_data() {
            return Err(ConnectionError::OutOfOrder { frame: "trailers", stream: number });
        }
        stream.recv.receive_trailers(block);
        self.received(id, true);
        Ok(())
    }

    fn handle_credit(&mut self, number: u32, bytes: u32) -> Result<(), ConnectionError> {
        let id = StreamId(number);
        let Some(stream) = self.table.get_mut(id) else {
            // Credit crosses ends all the time; it costs its sender as much as it costs us.
            return self.check_opened("credit", number);
        };
        if !stream.send.add_credit(bytes) {
            return Err(ConnectionError::CreditOverflow { stream: number });
        }
        self.schedule(id);
        Ok(())
    }

    fn handle_reset(&mut self, number: u32, reset: Reset) -> Result<(), ConnectionError> {
        if !self.resets.admit(self.now) {
            return Err(ConnectionError::ResetsTooFast { limit: self.resets.limit() });
        }
        let id = StreamId(number);
        let Some(stream) = self.table.get_mut(id) else {
            return self.check_opened("reset", number);
        };
        if stream.is_over() {
            return Ok(());
        }
        stream.send.abandon();
        if !(reset.code == ResetCode::NoError && stream.recv.is_ended()) {
            stream.recv.clear();
            stream.reset = Some(reset);
        }
        self.wake(id);
        self.settle(id);
        Ok(())
    }

    fn handle_go_away(&mut self, payload: &Bytes) -> Result<(), ConnectionError> {
        let go_away: GoAway = decode("go-away", payload)?;
        if matches!(go_away.reason, GoAwayReason::Protocol) {
            return Err(ConnectionError::ClosedByPeer { reason: go_away.reason, message: go_away.message });
        }
        if !self.is_open() {
            return Err(ConnectionError::OutOfPlace { frame: "go-away" });
        }
        self.peer_leaving = true;
        self.tell_room();
        self.events.push_back(Event::GoAway(go_away));
        Ok(())
    }

    /// The stream that a frame with content is for; `None` when it is closed and the frame is to be skipped.
    fn receiving(&mut self, frame: &'static str, number: u32) -> Result<Option<StreamId>, ConnectionError> {
        let id = StreamId(number);
        match self.table.get(id) {
            Some(stream) if stream.reset.is_none() => {
                if stream.recv.discards && stream.recv.is_ended() {
                    // This side wanted no more; what was under way is not the peer's fault.
                    return self.skip_stale();
                }
                if stream.recv.is_ended() {
                    return Err(ConnectionError::AfterEnd { frame, stream: number });
                }
                Ok(Some(id))
            }
            Some(_) => self.skip_stale(),
            None => {
                self.check_opened(frame, number)?;
                self.skip_stale()
            }
        }
    }

    const fn skip_stale(&mut self) -> Result<Option<StreamId>, ConnectionError> {
        if self.table.admit_stale() { Ok(None) } else { Err(ConnectionError::StaleFrames) }
    }

    fn check_opened(&self, frame: &'static str, number: u32) -> Result<(), ConnectionError> {
        if self.table.was_opened(number) { Ok(()) } else { Err(ConnectionError::IdleStream { frame, stream: number }) }
    }

    /// A slice of the message, or a copy where the slice would keep far more alive than itself.
    fn detach(&self, slice: Bytes) -> Bytes {
        if self.inbound_bytes > SLICED_MESSAGE_BYTES_MAX && slice.len() < self.inbound_bytes / 4 {
            Bytes::copy_from_slice(&slice)
        } else {
            slice
        }
    }

    fn received(&mut self, id: StreamId, end: bool) {
        let Some(stream) = self.table.get_mut(id) else { return };
        if end {
            stream.recv.end();
        }
        if std::mem::take(&mut stream.recv.awaited) {
            self.events.push_back(Event::Readable(id));
        }
        self.settle(id);
    }
}
