//! The receiving half of a stream.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};

use super::shared::Shared;
use crate::proto::{Read, ReadError, Received, StreamId};

/// Receives from one stream; what is read gives the peer credit for more. Dropping it early cancels a stream of
/// ours; on a stream of the peer it says that the rest of the request is not wanted.
#[derive(Debug)]
pub struct RecvStream {
    shared: Arc<Shared>,
    id: StreamId,
}

impl RecvStream {
    pub(super) fn new(shared: &Arc<Shared>, id: StreamId) -> Self {
        Self { shared: Arc::clone(shared), id }
    }

    /// The stream's identifier on its lane.
    #[must_use]
    pub const fn id(&self) -> StreamId {
        self.id
    }

    /// The next thing that arrived; `None` at the end of the peer's half.
    ///
    /// # Errors
    ///
    /// When the stream was reset, or the lane is lost.
    pub fn poll_read(&mut self, context: &Context<'_>) -> Poll<Result<Option<Received>, ReadError>> {
        let mut state = self.shared.lock();
        match state.connection.read(self.id) {
            Ok(Read::Received(received)) => {
                let gives_credit = state.connection.has_credit_due();
                drop(state);
                if gives_credit {
                    self.shared.with(|_| ());
                }
                Poll::Ready(Ok(Some(received)))
            }
            Ok(Read::End) => Poll::Ready(Ok(None)),
            Ok(Read::Pending) => {
                state.register_reader(self.id, context);
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Waits for the next thing that arrives; `None` at the end of the peer's half.
    ///
    /// # Errors
    ///
    /// As [`Self::poll_read`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is taken before it is ready.
    pub async fn read(&mut self) -> Result<Option<Received>, ReadError> {
        poll_fn(|context| self.poll_read(context)).await
    }

    /// Whether all that will come was read; then there is nothing to wait for.
    #[must_use]
    pub fn is_read_to_end(&self) -> bool {
        self.shared.lock().connection.is_read_to_end(self.id)
    }

    /// Reads the rest of the body, at most `limit` bytes; `None` when it is longer. Heads and trailers are skipped.
    ///
    /// # Errors
    ///
    /// As [`Self::poll_read`].
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: what was read is lost.
    pub async fn read_to_end(&mut self, limit: usize) -> Result<Option<Bytes>, ReadError> {
        let mut all = BytesMut::new();
        while let Some(received) = self.read().await? {
            if let Received::Data(bytes) = received {
                if all.len() + bytes.len() > limit {
                    return Ok(None);
                }
                all.extend_from_slice(&bytes);
            }
        }
        Ok(Some(all.freeze()))
    }
}

impl Drop for RecvStream {
    fn drop(&mut self) {
        self.shared.with(|state| {
            state.forget_reader(self.id);
            state.connection.drop_receiver(self.id);
        });
    }
}
