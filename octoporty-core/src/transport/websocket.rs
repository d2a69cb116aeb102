//! Binary WebSocket messages (RFC 6455) over tungstenite.
//!
//! tungstenite answers pings and close frames by itself. A write copies the message once into its out-buffer, and
//! nothing reaches the socket before a flush or a full buffer, so many small messages share a system call.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tungstenite::{Error, Message, error::CapacityError, protocol::WebSocketConfig};

use super::TransportError;
use crate::limits::MESSAGE_BYTES_MAX;

/// Bytes that one read takes from the socket: several messages of bulk.
const READ_BUFFER_BYTES: usize = 256 << 10;

/// Unsent bytes at which a write goes to the socket.
const WRITE_BUFFER_BYTES: usize = 128 << 10;

/// Unsent bytes that may never be exceeded; a few messages above [`WRITE_BUFFER_BYTES`], where the sink waits.
const WRITE_BUFFER_BYTES_MAX: usize = 8 << 20;

/// The settings of every WebSocket of ours.
#[must_use]
pub fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
        .max_message_size(Some(MESSAGE_BYTES_MAX))
}

/// The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key` (RFC 6455 §4.2.2).
#[must_use]
pub fn accept_key(key: &[u8]) -> String {
    tungstenite::handshake::derive_accept_key(key)
}

/// A transport over an established WebSocket.
#[derive(Debug)]
pub struct WebSocket<Io> {
    stream: WebSocketStream<Io>,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> WebSocket<Io> {
    /// A transport over `stream`, which should have the settings of [`config`].
    pub const fn new(stream: WebSocketStream<Io>) -> Self {
        Self { stream }
    }

    /// The WebSocket itself.
    pub fn into_inner(self) -> WebSocketStream<Io> {
        self.stream
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Stream for WebSocket<Io> {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            return Poll::Ready(match ready!(Pin::new(&mut self.stream).poll_next(context)) {
                Some(Ok(Message::Binary(bytes))) => Some(Ok(bytes)),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Text(_) | Message::Frame(_))) => Some(Err(TransportError::NotBinary)),
                Some(Ok(Message::Close(_)) | Err(Error::ConnectionClosed | Error::AlreadyClosed)) | None => None,
                Some(Err(error)) => Some(Err(translate(error))),
            });
        }
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Sink<Bytes> for WebSocket<Io> {
    type Error = TransportError;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Pin::new(&mut self.stream).poll_ready(context).map_err(translate)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Bytes) -> Result<(), TransportError> {
        Pin::new(&mut self.stream).start_send(Message::Binary(message)).map_err(translate)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Pin::new(&mut self.stream).poll_flush(context).map_err(translate)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Pin::new(&mut self.stream).poll_close(context).map_err(translate)
    }
}

fn translate(error: Error) -> TransportError {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => TransportError::Closed,
        Error::Io(error) => TransportError::Io(error),
        Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            TransportError::TooLarge { limit: max_size, actual: size }
        }
        other => TransportError::WebSocket(other.to_string()),
    }
}
