//! Connections that carry whole messages, in order.
//!
//! A transport is one line: a [`Stream`] of messages and a [`Sink`] for them. Three come with the crate: an in-memory
//! pair ([`duplex`]), a length in front of each message over any byte stream ([`framed`]), and binary WebSocket
//! messages ([`websocket`], feature `websocket`).

pub mod duplex;
mod error;
pub mod framed;
#[cfg(feature = "websocket")]
pub mod websocket;

use bytes::Bytes;
use futures::{Sink, Stream};

pub use error::TransportError;

/// A connection that carries whole messages.
///
/// - Messages arrive once each, in order, with their boundaries, or the transport fails.
/// - `poll_ready` waits while too much is unsent; what was taken is sent by `poll_flush`, not before.
/// - The stream ends when the other side closed, and after an error.
/// - `poll_close` says goodbye where the transport has a way to; it flushes first.
///
/// One task owns a transport; the poll methods are cancel safe as all such methods are.
pub trait Transport:
    Stream<Item = Result<Bytes, TransportError>> + Sink<Bytes, Error = TransportError> + Unpin + Send + 'static
{
}

impl<T> Transport for T where
    T: Stream<Item = Result<Bytes, TransportError>> + Sink<Bytes, Error = TransportError> + Unpin + Send + 'static
{
}

#[cfg(test)]
mod tests;
