//! The body of an answer to a visitor: a page of ours, or what comes out of the tunnel.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use octoporty_core::{
    http1::InService,
    proxy::{self, BodyError},
};

use super::counting::Counting;
use crate::{metrics::Failure, pages::Rendered};

/// Any body of a request.
pub(crate) trait RequestBody: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static {}

impl<B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static> RequestBody for B {}

/// Any cause.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer to a visitor. Dropping it cancels what it came from.
#[derive(Debug)]
pub struct VisitorBody {
    body: proxy::Body,
    /// Tells the head check that the connection is not idle.
    _in_service: Option<InService>,
    /// Counts what goes out, and that it ended.
    counting: Option<Counting>,
}

impl VisitorBody {
    pub(crate) const fn new(body: proxy::Body, in_service: Option<InService>) -> Self {
        Self { body, _in_service: in_service, counting: None }
    }

    /// Counts this body as the end of an exchange.
    pub(super) fn counted(mut self, counting: Option<Counting>) -> Self {
        self.counting = counting;
        self
    }

    /// A page of ours as an answer.
    pub(crate) fn page(page: Rendered, in_service: Option<InService>) -> Response<Self> {
        let mut response = Response::new(Self::new(proxy::Body::full(page.body), in_service));
        *response.status_mut() = page.status;
        *response.headers_mut() = page.headers;
        response
    }

    /// An answer without a body.
    pub(crate) fn empty(status: http::StatusCode, headers: HeaderMap, in_service: Option<InService>) -> Response<Self> {
        let mut response = Response::new(Self::new(proxy::Body::empty(), in_service));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

impl Body for VisitorBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Some(counting) = &mut self.counting {
            match &polled {
                Poll::Ready(Some(Ok(frame))) => counting.sent(frame.data_ref().map_or(0, Bytes::len)),
                Poll::Ready(Some(Err(_cut))) => counting.failed(Failure::Tunnel),
                Poll::Ready(None) | Poll::Pending => {}
            }
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
