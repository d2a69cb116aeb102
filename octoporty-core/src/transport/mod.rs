//! Connections that carry whole messages: the seam between the protocol and whatever bytes travel on.
//!
//! - [`duplex`]: two ends in memory, for tests and for a tunnel inside one process;
//! - [`framed`]: length-prefixed messages over any byte stream;
//! - `websocket`: binary WebSocket messages, what Agent and Gateway speak (feature `websocket`).

pub mod duplex;
mod error;
pub mod framed;
#[cfg(feature = "websocket")]
pub mod websocket;

pub use duplex::Duplex;
pub use error::TransportError;
pub use framed::Framed;
#[cfg(feature = "websocket")]
pub use websocket::WebSocket;

use crate::frame::Message;

/// A connection that carries whole messages in order.
///
/// Anything that is such a stream and sink is a transport; there is nothing to implement.
///
/// - **Boundaries.** An item of the stream is one message as it was sent: never a part of one, never two. Messages
///   are at most [`MESSAGE_BYTES_MAX`](crate::limits::MESSAGE_BYTES_MAX) bytes; a longer one is an error at both ends,
///   and the receiver finds out before it sets memory aside.
/// - **Order.** Messages arrive in the order of sending, each once. After an error nothing more arrives.
/// - **Back-pressure.** `poll_ready` is pending while what waits to be sent is over the transport's bound, so a sender
///   that asks first cannot fill the memory. `start_send` only buffers: `poll_flush` makes sure that all is sent.
/// - **Concurrency.** One task owns both halves. Reading does not wait for writing: `poll_next` gives messages while
///   `poll_ready` is pending.
/// - **Closing.** `poll_close` sends what is buffered, then tells the peer, whose stream ends with `None` once it has
///   read all. A transport that is dropped instead loses what was not flushed.
///
/// # Cancel safety
/// All methods are polled and keep their state inside, so futures made from them (`next`, `flush`) can be dropped
/// without losing a message. A dropped `send` may or may not have taken the message.
pub trait Transport:
    futures::Stream<Item = Result<bytes::Bytes, TransportError>>
    + futures::Sink<Message, Error = TransportError>
    + Unpin
    + Send
    + 'static
{
}

impl<T> Transport for T where
    T: futures::Stream<Item = Result<bytes::Bytes, TransportError>>
        + futures::Sink<Message, Error = TransportError>
        + Unpin
        + Send
        + 'static
{
}

#[cfg(test)]
mod tests;
