//! Dialling against scripted Gateways on loopback.

mod handshake;
mod harness;
mod proxy;
mod target;
#[cfg(feature = "tls")]
mod tls;
