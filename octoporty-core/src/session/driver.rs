//! The task that owns a lane's transport: one poll loop that reads, writes, flushes and keeps time.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::{Instant, Sleep};

use super::{
    read_gate::ReadGate,
    shared::{Shared, Wakers},
};
use crate::{proto::ConnectionError, transport::Transport};

/// Bytes that one turn reads before other tasks of the thread get theirs.
const READ_TURN_BYTES: usize = 512 << 10;

/// Messages that one turn writes before it reads again.
const WRITE_TURN_MESSAGES: usize = 16;

/// How long closing may take in all, whatever the transport: a WebSocket gives up by itself before.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// Drives a lane until it is over. Must be polled for anything to happen; dropping it ends the lane.
#[derive(Debug)]
#[must_use = "a lane does nothing unless its driver is spawned"]
pub struct Driver<T> {
    transport: T,
    shared: Arc<Shared>,
    gate: Arc<ReadGate>,
    /// What the transport wakes when it can be read.
    reader: Waker,
    batch: Vec<Bytes>,
    wakers: Wakers,
    timer: Option<Pin<Box<Sleep>>>,
    unflushed: bool,
    read_ended: bool,
    closing: bool,
}

impl<T: Transport> Driver<T> {
    pub(super) fn new(transport: T, shared: Arc<Shared>) -> Self {
        let gate = ReadGate::new();
        Self {
            transport,
            shared,
            reader: gate.waker(),
            gate,
            batch: Vec::new(),
            wakers: Wakers::new(),
            timer: None,
            unflushed: false,
            read_ended: false,
            closing: false,
        }
    }

    /// Reads what is there, up to a turn's worth, and hands it to the connection under one lock.
    fn read(&mut self, context: &Context<'_>) {
        if !self.gate.pass() {
            return;
        }
        let mut bytes = 0;
        let mut lost = None;
        let mut reading = Context::from_waker(&self.reader);
        while !self.read_ended {
            if bytes >= READ_TURN_BYTES {
                self.gate.stay_open();
                context.waker().wake_by_ref();
                break;
            }
            match Pin::new(&mut self.transport).poll_next(&mut reading) {
                Poll::Ready(Some(Ok(message))) => {
                    bytes += message.len();
                    self.batch.push(message);
                }
                Poll::Ready(Some(Err(error))) => lost = Some(error.to_string()),
                Poll::Ready(None) => lost = Some("closed by the other side".to_owned()),
                Poll::Pending => break,
            }
            self.read_ended = lost.is_some();
        }
        if self.batch.is_empty() && lost.is_none() {
            return;
        }
        let now = super::now();
        let mut state = self.shared.lock();
        for message in self.batch.drain(..) {
            if state.connection.handle_message(now, message).is_err() {
                break;
            }
        }
        if let Some(detail) = lost {
            state.connection.close(ConnectionError::TransportLost { detail });
        }
        let news = state.pass_on_events(&mut self.wakers);
        drop(state);
        self.batch.clear();
        self.shared.wake(&mut self.wakers, news);
    }

    /// Hands messages to the transport while both have something; says whether the turn ended before they did.
    fn write(&mut self, context: &mut Context<'_>) -> Result<bool, String> {
        for _ in 0..WRITE_TURN_MESSAGES {
            match Pin::new(&mut self.transport).poll_ready(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Err(error.to_string()),
                Poll::Pending => return Ok(false),
            }
            let mut state = self.shared.lock();
            let message = state.connection.poll_transmit(super::now());
            let news = state.pass_on_events(&mut self.wakers);
            drop(state);
            self.shared.wake(&mut self.wakers, news);
            let Some(message) = message else { return Ok(false) };
            Pin::new(&mut self.transport).start_send(message).map_err(|error| error.to_string())?;
            self.unflushed = true;
        }
        Ok(true)
    }

    fn flush(&mut self, context: &mut Context<'_>) -> Result<(), String> {
        if self.unflushed
            && let Poll::Ready(flushed) = Pin::new(&mut self.transport).poll_flush(context)
        {
            flushed.map_err(|error| error.to_string())?;
            self.unflushed = false;
        }
        Ok(())
    }

    /// Keeps one timer for the connection's next deadline; says whether it was due.
    fn keep_time(&mut self, context: &mut Context<'_>) -> bool {
        let deadline = self.shared.lock().connection.poll_timeout();
        let Some(deadline) = deadline.map(Instant::from_std) else { return false };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        // An early timer costs one look; a late one would miss the deadline.
        if timer.deadline() > deadline || timer.is_elapsed() {
            timer.as_mut().reset(deadline);
        }
        if timer.as_mut().poll(context).is_pending() {
            return false;
        }
        let mut state = self.shared.lock();
        state.connection.handle_timeout(super::now());
        let news = state.pass_on_events(&mut self.wakers);
        drop(state);
        self.shared.wake(&mut self.wakers, news);
        true
    }

    fn lose(&mut self, detail: String) {
        let mut state = self.shared.lock();
        state.connection.close(ConnectionError::TransportLost { detail });
        let news = state.pass_on_events(&mut self.wakers);
        drop(state);
        self.shared.wake(&mut self.wakers, news);
    }

    /// Waits for the transport to close, within [`CLOSE_TIMEOUT`].
    fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<ConnectionError> {
        let is_closed = Pin::new(&mut self.transport).poll_close(context).is_ready();
        let is_late = self.timer.as_mut().is_none_or(|timer| timer.as_mut().poll(context).is_ready());
        if is_closed || is_late {
            return Poll::Ready(self.error().unwrap_or(ConnectionError::Closed));
        }
        Poll::Pending
    }

    fn error(&self) -> Option<ConnectionError> {
        self.shared.lock().connection.error().cloned()
    }
}

impl<T: Transport> Future for Driver<T> {
    /// Why the lane ended.
    type Output = ConnectionError;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<ConnectionError> {
        let this = &mut *self;
        if this.closing {
            return this.poll_closed(context);
        }
        this.gate.register(context);
        this.shared.lock().register_driver(context);
        loop {
            this.read(context);
            let more = match this.write(context).and_then(|more| this.flush(context).map(|()| more)) {
                Ok(more) => more,
                Err(detail) => {
                    this.lose(detail);
                    return Poll::Ready(this.error().unwrap_or(ConnectionError::Closed));
                }
            };
            if let Some(error) = this.error() {
                // What tells the peer why is in the transport; a peer that does not read it is not waited for.
                this.closing = true;
                // The timer of a lost transport is none, so that closing it is tried once.
                let is_lost = matches!(error, ConnectionError::TransportLost { .. });
                this.timer = (!is_lost).then(|| Box::pin(tokio::time::sleep(CLOSE_TIMEOUT)));
                return this.poll_closed(context);
            }
            let due = this.keep_time(context);
            if !more && !due {
                return Poll::Pending;
            }
            if more {
                // Let the tasks run that were woken; they may have urgent frames.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}

impl<T> Drop for Driver<T> {
    fn drop(&mut self) {
        self.shared.with(|state| {
            state.connection.close(ConnectionError::TransportLost { detail: "its driver was dropped".to_owned() });
        });
    }
}
