//! A finished answer, before it is given to a connection.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS},
};
use octoporty_core::id::RequestId;

use super::Format;
use crate::forwarding::{X_OCTOPORTY_REQUEST_ID, request_id_value};

/// What our own pages may do: have a style in the page. Embedding is not forbidden, so that a page that embeds a service
/// shows why it does not answer.
const PAGE_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'");

/// An answer of the Gateway itself.
///
/// The body is there for `HEAD` too; whoever sends the answer leaves it out. `Content-Length` is not among the headers.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Rendered {
    /// The status.
    pub status: StatusCode,
    /// The headers, without framing.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Rendered {
    /// An answer in this form with the headers that each of them has.
    pub(super) fn new(status: StatusCode, format: Format, request_id: RequestId, body: Bytes) -> Self {
        let mut headers = HeaderMap::with_capacity(12);
        let content_type = match format {
            Format::Html => "text/html; charset=utf-8",
            Format::Json if status.is_success() => "application/json",
            Format::Json => "application/problem+json",
            Format::Text => "text/plain; charset=utf-8",
            Format::Grpc => "application/grpc",
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, HeaderValue::from_static("accept"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(X_OCTOPORTY_REQUEST_ID.clone(), request_id_value(request_id));
        if format == Format::Html {
            headers.insert(CONTENT_SECURITY_POLICY, PAGE_POLICY);
            headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        }
        Self { status, headers, body }
    }
}
