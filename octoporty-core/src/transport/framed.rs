//! Length-prefixed messages over any byte stream: four bytes of length, big-endian, then the message.

use std::{
    future::Future as _,
    io,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use futures::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};

use super::TransportError;
use crate::frame::Message;

/// Bytes of the length before each message.
const LENGTH_BYTES: usize = 4;

/// Bytes of a new read buffer: enough for two large messages in one system call.
const READ_BUFFER_BYTES: usize = 128 << 10;

/// Fewest bytes of room for a read. With less left, a new buffer costs less than the system calls that it saves.
const READ_ROOM_BYTES_MIN: usize = 16 << 10;

/// Bytes that may wait to be written before the sender waits; the message that reaches the bound still fits.
const WRITE_BUFFER_BYTES: usize = 128 << 10;

/// A transport over a byte stream `IO`.
///
/// Received messages are slices of the read buffer; a sent one is copied once, behind its length. At most 128 KiB and
/// one message wait to be written. Closing shuts the writing side of `IO` down; the peer's stream then ends.
#[derive(Debug)]
pub struct Framed<IO> {
    io: IO,
    received: BytesMut,
    to_write: BytesMut,
    ended: bool,
}

impl<IO> Framed<IO> {
    /// Sends and receives messages over `io`, from its next byte on.
    #[must_use]
    pub fn new(io: IO) -> Self {
        Self { io, received: BytesMut::new(), to_write: BytesMut::new(), ended: false }
    }

    /// The byte stream. What was received but not taken, or sent but not flushed, is lost.
    #[must_use]
    pub fn into_inner(self) -> IO {
        self.io
    }

    /// Takes a whole message from the bytes at hand; makes room for the rest of one that is not whole.
    fn take_message(&mut self) -> Result<Option<Bytes>, TransportError> {
        let Some(prefix) = self.received.first_chunk::<LENGTH_BYTES>() else {
            self.make_room(0);
            return Ok(None);
        };
        // A length that does not fit the address space is too large as well.
        let length = usize::try_from(u32::from_be_bytes(*prefix)).unwrap_or(usize::MAX);
        // Before memory is set aside for it (R25).
        TransportError::check_length(length)?;
        let whole = LENGTH_BYTES + length;
        if self.received.len() < whole {
            self.make_room(whole - self.received.len());
            return Ok(None);
        }
        self.received.advance(LENGTH_BYTES);
        Ok(Some(self.received.split_to(length).freeze()))
    }

    /// Room to read at least `missing` bytes.
    fn make_room(&mut self, missing: usize) {
        let room = self.received.capacity() - self.received.len();
        if room < missing.max(READ_ROOM_BYTES_MIN) {
            self.received.reserve(missing.max(READ_BUFFER_BYTES));
        }
    }
}

impl<IO: AsyncRead + Unpin> Framed<IO> {
    /// The next message, or none at an end between two messages.
    fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, TransportError>> {
        loop {
            if let Some(message) = self.take_message()? {
                return Poll::Ready(Ok(Some(message)));
            }
            // `read_buf` is cancel-safe, so it may be a new future at each poll.
            let read = pin!(self.io.read_buf(&mut self.received));
            if ready!(read.poll(context)).map_err(TransportError::Io)? == 0 {
                return Poll::Ready(if self.received.is_empty() {
                    Ok(None)
                } else {
                    Err(TransportError::Io(io::ErrorKind::UnexpectedEof.into()))
                });
            }
        }
    }
}

impl<IO: AsyncWrite + Unpin> Framed<IO> {
    /// Writes until at most `left` bytes wait.
    fn poll_write_down_to(&mut self, left: usize, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        while self.to_write.len() > left {
            let written = ready!(Pin::new(&mut self.io).poll_write(context, &self.to_write));
            match written.map_err(TransportError::Io)? {
                0 => return Poll::Ready(Err(TransportError::Io(io::ErrorKind::WriteZero.into()))),
                count => self.to_write.advance(count),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncRead + Unpin> Stream for Framed<IO> {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        let message = ready!(this.poll_message(context));
        this.ended = !matches!(message, Ok(Some(_)));
        Poll::Ready(message.transpose())
    }
}

impl<IO: AsyncWrite + Unpin> Sink<Message> for Framed<IO> {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.get_mut().poll_write_down_to(WRITE_BUFFER_BYTES, context)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), TransportError> {
        TransportError::check_length(message.len())?;
        let this = self.get_mut();
        if this.to_write.len() > WRITE_BUFFER_BYTES {
            return Err(TransportError::Full);
        }
        let length = u32::try_from(message.len()).expect("a message's length is far below 4 GiB");
        this.to_write.reserve(LENGTH_BYTES + message.len());
        this.to_write.put_u32(length);
        this.to_write.put(message.head);
        this.to_write.put(message.body);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = self.get_mut();
        ready!(this.poll_write_down_to(0, context))?;
        Pin::new(&mut this.io).poll_flush(context).map_err(TransportError::Io)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = self.get_mut();
        ready!(this.poll_write_down_to(0, context))?;
        Pin::new(&mut this.io).poll_shutdown(context).map_err(TransportError::Io)
    }
}
