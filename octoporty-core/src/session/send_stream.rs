//! The sending half of a stream.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;

use super::shared::{Shared, State};
use crate::{
    frame::Reset,
    proto::{StreamId, WriteError},
};

/// Sends on one stream. Dropping it before [`Self::finish`] (or a head with the end flag) resets the stream, so that
/// what was cut does not look complete.
#[derive(Debug)]
pub struct SendStream {
    shared: Arc<Shared>,
    id: StreamId,
}

impl SendStream {
    pub(super) fn new(shared: &Arc<Shared>, id: StreamId) -> Self {
        Self { shared: Arc::clone(shared), id }
    }

    /// The stream's identifier on its lane.
    #[must_use]
    pub const fn id(&self) -> StreamId {
        self.id
    }

    /// Sends a head in answer, with the first bytes of the body (at most
    /// [`crate::limits::INLINE_BODY_BYTES_MAX`]) and the end flag if nothing follows them.
    ///
    /// # Errors
    ///
    /// When the stream was reset or is closed, the lane is lost, or something is too large.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready, nothing was sent.
    pub async fn send_head(&mut self, head: &[u8], body: &[u8], end: bool) -> Result<(), WriteError> {
        let sending = |state: &mut State| match state.connection.send_head(self.id, head, body, end) {
            Ok(true) => Some(Ok(())),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        };
        match self.shared.with(sending) {
            Some(outcome) => outcome,
            // Boxed, as it is hardly ever needed.
            None => Box::pin(self.shared.once_there_is_room(sending)).await,
        }
    }

    /// Gives `bytes` to the stream, or registers for when there is room; they are taken whole or not at all.
    ///
    /// # Errors
    ///
    /// When the stream was reset or is closed, or the lane is lost.
    pub fn poll_write(&mut self, context: &Context<'_>, bytes: &Bytes) -> Poll<Result<(), WriteError>> {
        self.shared.with(|state| match state.connection.write(self.id, bytes) {
            Ok(true) => Poll::Ready(Ok(())),
            Ok(false) => {
                state.register_writer(self.id, context);
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error)),
        })
    }

    /// Waits for room and gives `bytes` to the stream.
    ///
    /// # Errors
    ///
    /// As [`Self::poll_write`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready, nothing was taken.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), WriteError> {
        poll_fn(|context| self.poll_write(context, &bytes)).await
    }

    /// Whether a chunk would be taken now; if not, registers for when it would.
    ///
    /// # Errors
    ///
    /// As [`Self::poll_write`].
    pub fn poll_ready(&mut self, context: &Context<'_>) -> Poll<Result<(), WriteError>> {
        let mut state = self.shared.lock();
        match state.connection.poll_write(self.id) {
            Ok(true) => Poll::Ready(Ok(())),
            Ok(false) => {
                state.register_writer(self.id, context);
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Ends this half behind what was written, with trailers or without.
    ///
    /// # Errors
    ///
    /// As [`Self::poll_write`], or when the trailers are too large.
    pub fn finish(&mut self, trailers: Option<Bytes>) -> Result<(), WriteError> {
        self.shared.with(|state| state.connection.finish(self.id, trailers))
    }

    /// Sends interim heads while the final one is still awaited.
    #[must_use]
    pub fn interim(&self) -> InterimSender {
        InterimSender { shared: Arc::clone(&self.shared), id: self.id }
    }

    /// Lets data be compressed where it pays and both sides can.
    pub fn compress(&mut self) {
        self.shared.lock().connection.compress(self.id);
    }

    /// Ends the stream early, both halves.
    pub fn reset(&mut self, reset: Reset) {
        self.shared.with(|state| state.connection.reset(self.id, reset));
    }

    /// Ready once nothing more can be written: the peer reset or stopped the stream, or the lane is lost.
    pub fn poll_stopped(&mut self, context: &Context<'_>) -> Poll<WriteError> {
        let mut state = self.shared.lock();
        match state.connection.poll_stopped(self.id) {
            Some(error) => Poll::Ready(error),
            None => {
                state.register_writer(self.id, context);
                Poll::Pending
            }
        }
    }

    /// Waits until nothing more can be written, and says why.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn stopped(&mut self) -> WriteError {
        poll_fn(|context| self.poll_stopped(context)).await
    }
}

impl Drop for SendStream {
    fn drop(&mut self) {
        self.shared.with(|state| {
            state.forget_writer(self.id);
            state.connection.drop_sender(self.id);
        });
    }
}

/// Sends heads ahead of the final one, from where the [`SendStream`] itself cannot be reached.
#[derive(Debug, Clone)]
pub struct InterimSender {
    shared: Arc<Shared>,
    id: StreamId,
}

impl InterimSender {
    /// Sends a head without body. Lost when the stream is over, when too much waits to be sent, or when the peer
    /// takes only one more head.
    pub fn send(&self, head: &[u8]) {
        self.shared.with(|state| {
            if let Err(error) = state.connection.send_interim(self.id, head) {
                tracing::trace!(stream = %self.id, %error, "interim head not sent");
            }
        });
    }
}
