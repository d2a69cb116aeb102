//! The body of a request that came out of the tunnel.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body::{Frame, SizeHint};
use octoporty_core::proxy::{self, BodyError, Interim};

/// The body of a request that came out of the tunnel.
///
/// Frames come as the visitor sends them; trailers are the last one. Reading gives the visitor leave to send more: a body
/// that nobody reads holds up its own visitor and no other. A visitor who waits for `100 Continue` gets it when the body
/// is first read. Dropping the body early cancels the rest.
#[derive(Debug)]
pub struct Body {
    body: proxy::Body,
    /// Whom to tell `100 Continue`: the visitor may be waiting for it, whether the upstream sent one or was not waited
    /// for any longer (RFC 9110 §10.1.1).
    expected: Option<Interim>,
    counted: Option<Arc<AtomicU64>>,
}

impl Body {
    pub(crate) const fn new(body: proxy::Body, expected: Option<Interim>, counted: Option<Arc<AtomicU64>>) -> Self {
        Self { body, expected, counted }
    }

    /// No bytes. For tests of services without a tunnel.
    #[must_use]
    pub const fn empty() -> Self {
        Self::new(proxy::Body::empty(), None, None)
    }
}

/// These bytes. For tests of services without a tunnel.
impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::new(proxy::Body::full(bytes), None, None)
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(interim) = self.expected.take() {
            interim.send(StatusCode::CONTINUE, &HeaderMap::new());
        }
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let (Poll::Ready(Some(Ok(frame))), Some(counted)) = (&polled, &self.counted)
            && let Some(data) = frame.data_ref()
        {
            counted.fetch_add(u64::try_from(data.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
