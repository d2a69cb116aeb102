//! One stream: two halves, each with its own end.

mod recv;
mod send;

pub(super) use recv::RecvHalf;
pub(super) use send::{Ending, SendHalf};

use crate::frame::Reset;

/// A stream of the lane, of either side.
#[derive(Debug)]
pub(super) struct Stream {
    /// This side opened it.
    pub(super) local: bool,
    pub(super) send: SendHalf,
    pub(super) recv: RecvHalf,
    /// Why it ended early, if it did.
    pub(super) reset: Option<Reset>,
    /// It no longer counts against the limit of open streams.
    pub(super) settled: bool,
    /// The application holds the sending handle.
    pub(super) sender_held: bool,
    /// The application holds the receiving handle.
    pub(super) receiver_held: bool,
}

impl Stream {
    pub(super) const fn new(local: bool, send: SendHalf, recv: RecvHalf) -> Self {
        Self { local, send, recv, reset: None, settled: false, sender_held: true, receiver_held: true }
    }

    /// Nothing more will pass in either direction.
    pub(super) const fn is_over(&self) -> bool {
        self.reset.is_some() || (self.send.is_done() && self.recv.is_ended())
    }

    /// Nobody will ask for it any more.
    pub(super) const fn is_forgotten(&self) -> bool {
        self.is_over() && !self.sender_held && !self.receiver_held
    }
}
