//! The upstream client against real sockets on loopback.

mod bad_answers;
mod expect;
mod harness;
mod http1;
mod http2;
mod policy;
mod pool;
mod target;
#[cfg(feature = "tls")]
mod tls;
mod upgrade;
mod upload;
