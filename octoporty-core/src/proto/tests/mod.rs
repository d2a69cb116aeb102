//! Tests of the state machine over a simulated pair, with virtual time and no I/O.

mod drain;
mod flow;
mod handshake;
mod hostile;
mod interleave;
mod keepalive;
mod memory;
mod pair;
mod scheduler;
mod sim;
mod streams;
