//! Async handles around the state machine, and the one task that drives it.
//!
//! [`dial`] and [`accept`] give a [`Lane`] (a cheap handle) and its [`Driver`] (a future to be spawned once). Handles
//! lock a small state, change it and wake the driver; the driver alone owns the transport. No lock is held over an
//! await, and reading never waits for writing (invariant 3).
//!
//! ```text
//!   Lane, SendStream, RecvStream ──lock──► proto::Connection ◄──lock── Driver ──► transport
//!            ▲                                                            │
//!            └──────────────────────────── wakers ◄───────────────────────┘
//! ```

mod call;
mod driver;
mod lane;
mod read_gate;
mod recv_stream;
mod send_stream;
mod shared;

pub use call::{CallError, IncomingCall};
pub use driver::Driver;
pub use lane::{Incoming, Lane};
pub use recv_stream::RecvStream;
pub use send_stream::{InterimSender, SendStream};

use crate::{
    message::Hello,
    proto::{Config, Connection},
    transport::Transport,
};

/// The Agent's end of a new lane over `transport`. `hello` is sent as soon as the driver runs.
pub fn dial<T: Transport>(transport: T, config: Config, hello: Hello) -> (Lane, Driver<T>) {
    start(transport, Connection::dial(config, hello, now()))
}

/// The Gateway's end of a new lane over `transport`. It waits for the Agent's `Hello`: see [`Lane::hello`].
pub fn accept<T: Transport>(transport: T, config: Config) -> (Lane, Driver<T>) {
    start(transport, Connection::accept(config, now()))
}

fn start<T: Transport>(transport: T, connection: Connection) -> (Lane, Driver<T>) {
    let shared = shared::Shared::new(connection);
    (Lane::new(shared.clone()), Driver::new(transport, shared))
}

/// The time of the runtime's clock, which tests can pause.
fn now() -> std::time::Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
