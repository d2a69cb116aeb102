//! Binary WebSocket messages (RFC 6455), what Agent and Gateway speak. The HTTP handshake before is not done here.

mod frame;
mod reader;
mod writer;

use std::{
    future::Future as _,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures::{Sink, Stream};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Sleep,
};

use self::{
    frame::Opcode,
    reader::{Event, Reader},
    writer::Writer,
};
use super::TransportError;
use crate::frame::Message;

/// Bytes that are gathered before they are written without a flush: two large messages. A sender that asks for room
/// first stays below this and one message.
const WRITE_BUFFER_BYTES: usize = 128 << 10;

/// Control frames that one turn reads before other tasks of the thread get theirs.
const CONTROL_FRAMES_PER_TURN: usize = 32;

/// How long closing may take: the peer's answer is one round trip away, behind what is on its way.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Close codes of RFC 6455 §7.4.1.
const NORMAL: u16 = 1000;
const GOING_AWAY: u16 = 1001;
const PROTOCOL_ERROR: u16 = 1002;
const UNSUPPORTED: u16 = 1003;
const TOO_LARGE: u16 = 1009;

/// The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key` (RFC 6455 §4.2.2). Does not check the key.
#[must_use]
pub fn accept_key(key: &[u8]) -> String {
    tungstenite::handshake::derive_accept_key(key)
}

/// A `Sec-WebSocket-Key` for one handshake (RFC 6455 §4.1).
#[must_use]
pub fn generate_key() -> String {
    tungstenite::handshake::client::generate_key()
}

/// Which end of the connection this is: a client masks what it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Client,
    Server,
}

/// A transport over a WebSocket connection on `IO`, after its handshake.
///
/// Received messages are slices of the read buffer, except those that came in fragments; large ones are sent from where
/// they are, in the same write as their head. A message whose length is above
/// [`MESSAGE_BYTES_MAX`](crate::limits::MESSAGE_BYTES_MAX) is refused by its head, before memory is set aside (R25).
/// Pings of the WebSocket protocol are answered, the last one where several wait, and otherwise ignored.
///
/// Closing sends what is buffered and a close frame, then waits for the peer's for at most two seconds; what arrives
/// meanwhile is lost. Its code is 1000, or 1001 after [`going_away`](Self::going_away), or says what was wrong with
/// what the peer sent (1002, 1003, 1009). A transport that is dropped just cuts the connection.
///
/// Closing needs a tokio runtime with time.
#[derive(Debug)]
pub struct WebSocket<IO> {
    io: IO,
    reader: Reader,
    writer: Writer,
    code: u16,
    /// The answer to a ping that found no room yet.
    pong: Option<Bytes>,
    /// Nothing more is read: the peer closed, or an error was found.
    ended: bool,
    /// Nothing more is sent: a close frame is queued, or the connection is gone.
    closed: bool,
    close_timer: Option<Pin<Box<Sleep>>>,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> WebSocket<IO> {
    /// The client's end of a connection; `already_read` are the bytes that came behind the answer.
    #[must_use]
    pub fn client(io: IO, already_read: &[u8]) -> Self {
        Self::new(io, Role::Client, already_read)
    }

    /// The server's end of a connection whose handshake was answered; `already_read` are the bytes that came behind
    /// the request.
    #[must_use]
    pub fn server(io: IO, already_read: &[u8]) -> Self {
        Self::new(io, Role::Server, already_read)
    }

    fn new(io: IO, role: Role, already_read: &[u8]) -> Self {
        Self {
            io,
            reader: Reader::new(role, already_read),
            writer: Writer::new(role),
            code: NORMAL,
            pong: None,
            ended: false,
            closed: false,
            close_timer: None,
        }
    }

    /// Closes with code 1001, "going away", instead of 1000: for an end whose lanes close when it stops.
    #[must_use]
    pub const fn going_away(mut self) -> Self {
        self.code = GOING_AWAY;
        self
    }

    fn put(&mut self, opcode: Opcode, payload: Message) {
        let vectored = self.io.is_write_vectored();
        self.writer.put(opcode, payload, vectored);
    }

    /// Queues the close frame, the last one.
    fn put_close(&mut self, code: Option<u16>) {
        if !self.closed {
            let payload = code.map_or_else(Bytes::new, |code| Bytes::copy_from_slice(&code.to_be_bytes()));
            self.put(Opcode::Close, payload.into());
            self.closed = true;
        }
    }

    /// Answers the last ping, if there is room: a peer that does not read its answers gets one when it does.
    fn put_pong(&mut self) {
        if self.writer.queued() < WRITE_BUFFER_BYTES
            && !self.closed
            && let Some(payload) = self.pong.take()
        {
            self.put(Opcode::Pong, payload.into());
        }
    }

    fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, TransportError>> {
        for _ in 0..CONTROL_FRAMES_PER_TURN {
            match ready!(self.reader.poll_event(&mut self.io, context))? {
                Event::Message(message) => return Poll::Ready(Ok(Some(message))),
                Event::Ping(payload) => {
                    self.pong = Some(payload);
                    self.put_pong();
                    // Without waiting: reading does not depend on the peer's reading.
                    if let Poll::Ready(written) = self.writer.poll_write_down_to(0, &mut self.io, context) {
                        written.map_err(TransportError::Io)?;
                    }
                }
                Event::Close(code) => {
                    self.put_close(code);
                    return Poll::Ready(Ok(None));
                }
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_write_down_to(&mut self, left: usize, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let written = ready!(self.writer.poll_write_down_to(left, &mut self.io, context));
        if written.is_err() {
            self.closed = true;
        }
        Poll::Ready(written.map_err(TransportError::Io))
    }

    /// Sends the close frame and reads on until the peer's: an end that leaves with unread bytes would reset the
    /// connection, and the reset can overtake what was sent.
    fn poll_handshake_of_close(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let code = self.code;
        self.put_close(Some(code));
        ready!(self.poll_write_down_to(0, context))?;
        ready!(Pin::new(&mut self.io).poll_flush(context)).map_err(TransportError::Io)?;
        while !self.ended {
            self.ended = !matches!(ready!(self.poll_message(context)), Ok(Some(_)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Stream for WebSocket<IO> {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        let message = ready!(this.poll_message(context));
        this.ended = !matches!(message, Ok(Some(_)));
        match &message {
            Err(TransportError::Io(_)) => this.closed = true,
            Err(error) => this.code = code_for(error).unwrap_or(this.code),
            Ok(_) => {}
        }
        Poll::Ready(message.transpose())
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Sink<Message> for WebSocket<IO> {
    type Error = TransportError;

    /// Ready while less than the write buffer waits.
    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.get_mut().poll_write_down_to(WRITE_BUFFER_BYTES - 1, context)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), TransportError> {
        TransportError::check_length(message.len())?;
        let this = self.get_mut();
        if this.closed {
            return Err(TransportError::Closed);
        }
        if this.writer.queued() >= WRITE_BUFFER_BYTES + crate::limits::MESSAGE_BYTES_MAX {
            return Err(TransportError::Full);
        }
        this.put(Opcode::Binary, message);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = self.get_mut();
        this.put_pong();
        ready!(this.poll_write_down_to(0, context))?;
        Pin::new(&mut this.io).poll_flush(context).map_err(TransportError::Io)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = self.get_mut();
        let timer = this.close_timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(CLOSE_TIMEOUT)));
        if timer.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(TransportError::Io(io::ErrorKind::TimedOut.into())));
        }
        this.poll_handshake_of_close(context)
    }
}

/// The close code for what the peer did, if it did anything.
const fn code_for(error: &TransportError) -> Option<u16> {
    match error {
        TransportError::TooLarge { .. } => Some(TOO_LARGE),
        TransportError::NotBinary => Some(UNSUPPORTED),
        TransportError::WebSocket(_) => Some(PROTOCOL_ERROR),
        TransportError::Closed | TransportError::Full | TransportError::Io(_) => None,
    }
}
