//! Binary WebSocket messages (RFC 6455), what Agent and Gateway speak. The HTTP handshake before is not done here.

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
use tokio_tungstenite::WebSocketStream;
use tungstenite::{
    Error, Message,
    error::{CapacityError, ProtocolError},
    protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
};

use super::TransportError;
use crate::limits::MESSAGE_BYTES_MAX;

/// Bytes of the read buffer: many merged messages in one system call. Set aside once for each lane, so it may be large.
const READ_BUFFER_BYTES: usize = 64 << 10;

/// Bytes that are gathered before they are written without a flush: two large messages.
const WRITE_BUFFER_BYTES: usize = 128 << 10;

/// Most bytes that wait to be written. A sender that asks for room first stays below [`WRITE_BUFFER_BYTES`] and one
/// message; the rest is for answers to pings of a peer that does not read them.
const WRITE_BUFFER_BYTES_MAX: usize = 2 * MESSAGE_BYTES_MAX;

/// WebSocket pings and pongs in a row, with no message between, that a peer may send. A lane carries messages every
/// few seconds, and intermediaries ping a few times a minute.
const CONTROL_FRAMES_IN_A_ROW_MAX: u32 = 1000;

/// Pings and pongs that one turn reads before other tasks of the thread get theirs.
const CONTROL_FRAMES_PER_TURN: usize = 32;

/// How long closing may take: the peer's answer is one round trip away, behind what is on its way.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The settings that both ends use: buffers, and no message above [`MESSAGE_BYTES_MAX`], refused by the length in its
/// head before memory is set aside (R25).
#[must_use]
pub fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
        .max_message_size(Some(MESSAGE_BYTES_MAX))
}

/// The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key` (RFC 6455 §4.2.2). Does not check the key.
#[must_use]
pub fn accept_key(key: &[u8]) -> String {
    tungstenite::handshake::derive_accept_key(key)
}

/// A transport over a WebSocket connection on `IO`, after its handshake.
///
/// Received messages are slices of the read buffer, except those that came in fragments; a sent one is copied once,
/// behind its head. Pings of the WebSocket protocol are answered and otherwise ignored.
///
/// Closing sends what is buffered and a close frame, then waits for the peer's for at most two seconds; what arrives
/// meanwhile is lost. Its code is 1000, or 1001 after [`going_away`](Self::going_away), or says what was wrong with
/// what the peer sent (1002, 1003, 1009). A transport that is dropped just cuts the connection.
///
/// Closing needs a tokio runtime with time.
#[derive(Debug)]
pub struct WebSocket<IO> {
    inner: WebSocketStream<IO>,
    code: CloseCode,
    /// Pings and pongs since the last message.
    control_frames: u32,
    /// Nothing more is read: the peer closed, or an error was found.
    ended: bool,
    peer_closed: bool,
    close_sent: bool,
    close_timer: Option<Pin<Box<Sleep>>>,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> WebSocket<IO> {
    /// Sends and receives over `stream`, which must have been made with [`config`].
    #[must_use]
    pub const fn new(stream: WebSocketStream<IO>) -> Self {
        Self {
            inner: stream,
            code: CloseCode::Normal,
            control_frames: 0,
            ended: false,
            peer_closed: false,
            close_sent: false,
            close_timer: None,
        }
    }

    /// The server's end of a connection whose handshake was answered; `already_read` are the bytes that came behind
    /// the request. Completes at once.
    pub async fn accepted(io: IO, already_read: Vec<u8>) -> Self {
        Self::new(WebSocketStream::from_partially_read(io, already_read, Role::Server, Some(config())).await)
    }

    /// Closes with code 1001, "going away", instead of 1000: for an end whose lanes close when it stops.
    #[must_use]
    pub const fn going_away(mut self) -> Self {
        self.code = CloseCode::Away;
        self
    }

    /// The WebSocket connection. Messages that were not flushed stay in its buffer.
    #[must_use]
    pub fn into_inner(self) -> WebSocketStream<IO> {
        self.inner
    }

    fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, TransportError>> {
        for _ in 0..CONTROL_FRAMES_PER_TURN {
            let Some(message) = ready!(Pin::new(&mut self.inner).poll_next(context)) else {
                return Poll::Ready(Ok(None));
            };
            match message.map_err(refused)? {
                Message::Binary(payload) => {
                    self.control_frames = 0;
                    return Poll::Ready(Ok(Some(payload)));
                }
                Message::Text(_) => return Poll::Ready(Err(TransportError::NotBinary)),
                Message::Close(_) => {
                    self.peer_closed = true;
                    return Poll::Ready(Ok(None));
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {
                    self.control_frames += 1;
                    if self.control_frames > CONTROL_FRAMES_IN_A_ROW_MAX {
                        let limit = CONTROL_FRAMES_IN_A_ROW_MAX;
                        let text = format!("more than {limit} control frames without a message between them");
                        return Poll::Ready(Err(TransportError::WebSocket(text)));
                    }
                }
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Queues the close frame, unless the peer closed: then its answer is queued already.
    fn send_close(&mut self) -> Result<(), TransportError> {
        if self.peer_closed {
            return Ok(());
        }
        let frame = CloseFrame { code: self.code, reason: "".into() };
        match Pin::new(&mut self.inner).start_send(Message::Close(Some(frame))).map_err(refused) {
            // The connection is gone: there is nobody to tell.
            Err(TransportError::Closed) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sends the close frame and reads on until the peer's: an end that leaves with unread bytes would reset the
    /// connection, and the reset can overtake what was sent.
    fn poll_handshake_of_close(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if !self.close_sent {
            ready!(Pin::new(&mut self.inner).poll_ready(context)).map_err(refused)?;
            self.send_close()?;
            self.close_sent = true;
        }
        ready!(Pin::new(&mut self.inner).poll_flush(context)).map_err(refused)?;
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
        if let Err(error) = &message
            && let Some(code) = code_for(error)
        {
            this.code = code;
        }
        Poll::Ready(message.transpose())
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Sink<Bytes> for WebSocket<IO> {
    type Error = TransportError;

    /// Ready while less than the write buffer waits: after a write that blocked, all of it goes first.
    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Pin::new(&mut self.get_mut().inner).poll_ready(context).map_err(refused)
    }

    fn start_send(self: Pin<&mut Self>, message: Bytes) -> Result<(), TransportError> {
        TransportError::check_length(message.len())?;
        Pin::new(&mut self.get_mut().inner).start_send(Message::Binary(message)).map_err(refused)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context).map_err(refused)
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

/// The library's error in our words. It never holds a payload.
fn refused(error: Error) -> TransportError {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(ProtocolError::SendAfterClosing) => {
            TransportError::Closed
        }
        Error::Io(source) => TransportError::Io(source),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            TransportError::Io(io::ErrorKind::UnexpectedEof.into())
        }
        Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            TransportError::TooLarge { limit: max_size, actual: size }
        }
        Error::WriteBufferFull(_) => TransportError::Full,
        other => TransportError::WebSocket(other.to_string()),
    }
}

/// The close code (RFC 6455 §7.4.1) for what the peer did, if it did anything.
const fn code_for(error: &TransportError) -> Option<CloseCode> {
    match error {
        TransportError::TooLarge { .. } => Some(CloseCode::Size),
        TransportError::NotBinary => Some(CloseCode::Unsupported),
        TransportError::WebSocket(_) => Some(CloseCode::Protocol),
        TransportError::Closed | TransportError::Full | TransportError::Io(_) => None,
    }
}
