//! A visitor's connection: HTTP/1.1 behind our own head check, or HTTP/2 by prior knowledge, on one port.

mod body;
mod connection;
mod counting;
mod embedded;
mod exchange;
mod failure;
mod frame_tracker;
mod paced;
mod plain;
mod replayed;
mod service;
mod stream;
mod upgrade;

pub(crate) use body::BoxError;
pub use body::VisitorBody;
pub(crate) use connection::{Visit, serve, serve_stream};
pub(crate) use service::{Facts, handle};
pub(crate) use stream::VisitorStream;
