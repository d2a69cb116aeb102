//! Two ends in memory, for tests and for a tunnel inside one process. Needs no runtime.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures::{Sink, Stream};

use super::TransportError;
use crate::{frame::Message, limits::MESSAGE_BYTES_MAX};

/// Bytes that may wait in one direction before its sender waits; the message that reaches the bound still fits. Twice
/// the largest message, so that a sender of such messages is never in lock-step with its reader.
const WAITING_BYTES_MAX: usize = 2 * MESSAGE_BYTES_MAX;

/// Two connected ends. Up to `capacity_messages` messages (at least one) and about 2 MiB wait in each direction.
///
/// # Examples
/// ```
/// use futures::{FutureExt, SinkExt, StreamExt};
/// use octoporty_core::transport::duplex;
///
/// let (mut a, mut b) = duplex::pair(8);
/// a.send("hello".into()).now_or_never().unwrap().unwrap();
/// assert_eq!(b.next().now_or_never().unwrap().unwrap().unwrap(), "hello");
/// ```
#[must_use]
pub fn pair(capacity_messages: usize) -> (Duplex, Duplex) {
    let capacity = capacity_messages.max(1);
    let (there, back) = (Arc::new(Pipe::new(capacity)), Arc::new(Pipe::new(capacity)));
    (Duplex { outbound: there.clone(), inbound: back.clone() }, Duplex { outbound: back, inbound: there })
}

/// One end of a [`pair`].
///
/// Closing or dropping it ends the other end's stream, once that has read what was sent before. Messages that this
/// end did not read are lost with it, and the other end cannot send any more.
#[derive(Debug)]
pub struct Duplex {
    outbound: Arc<Pipe>,
    inbound: Arc<Pipe>,
}

impl Stream for Duplex {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.inbound.poll_receive(context).map(|message| message.map(Ok))
    }
}

impl Sink<Message> for Duplex {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.outbound.poll_room(context)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), TransportError> {
        TransportError::check_length(message.len())?;
        self.outbound.send(message.into_bytes())
    }

    /// What was sent is with the other end already.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.outbound.finish();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        self.outbound.finish();
        self.inbound.abandon();
    }
}

/// One direction.
#[derive(Debug)]
struct Pipe {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<Bytes>,
    bytes: usize,
    /// No more will be sent.
    finished: bool,
    /// Nobody will read.
    abandoned: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_room(&self, state: &State) -> bool {
        state.messages.len() < self.capacity && state.bytes < WAITING_BYTES_MAX
    }

    fn poll_receive(&self, context: &Context<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.lock();
        let Some(message) = state.messages.pop_front() else {
            if state.finished {
                return Poll::Ready(None);
            }
            keep_waker(&mut state.reader, context);
            return Poll::Pending;
        };
        state.bytes -= message.len();
        let writer = if self.has_room(&state) { state.writer.take() } else { None };
        drop(state);
        wake(writer);
        Poll::Ready(Some(message))
    }

    fn poll_room(&self, context: &Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut state = self.lock();
        if state.finished || state.abandoned {
            return Poll::Ready(Err(TransportError::Closed));
        }
        if self.has_room(&state) {
            return Poll::Ready(Ok(()));
        }
        keep_waker(&mut state.writer, context);
        Poll::Pending
    }

    fn send(&self, message: Bytes) -> Result<(), TransportError> {
        let mut state = self.lock();
        if state.finished || state.abandoned {
            return Err(TransportError::Closed);
        }
        if !self.has_room(&state) {
            return Err(TransportError::Full);
        }
        state.bytes += message.len();
        state.messages.push_back(message);
        let reader = state.reader.take();
        drop(state);
        wake(reader);
        Ok(())
    }

    fn finish(&self) {
        let mut state = self.lock();
        state.finished = true;
        let reader = state.reader.take();
        drop(state);
        wake(reader);
    }

    fn abandon(&self) {
        let mut state = self.lock();
        state.abandoned = true;
        state.bytes = 0;
        let messages = std::mem::take(&mut state.messages);
        let writer = state.writer.take();
        drop(state);
        drop(messages);
        wake(writer);
    }
}

fn keep_waker(slot: &mut Option<Waker>, context: &Context<'_>) {
    match slot {
        Some(waker) => waker.clone_from(context.waker()),
        None => *slot = Some(context.waker().clone()),
    }
}

/// Wakes outside the lock, since the woken task may run at once and take it.
fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
