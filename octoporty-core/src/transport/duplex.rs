//! Two transports in one process, joined in memory: for tests, and for a Gateway and an Agent in one program.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures::{Sink, Stream};

use super::TransportError;

/// One end of a pair. Dropping it closes both.
#[derive(Debug)]
pub struct Duplex {
    outbound: Arc<Mutex<Pipe>>,
    inbound: Arc<Mutex<Pipe>>,
}

/// One direction.
#[derive(Debug)]
struct Pipe {
    messages: VecDeque<Bytes>,
    capacity: usize,
    closed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// Two ends, each of which holds up to `capacity` messages for the other (at least one).
#[must_use]
pub fn pair(capacity: usize) -> (Duplex, Duplex) {
    let pipe = || {
        Arc::new(Mutex::new(Pipe {
            messages: VecDeque::new(),
            capacity: capacity.max(1),
            closed: false,
            reader: None,
            writer: None,
        }))
    };
    let (there, back) = (pipe(), pipe());
    (
        Duplex { outbound: Arc::clone(&there), inbound: Arc::clone(&back) },
        Duplex { outbound: back, inbound: there },
    )
}

fn lock(pipe: &Mutex<Pipe>) -> MutexGuard<'_, Pipe> {
    pipe.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pipe {
    fn close(&mut self) {
        self.closed = true;
        for waker in [self.reader.take(), self.writer.take()].into_iter().flatten() {
            waker.wake();
        }
    }
}

impl Stream for Duplex {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut pipe = lock(&self.inbound);
        if let Some(message) = pipe.messages.pop_front() {
            if let Some(writer) = pipe.writer.take() {
                writer.wake();
            }
            return Poll::Ready(Some(Ok(message)));
        }
        if pipe.closed {
            return Poll::Ready(None);
        }
        pipe.reader = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Sink<Bytes> for Duplex {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut pipe = lock(&self.outbound);
        if pipe.closed {
            return Poll::Ready(Err(TransportError::Closed));
        }
        if pipe.messages.len() < pipe.capacity {
            return Poll::Ready(Ok(()));
        }
        pipe.writer = Some(context.waker().clone());
        Poll::Pending
    }

    fn start_send(self: Pin<&mut Self>, message: Bytes) -> Result<(), TransportError> {
        let mut pipe = lock(&self.outbound);
        if pipe.closed {
            return Err(TransportError::Closed);
        }
        pipe.messages.push_back(message);
        if let Some(reader) = pipe.reader.take() {
            reader.wake();
        }
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        lock(&self.outbound).close();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        lock(&self.outbound).close();
        lock(&self.inbound).close();
    }
}
