//! The protocol's state machine: bytes and time go in, bytes and events come out.
//!
//! Nothing here does I/O, reads a clock, spawns or waits (invariant 1). A driver calls, in any order:
//!
//! - inputs: [`Connection::handle_message`] for each message that arrived, [`Connection::handle_timeout`] when
//!   [`Connection::poll_timeout`] is due;
//! - commands of the application: [`Connection::open`], [`Connection::send_head`], [`Connection::write`],
//!   [`Connection::finish`], [`Connection::read`], [`Connection::reset`], [`Connection::stop`],
//!   [`Connection::go_away`];
//! - outputs, until they give nothing more: [`Connection::poll_transmit`] (messages to send, in order) and
//!   [`Connection::poll_event`].
//!
//! Heads are opaque bytes here: the multiplexer knows nothing of HTTP.
//!
//! ```text
//!             open / Open                                     END or Trailers, each way
//!   (none) ───────────────► both halves open ───────────────► one half ended ──► closed
//!                                  │                                │              ▲
//!                                  └──────────── Reset, either way ─┴──────────────┘
//! ```

mod commands;
mod config;
mod connection;
mod error;
mod event;
mod flow;
mod handshake;
mod inbound;
mod keepalive;
mod outbound;
mod rate;
mod stream;
mod table;

pub use config::{Config, Role};
pub use connection::{Connection, Stats};
pub use error::{ConnectionError, OpenError, ReadError, WriteError};
pub use event::{Event, Read, Received, StreamId};
#[cfg(feature = "runtime")]
pub(crate) use table::IdHasher;

#[cfg(test)]
mod tests;
