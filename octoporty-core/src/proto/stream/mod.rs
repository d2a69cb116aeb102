//! One stream: two halves, each with its own end.

mod recv;
mod send;

pub(super) use recv::RecvHalf;
pub(super) use send::{Ending, SendHalf};

use super::flow::Budget;
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

    /// The application let both handles go.
    pub(super) const fn is_let_go(&self) -> bool {
        !self.sender_held && !self.receiver_held
    }

    /// Once nothing more will be queued, gives the lane what the window has beyond the bytes that are still unread.
    pub(super) fn return_surplus(&mut self, budget: &mut Budget) {
        if self.reset.is_some() || self.recv.is_ended() || self.recv.discards {
            self.recv.window.shrink(budget, self.recv.queued());
        }
    }
}
