//! A visitor's connection: HTTP/1.1 behind our own head check, or HTTP/2 by prior knowledge, on one port.

mod body;
mod connection;
mod counting;
mod exchange;
mod failure;
mod frame_tracker;
mod paced;
mod plain;
mod service;
mod upgrade;

pub(crate) use body::VisitorBody;
pub(crate) use connection::{Visit, serve};
pub(crate) use service::Facts;
