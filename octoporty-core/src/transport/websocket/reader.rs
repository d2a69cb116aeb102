//! From bytes to messages: frames are found in the read buffer, unmasked in place, and cut out of it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncRead;
use tokio_util::io::poll_read_buf;

use super::{
    Role,
    frame::{CONTROL_BYTES_MAX, Head, Opcode, apply_mask, broken},
};
use crate::transport::TransportError;

/// Bytes of a new read buffer: several large messages in one system call. One for each lane, so it may be large.
const READ_BUFFER_BYTES: usize = 256 << 10;

/// Fewest bytes of room for a read. With less left, a new buffer costs less than the system calls that it saves.
const READ_ROOM_BYTES_MIN: usize = 64 << 10;

/// Pings, pongs and fragments in a row, with no whole message between, that a peer may send. A lane carries messages
/// every few seconds, and intermediaries ping a few times a minute.
const FRAMES_IN_A_ROW_MAX: u32 = 1000;

/// What arrived.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    Message(Bytes),
    /// To be answered with the same bytes.
    Ping(Bytes),
    /// With its code, to be answered with the same one.
    Close(Option<u16>),
}

#[derive(Debug)]
pub(super) struct Reader {
    role: Role,
    buffer: BytesMut,
    /// The fragments so far of a message that is not whole.
    fragments: Option<BytesMut>,
    /// Frames since the last whole message.
    in_a_row: u32,
}

impl Reader {
    pub(super) fn new(role: Role, already_read: &[u8]) -> Self {
        Self { role, buffer: BytesMut::from(already_read), fragments: None, in_a_row: 0 }
    }

    /// The next event from the bytes at hand and, once they are used up, from `io`.
    pub(super) fn poll_event<IO: AsyncRead + Unpin>(
        &mut self,
        io: &mut IO,
        context: &mut Context<'_>,
    ) -> Poll<Result<Event, TransportError>> {
        loop {
            if let Some(event) = self.take_event()? {
                return Poll::Ready(Ok(event));
            }
            let read = ready!(poll_read_buf(Pin::new(&mut *io), context, &mut self.buffer));
            if read.map_err(TransportError::Io)? == 0 {
                return Poll::Ready(Err(TransportError::Io(io::ErrorKind::UnexpectedEof.into())));
            }
        }
    }

    /// The next event among the bytes at hand; `None` makes room for more.
    fn take_event(&mut self) -> Result<Option<Event>, TransportError> {
        loop {
            let Some((head, head_bytes)) = Head::read(&self.buffer)? else {
                self.make_room(0);
                return Ok(None);
            };
            // Before memory is set aside for it (R25).
            self.check(&head)?;
            let whole = head_bytes + head.length;
            if self.buffer.len() < whole {
                self.make_room(whole - self.buffer.len());
                return Ok(None);
            }
            self.buffer.advance(head_bytes);
            if let Some(mask) = head.mask {
                apply_mask(&mut self.buffer[..head.length], mask);
            }
            let payload = self.buffer.split_to(head.length);
            if let Some(event) = self.take_frame(&head, payload)? {
                return Ok(Some(event));
            }
        }
    }

    /// Room to read at least `missing` bytes.
    fn make_room(&mut self, missing: usize) {
        let room = self.buffer.capacity() - self.buffer.len();
        if room < missing.max(READ_ROOM_BYTES_MIN) {
            self.buffer.reserve(missing.max(READ_BUFFER_BYTES));
        }
    }

    fn check(&self, head: &Head) -> Result<(), TransportError> {
        // RFC 6455 §5.1: a client masks, a server does not.
        if head.mask.is_some() != (self.role == Role::Server) {
            return Err(broken("a frame is masked by a server, or not by a client"));
        }
        match (head.opcode, &self.fragments) {
            (Opcode::Continuation, None) => Err(broken("a fragment of no message")),
            (Opcode::Continuation, Some(before)) => TransportError::check_length(before.len() + head.length),
            (Opcode::Binary, Some(_)) => Err(broken("a message inside another")),
            _ => Ok(()),
        }
    }

    fn take_frame(&mut self, head: &Head, payload: BytesMut) -> Result<Option<Event>, TransportError> {
        match (head.opcode, head.last) {
            (Opcode::Binary, true) => {
                self.in_a_row = 0;
                return Ok(Some(Event::Message(payload.freeze())));
            }
            (Opcode::Continuation, true) => {
                self.in_a_row = 0;
                let mut whole = self.fragments.take().unwrap_or_default();
                whole.unsplit(payload);
                return Ok(Some(Event::Message(whole.freeze())));
            }
            _ => {}
        }
        self.in_a_row += 1;
        if self.in_a_row > FRAMES_IN_A_ROW_MAX {
            let text = format!("more than {FRAMES_IN_A_ROW_MAX} frames without a message between them");
            return Err(TransportError::WebSocket(text));
        }
        match head.opcode {
            Opcode::Binary => self.fragments = Some(BytesMut::from(&payload[..])),
            Opcode::Continuation => {
                if let Some(fragments) = &mut self.fragments {
                    fragments.extend_from_slice(&payload);
                }
            }
            Opcode::Ping => {
                debug_assert!(payload.len() <= CONTROL_BYTES_MAX);
                // A copy, as a slice would keep the whole buffer for it.
                return Ok(Some(Event::Ping(Bytes::copy_from_slice(&payload))));
            }
            Opcode::Pong => {}
            Opcode::Close => return close_code(&payload).map(|code| Some(Event::Close(code))),
        }
        Ok(None)
    }
}

/// The code of a close frame, if it has one that may be sent (RFC 6455 §7.4).
fn close_code(payload: &[u8]) -> Result<Option<u16>, TransportError> {
    if payload.is_empty() {
        return Ok(None);
    }
    let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
    match code {
        Some(code @ (1000..=1003 | 1007..=1014 | 3000..=4999)) => Ok(Some(code)),
        _ => Err(broken("a close frame without a valid code")),
    }
}
