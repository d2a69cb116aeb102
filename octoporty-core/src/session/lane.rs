//! A handle to a lane: open streams, accept them, follow its life.

use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

use bytes::Bytes;

use super::{
    RecvStream, SendStream,
    shared::{Opened, Shared, State},
};
use crate::{
    frame::StreamKind,
    limits::ROOM_TIMEOUT,
    message::{GoAway, GoAwayReason, Hello, Refused, Welcome},
    proto::{ConnectionError, OpenError, Stats, StreamId},
};

/// A cheap handle to one lane. Clones are handles to the same lane; dropping them does not end it, see
/// [`Self::close`].
#[derive(Debug, Clone)]
pub struct Lane {
    shared: Arc<Shared>,
}

/// A stream that the peer opened.
#[derive(Debug)]
pub struct Incoming {
    /// What it carries.
    pub kind: StreamKind,
    /// Its head, opaque here.
    pub head: Bytes,
    /// To answer with. Dropping it unfinished resets the stream.
    pub send: SendStream,
    /// What follows the head.
    pub recv: RecvStream,
}

impl Incoming {
    pub(super) fn new(shared: &Arc<Shared>, opened: Opened) -> Self {
        let Opened { stream, kind, head } = opened;
        Self { kind, head, send: SendStream::new(shared, stream), recv: RecvStream::new(shared, stream) }
    }
}

impl Lane {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// At the Gateway: the Agent's introduction, once it came.
    ///
    /// # Errors
    ///
    /// When the lane ended first.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; a later call gives the same answer.
    pub async fn hello(&self) -> Result<Hello, ConnectionError> {
        self.shared
            .until(|state| match &state.hello {
                Some(hello) => Some(Ok(hello.clone())),
                None => state.connection.error().cloned().map(Err),
            })
            .await
    }

    /// At the Gateway: opens the lane. Versions, capabilities and limits in `welcome` are filled in.
    pub fn welcome(&self, welcome: Welcome) {
        self.shared.with(|state| state.connection.welcome(welcome));
    }

    /// At the Gateway: does not open the lane, and ends it.
    pub fn refuse(&self, refused: &Refused) {
        self.shared.with(|state| state.connection.refuse(refused));
    }

    /// At the Agent: the Gateway's welcome, once it came.
    ///
    /// # Errors
    ///
    /// When the lane was refused or ended first.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; a later call gives the same answer.
    pub async fn welcomed(&self) -> Result<Welcome, ConnectionError> {
        self.shared
            .until(|state| match (state.connection.error(), &state.welcome) {
                (Some(error), _) => Some(Err(error.clone())),
                (None, Some(welcome)) => Some(Ok(welcome.clone())),
                (None, None) => None,
            })
            .await
    }

    /// Opens a stream: its head, the first bytes of its body (at most
    /// [`crate::limits::INLINE_BODY_BYTES_MAX`]) and the end flag if nothing follows them. Waits for room, for
    /// [`crate::limits::ROOM_TIMEOUT`].
    ///
    /// # Errors
    ///
    /// When the lane takes no new streams, is over, has no room for too long, or something is too large.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready, nothing was opened.
    pub async fn open(
        &self,
        kind: StreamKind,
        head: &[u8],
        body: &[u8],
        end: bool,
    ) -> Result<(SendStream, RecvStream), OpenError> {
        let opening = |state: &mut State| match state.connection.open(kind, head, body, end) {
            Err(OpenError::NoRoom) => None,
            outcome => Some(outcome),
        };
        let opened = match self.shared.with(opening) {
            Some(outcome) => outcome,
            // Boxed, as it is hardly ever needed.
            None => Box::pin(tokio::time::timeout(ROOM_TIMEOUT, self.shared.once_there_is_room(opening)))
                .await
                .unwrap_or(Err(OpenError::NoRoom)),
        };
        Ok(self.handles(opened?))
    }

    fn handles(&self, id: StreamId) -> (SendStream, RecvStream) {
        (SendStream::new(&self.shared, id), RecvStream::new(&self.shared, id))
    }

    /// The next stream that the peer opened. One task should accept.
    ///
    /// # Errors
    ///
    /// When the lane is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn accept(&self) -> Result<Incoming, ConnectionError> {
        poll_fn(|context| {
            let mut state = self.shared.lock();
            if let Some(incoming) = state.accept(&self.shared) {
                return Poll::Ready(Ok(incoming));
            }
            if let Some(error) = state.connection.error() {
                return Poll::Ready(Err(error.clone()));
            }
            state.register_acceptor(context);
            Poll::Pending
        })
        .await
    }

    /// Takes no new streams and asks the peer to open none; what is open may finish. See [`Self::drained`].
    pub fn go_away(&self, reason: GoAwayReason, message: &str, spread: Duration) {
        self.shared.with(|state| state.connection.go_away(reason, message, spread));
    }

    /// Waits until [`Self::go_away`] was called and no stream is left, or the lane is over. Cancel safe.
    pub async fn drained(&self) {
        self.shared.until(|state| (state.drained || state.connection.error().is_some()).then_some(())).await;
    }

    /// Waits until the peer says that it leaves; `None` when the lane ended without. Cancel safe.
    pub async fn peer_leaves(&self) -> Option<GoAway> {
        self.shared
            .until(|state| match &state.go_away {
                Some(go_away) => Some(Some(go_away.clone())),
                None => state.connection.error().is_some().then_some(None),
            })
            .await
    }

    /// Waits until the lane is over and says why. Cancel safe.
    pub async fn closed(&self) -> ConnectionError {
        self.shared.until(|state| state.connection.error().cloned()).await
    }

    /// Why the lane is over, if it is.
    #[must_use]
    pub fn error(&self) -> Option<ConnectionError> {
        self.shared.lock().connection.error().cloned()
    }

    /// Ends the lane at once; streams that are open are lost.
    pub fn close(&self) {
        self.shared.with(|state| state.connection.close(ConnectionError::Closed));
    }

    /// Whether new streams can be opened: the lane is open and nobody is leaving.
    #[must_use]
    pub fn takes_streams(&self) -> bool {
        self.shared.lock().connection.takes_streams()
    }

    /// Streams of ours that are open.
    #[must_use]
    pub fn open_streams(&self) -> u32 {
        self.shared.lock().connection.open_streams()
    }

    /// Streams that can still be opened before the identifiers of this lane are used up.
    #[must_use]
    pub fn streams_left(&self) -> u32 {
        self.shared.lock().connection.streams_left()
    }

    /// The last round-trip time of a ping.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.shared.lock().connection.round_trip()
    }

    /// Counts since the lane began.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.lock().connection.stats()
    }

    /// Whether both are handles to the same lane.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}
