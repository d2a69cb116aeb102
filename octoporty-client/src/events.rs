//! What happens to a tunnel, as it happens.

use std::time::Duration;

use futures::{StreamExt, stream::BoxStream};
use octoporty_core::{host::HostPattern, id::SessionId};
use tokio::sync::broadcast;

use crate::Failure;

/// Events that wait for a reader who is slow. Past it the oldest are given up, and the reader is told how many.
pub(crate) const EVENTS_MAX: usize = 256;

/// What happened to a tunnel.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A try to connect begins.
    Connecting {
        /// Tries since it was last connected, this one among them.
        attempt: u32,
    },
    /// Requests come through.
    SessionUp {
        /// The session.
        session: SessionId,
        /// Where the Gateway is.
        gateway: String,
    },
    /// A try failed, or the session is over; it is tried again unless the tunnel is closed.
    SessionDown {
        /// Why.
        failure: Failure,
    },
    /// Nothing is tried for a while.
    Waiting {
        /// How long.
        retry_in: Duration,
    },
    /// A mapping is live at the Gateway.
    EndpointLive {
        /// Its public name.
        host: HostPattern,
    },
    /// The Gateway did not take a mapping.
    EndpointRefused {
        /// Its public name.
        host: HostPattern,
        /// For programs: `taken`, `reserved`, `not-allowed`.
        code: String,
        /// For people.
        message: String,
    },
    /// This reader was too slow: events are missing here. [`Status`](crate::Status) tells how things are now.
    Missed {
        /// How many.
        count: u64,
    },
}

/// Events from now on, until the tunnel is gone.
pub(crate) fn follow(events: &broadcast::Sender<Event>) -> BoxStream<'static, Event> {
    futures::stream::unfold(events.subscribe(), |mut receiver| async move {
        match receiver.recv().await {
            Ok(event) => Some((event, receiver)),
            Err(broadcast::error::RecvError::Lagged(count)) => Some((Event::Missed { count }, receiver)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    })
    .boxed()
}
