//! One end of a line that faults can happen to.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures::{Sink, Stream};
use octoporty_core::{
    frame::Message,
    transport::{Duplex, TransportError},
};
use tokio::time::{Instant, Sleep};

use super::faults::{Faults, Line};

/// Messages that are under way at once; further ones wait at the sender.
const UNDER_WAY_MAX: usize = 64;

/// Takes messages from the other end as late, or as little, as the faults say.
#[derive(Debug)]
pub(super) struct Faulty {
    line: Duplex,
    faults: Faults,
    /// Cuts that had happened when it was opened.
    cuts: u64,
    under_way: VecDeque<(Instant, Bytes)>,
    ended: bool,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Faulty {
    pub(super) fn new(line: Duplex, faults: Faults) -> Self {
        let cuts = faults.cuts();
        Self { line, faults, cuts, under_way: VecDeque::new(), ended: false, timer: None }
    }

    /// Moves what has arrived at this end's doorstep onto the way.
    fn pick_up(&mut self, context: &mut Context<'_>) -> Result<(), TransportError> {
        while !self.ended && self.under_way.len() < UNDER_WAY_MAX {
            match Pin::new(&mut self.line).poll_next(context) {
                Poll::Ready(Some(message)) => {
                    self.under_way.push_back((Instant::now() + self.faults.current_delay(), message?));
                }
                Poll::Ready(None) => self.ended = true,
                Poll::Pending => break,
            }
        }
        Ok(())
    }
}

fn cut() -> TransportError {
    TransportError::Io(io::ErrorKind::ConnectionReset.into())
}

impl Stream for Faulty {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        match this.faults.look(this.cuts, context) {
            Line::Cut => return Poll::Ready(Some(Err(cut()))),
            Line::Stalled => return Poll::Pending,
            Line::Open => {}
        }
        if let Err(error) = this.pick_up(context) {
            return Poll::Ready(Some(Err(error)));
        }
        let Some((due, _message)) = this.under_way.front() else {
            return if this.ended { Poll::Ready(None) } else { Poll::Pending };
        };
        if *due > Instant::now() {
            let timer = this.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(*due)));
            timer.as_mut().reset(*due);
            ready!(timer.as_mut().poll(context));
        }
        this.timer = None;
        Poll::Ready(this.under_way.pop_front().map(|(_due, message)| Ok(message)))
    }
}

impl Sink<Message> for Faulty {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = self.get_mut();
        match this.faults.look(this.cuts, context) {
            Line::Cut => Poll::Ready(Err(cut())),
            Line::Stalled => Poll::Pending,
            Line::Open => Pin::new(&mut this.line).poll_ready(context),
        }
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), TransportError> {
        Pin::new(&mut self.get_mut().line).start_send(message)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Pin::new(&mut self.get_mut().line).poll_flush(context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Pin::new(&mut self.get_mut().line).poll_close(context)
    }
}
