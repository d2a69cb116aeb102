//! What the application asks of streams.

use bytes::Bytes;

use super::{
    Connection, OpenError, Read, ReadError, StreamId, WriteError,
    flow::Window,
    stream::{Ending, RecvHalf, SendHalf, Stream},
};
use crate::{
    frame::{Compressor, Reset, ResetCode, Side, StreamKind, put_head, put_open},
    limits::{ENCODED_HEAD_BYTES_MAX, ENCODED_TRAILERS_BYTES_MAX, INLINE_BODY_BYTES_MAX, URGENT_QUEUE_BYTES},
};

impl Connection {
    /// Opens a stream with its head, the first bytes of its body (outside flow control, at most
    /// [`INLINE_BODY_BYTES_MAX`]), and the end flag if nothing follows them.
    ///
    /// # Errors
    ///
    /// [`OpenError::NoRoom`] passes: `Event::Room` tells when. The others do not.
    pub fn open(&mut self, kind: StreamKind, head: &[u8], body: &[u8], end: bool) -> Result<StreamId, OpenError> {
        if let Some(error) = self.lost() {
            return Err(OpenError::Lost(error));
        }
        if !self.is_open() {
            return Err(OpenError::NotOpen);
        }
        for (what, actual, limit) in
            [("head", head.len(), ENCODED_HEAD_BYTES_MAX), ("body", body.len(), INLINE_BODY_BYTES_MAX)]
        {
            if actual > limit {
                return Err(OpenError::TooLarge { what, limit, actual });
            }
        }
        if self.leaving || self.peer_leaving {
            return Err(OpenError::Draining);
        }
        // Answers that nobody reads hold memory after their streams are over, so they are bounded too (R28).
        let full = self.table.open_local >= self.peer_streams_max
            || self.table.known_local >= self.peer_streams_max.saturating_mul(2);
        if full || self.urgent.len() > URGENT_QUEUE_BYTES {
            self.room_awaited = true;
            return Err(OpenError::NoRoom);
        }
        let id = self.table.next_local().ok_or(OpenError::Exhausted)?;
        let window = Window::for_local(&mut self.budget, self.config.window(), self.now);
        put_open(&mut self.urgent, id.0, kind, window.size(), head, body, end);
        self.stats.streams += 1;
        let send = SendHalf::new(self.peer_first_window, end);
        self.table.insert(id, Stream::new(true, send, RecvHalf::new(window, true, false)));
        Ok(id)
    }

    /// Sends a head in answer, with the first bytes of the body and the end flag as in [`Self::open`]. `Ok(false)`
    /// says that there is no room at the moment: `Event::Room` tells when.
    ///
    /// # Errors
    ///
    /// When the half is closed, the stream was reset, or something is too large.
    ///
    /// # Panics
    ///
    /// Never: the stream is looked up first.
    pub fn send_head(&mut self, id: StreamId, head: &[u8], body: &[u8], end: bool) -> Result<bool, WriteError> {
        for (what, actual, limit) in
            [("head", head.len(), ENCODED_HEAD_BYTES_MAX), ("body", body.len(), INLINE_BODY_BYTES_MAX)]
        {
            if actual > limit {
                return Err(WriteError::TooLarge { what, limit, actual });
            }
        }
        let stream = self.writable(id)?;
        if stream.local || stream.send.heads_left() == 0 {
            return Err(WriteError::Closed);
        }
        if self.urgent.len() > URGENT_QUEUE_BYTES {
            self.room_awaited = true;
            return Ok(false);
        }
        put_head(&mut self.urgent, id.0, head, body, end);
        let stream = self.table.get_mut(id).expect("writable looked it up");
        stream.send.count_head();
        if !body.is_empty() {
            stream.send.begin();
        }
        if end {
            stream.send.abandon();
            let mut urgent = std::mem::take(&mut self.urgent);
            self.sent_end(id, &mut urgent);
            self.urgent = urgent;
        }
        Ok(true)
    }

    /// Sends a head ahead of the final one. `Ok(false)` says that it was not sent: there is no room, or the peer
    /// takes only one more head.
    ///
    /// # Errors
    ///
    /// As [`Self::send_head`].
    pub fn send_interim(&mut self, id: StreamId, head: &[u8]) -> Result<bool, WriteError> {
        if self.writable(id)?.send.heads_left() == 1 {
            return Ok(false);
        }
        self.send_head(id, head, &[], false)
    }

    /// Takes `bytes` for sending; `Ok(false)` says that there is no room and nothing was taken:
    /// `Event::Writable` tells when. Bytes wait here for credit; they are never dropped while the stream lives.
    ///
    /// # Errors
    ///
    /// When the half is closed, the stream was reset, or the lane is lost.
    pub fn write(&mut self, id: StreamId, bytes: &Bytes) -> Result<bool, WriteError> {
        let stream = self.answered(id)?;
        if bytes.is_empty() {
            return Ok(true);
        }
        if !stream.send.has_room(bytes.len()) {
            stream.send.awaited = true;
            return Ok(false);
        }
        stream.send.push(bytes.clone());
        if stream.send.is_stalled() {
            self.stats.credit_stalls += 1;
        }
        self.schedule(id);
        Ok(true)
    }

    /// Whether [`Self::write`] would take a chunk now; if not, `Event::Writable` tells when.
    ///
    /// # Errors
    ///
    /// As [`Self::write`].
    pub fn poll_write(&mut self, id: StreamId) -> Result<bool, WriteError> {
        let stream = self.writable(id)?;
        let room = stream.send.has_room(crate::limits::SEND_BUFFER_BYTES / 2);
        stream.send.awaited = !room;
        Ok(room)
    }

    /// Why nothing more can be written, if so; `Event::Writable` tells when that changes.
    pub fn poll_stopped(&mut self, id: StreamId) -> Option<WriteError> {
        match self.writable(id) {
            Ok(stream) => {
                stream.send.awaited = true;
                None
            }
            Err(error) => Some(error),
        }
    }

    /// Ends this half behind what was written, with trailers or without.
    ///
    /// # Errors
    ///
    /// When the half is closed, the stream was reset, or the trailers are too large.
    pub fn finish(&mut self, id: StreamId, trailers: Option<Bytes>) -> Result<(), WriteError> {
        if let Some(block) = &trailers
            && block.len() > ENCODED_TRAILERS_BYTES_MAX
        {
            return Err(WriteError::TooLarge {
                what: "trailers",
                limit: ENCODED_TRAILERS_BYTES_MAX,
                actual: block.len(),
            });
        }
        let stream = self.answered(id)?;
        stream.send.end(trailers.map_or(Ending::Flag, Ending::Trailers));
        self.schedule(id);
        Ok(())
    }

    /// Lets the stream's data be compressed where it pays and both sides can.
    pub fn compress(&mut self, id: StreamId) {
        if self.compression
            && let Some(stream) = self.table.get_mut(id)
        {
            stream.send.compressor = Compressor::ON;
        }
    }

    /// The next thing that arrived on a stream. Reading gives credit back.
    ///
    /// # Errors
    ///
    /// When the stream was reset, is unknown, or the lane is lost.
    pub fn read(&mut self, id: StreamId) -> Result<Read, ReadError> {
        let lost = self.lost();
        let Some(stream) = self.table.get_mut(id) else {
            return Err(lost.map_or(ReadError::Closed, ReadError::Lost));
        };
        if let Some(reset) = &stream.reset {
            return Err(ReadError::Reset(reset.clone()));
        }
        if let Some((received, counted)) = stream.recv.pop() {
            let due = counted > 0 && stream.recv.window.consume(counted);
            stream.return_surplus(&mut self.budget);
            if due && !stream.recv.is_ended() && !stream.recv.credit_due {
                stream.recv.credit_due = true;
                self.note_credit_due(id);
            }
            return Ok(Read::Received(received));
        }
        if stream.recv.is_ended() {
            return Ok(Read::End);
        }
        if let Some(error) = lost {
            return Err(ReadError::Lost(error));
        }
        stream.recv.awaited = true;
        Ok(Read::Pending)
    }

    /// Credit waits to be sent, so the driver should look.
    #[must_use]
    pub fn has_credit_due(&self) -> bool {
        !self.credit_due.is_empty()
    }

    /// Whether all that will come has come, and been read.
    #[must_use]
    pub fn is_read_to_end(&self, id: StreamId) -> bool {
        self.table.get(id).is_none_or(|stream| stream.recv.is_ended() && !stream.recv.has_items())
    }

    /// Ends a stream early, both halves. Does nothing when it is over.
    pub fn reset(&mut self, id: StreamId, reset: Reset) {
        self.reset_stream(id, reset);
    }

    /// The application wants no more of what the peer sends. On a stream of ours that is the end of it; on a
    /// stream of the peer the answer may still be sent, and the peer is told to stop right behind its end.
    pub fn stop(&mut self, id: StreamId) {
        let lost = self.error().is_some();
        let Some(stream) = self.table.get_mut(id) else { return };
        if stream.recv.is_ended() || lost {
            stream.recv.clear();
        } else if stream.local {
            self.reset_stream(id, Reset::cancelled());
        } else {
            stream.recv.discards = true;
            stream.recv.clear();
            if stream.send.is_done() {
                let mut urgent = std::mem::take(&mut self.urgent);
                self.sent_end(id, &mut urgent);
                self.urgent = urgent;
            }
        }
        self.settle(id);
    }

    /// The application lets its receiving handle go: [`Self::stop`], and nobody reads any more.
    pub fn drop_receiver(&mut self, id: StreamId) {
        self.stop(id);
        if let Some(stream) = self.table.get_mut(id) {
            stream.receiver_held = false;
        }
        self.settle(id);
    }

    /// The application lets its sending handle go. An unfinished half is reset: a body that was cut must not
    /// look complete. On a stream of ours whoever wanted the answer has gone; an answer that stops half-way is a
    /// fault of this side.
    pub fn drop_sender(&mut self, id: StreamId) {
        let Some(stream) = self.table.get_mut(id) else { return };
        stream.sender_held = false;
        if stream.send.is_open() {
            let reset = if stream.local { Reset::cancelled() } else { Reset::new(ResetCode::Internal, Side::Internal) };
            self.reset_stream(id, reset);
        }
        self.settle(id);
    }

    /// [`Self::writable`], and on a stream of the peer a head was sent.
    fn answered(&mut self, id: StreamId) -> Result<&mut Stream, WriteError> {
        let stream = self.writable(id)?;
        if stream.local || stream.send.has_head() { Ok(stream) } else { Err(WriteError::NoHead) }
    }

    fn writable(&mut self, id: StreamId) -> Result<&mut Stream, WriteError> {
        self.write_lost()?;
        let stream = self.table.get_mut(id).ok_or(WriteError::Closed)?;
        if let Some(reset) = &stream.reset {
            return Err(WriteError::Reset(reset.clone()));
        }
        if stream.send.is_open() {
            return Ok(stream);
        }
        Err(if stream.send.is_done() && !stream.recv.is_ended() { WriteError::Closed } else { WriteError::Stopped })
    }

    /// Bytes that wait to be sent before bulk; for tests of the bounds.
    #[must_use]
    pub fn urgent_bytes(&self) -> usize {
        self.urgent.len()
    }

    /// Bytes of the lane's budget that are not granted to any stream.
    #[must_use]
    pub const fn budget_left(&self) -> u64 {
        self.budget.left()
    }
}
