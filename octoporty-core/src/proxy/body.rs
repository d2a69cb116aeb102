//! A body that comes out of a stream, or that was in the head's frame already.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::{WireError, decode_trailers, headers::strip_trailers};
use crate::{
    proto::{ReadError, Received},
    session::RecvStream,
};

/// Why a body stops before its end. The message that it belongs to must not look complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// The stream was reset, or the lane lost.
    #[error("the body was cut off")]
    Cut(#[from] ReadError),
    /// The trailers are none.
    #[error("malformed trailers")]
    Trailers(#[from] WireError),
    /// A head came where only body is allowed.
    #[error("a head inside the body")]
    OutOfPlace,
}

/// A message body from the tunnel. Reading it gives the sender credit; dropping it early cancels the rest.
#[derive(Debug, Default)]
pub struct Body {
    /// Bytes that are here already.
    ready: Option<Bytes>,
    /// Trailers that are here already.
    trailers: Option<Bytes>,
    /// Where more comes from.
    rest: Option<RecvStream>,
}

impl Body {
    /// No bytes.
    #[must_use]
    pub const fn empty() -> Self {
        Self { ready: None, trailers: None, rest: None }
    }

    /// These bytes.
    #[must_use]
    pub fn full(bytes: Bytes) -> Self {
        Self { ready: (!bytes.is_empty()).then_some(bytes), trailers: None, rest: None }
    }

    /// What a stream brings. A small body that is here in whole lets the stream go at once.
    pub(super) async fn from_stream(mut recv: RecvStream) -> Result<Self, BodyError> {
        let first = poll_fn(|context| match recv.poll_read(context) {
            Poll::Ready(first) => Poll::Ready(Some(first)),
            Poll::Pending => Poll::Ready(None),
        });
        Ok(match first.await.transpose()? {
            Some(None) => Self::empty(),
            Some(Some(Received::Data(bytes))) => {
                let rest = (!recv.is_read_to_end()).then_some(recv);
                Self { ready: Some(bytes), trailers: None, rest }
            }
            Some(Some(Received::Trailers(block))) => Self { ready: None, trailers: Some(block), rest: None },
            Some(Some(Received::Head(_))) => return Err(BodyError::OutOfPlace),
            None => Self { ready: None, trailers: None, rest: Some(recv) },
        })
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(bytes) = self.ready.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if let Some(block) = self.trailers.take() {
            return Poll::Ready(Some(trailers_frame(&block)));
        }
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let outcome = match ready!(rest.poll_read(context)) {
            Ok(Some(Received::Data(bytes))) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Ok(Some(Received::Trailers(block))) => Some(trailers_frame(&block)),
            Ok(Some(Received::Head(_))) => Some(Err(BodyError::OutOfPlace)),
            Ok(None) => None,
            Err(error) => Some(Err(error.into())),
        };
        if !matches!(outcome, Some(Ok(_))) {
            self.rest = None;
        }
        Poll::Ready(outcome)
    }

    fn is_end_stream(&self) -> bool {
        self.ready.is_none() && self.trailers.is_none() && self.rest.as_ref().is_none_or(RecvStream::is_read_to_end)
    }

    fn size_hint(&self) -> SizeHint {
        let ready = self.ready.as_ref().map_or(0, |bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if self.rest.is_none() {
            return SizeHint::with_exact(ready);
        }
        let mut hint = SizeHint::new();
        hint.set_lower(ready);
        hint
    }
}

fn trailers_frame(block: &Bytes) -> Result<Frame<Bytes>, BodyError> {
    let mut trailers = decode_trailers(block)?;
    strip_trailers(&mut trailers);
    Ok(Frame::trailers(trailers))
}
