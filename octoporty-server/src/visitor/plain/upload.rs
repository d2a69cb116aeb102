//! The body of a request on its way from its visitor into the tunnel, beside whatever else the exchange does.

use std::task::{Context, Poll};

use octoporty_core::{
    frame::{Reset, ResetCode, Side},
    http1::{BodyClock, BodyError, GuardConfig},
    limits,
    session::SendStream,
};

use super::connection::Connection;

/// Why a body stops before its end, on the visitor's side.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    /// The visitor has gone.
    Gone,
    /// The visitor is too slow (R15).
    Slow(BodyError),
}

/// The rest of a request's body, as far as it was not at hand when the stream was opened.
///
/// The connection counts what is left of it, so that nothing of the next request is taken for body, nor the reverse.
#[derive(Debug)]
pub(super) struct Upload {
    /// `None`: nothing more is to be sent, since the body has ended or nobody wants the rest.
    send: Option<SendStream>,
    /// The visitor was told to go on, or never asked.
    asked: bool,
    clock: BodyClock,
}

impl Upload {
    /// No body.
    pub(super) fn none() -> Self {
        Self { send: None, asked: true, clock: BodyClock::default() }
    }

    /// What is left of the body in `connection` goes into `send`, at once or when it is [asked for](Self::ask).
    pub(super) fn new(send: SendStream, asked: bool) -> Self {
        Self { send: Some(send), asked, clock: BodyClock::default() }
    }

    /// Lets a body go that was held back for `100 Continue`; says whether it was.
    pub(super) const fn ask(&mut self) -> bool {
        !std::mem::replace(&mut self.asked, true)
    }

    /// Whether the visitor's connection is read for this body.
    pub(super) const fn reads(&self) -> bool {
        self.asked && self.send.is_some()
    }

    /// Moves what can be moved now. Ready when nothing more will be: at the end of the body, when the upstream wants no
    /// more of it, or by the visitor's fault.
    pub(super) fn poll(&mut self, connection: &mut Connection, context: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        if !self.asked {
            return Poll::Pending;
        }
        while let Some(send) = &mut self.send {
            match send.poll_ready(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) => {}
                // Why is in the answer, or in its absence.
                Poll::Ready(Err(_stopped)) => {
                    self.send = None;
                    break;
                }
            }
            let bytes = match connection.poll_body(context) {
                Poll::Ready(Ok(bytes)) if !bytes.is_empty() => bytes,
                Poll::Ready(_ended) => return Poll::Ready(Err(Fault::Gone)),
                Poll::Pending => {
                    let (deadline, error) = self.clock.wait(&GuardConfig::default());
                    if !connection.poll_passed(context, deadline) {
                        return Poll::Pending;
                    }
                    let detail = format!("the body of the request failed: {error}");
                    send.reset(Reset::with_detail(ResetCode::Timeout, Side::Visitor, detail));
                    return Poll::Ready(Err(Fault::Slow(error)));
                }
            };
            // A full piece says that the visitor was ahead of this side.
            self.clock.arrived(bytes.len() >= limits::PIECE_BYTES_MAX);
            self.clock.count(bytes.len());
            let taken = send.poll_write(context, &bytes);
            debug_assert!(taken.is_ready(), "there was room for a chunk of this size");
            if connection.body.left == 0 {
                let _already_over = send.finish(None);
                self.send = None;
            }
        }
        Poll::Ready(Ok(()))
    }
}
