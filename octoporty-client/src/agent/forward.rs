//! A request from the tunnel, forwarded to the upstream of its mapping.

use std::{
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header, uri::PathAndQuery};
use http_body::{Frame, SizeHint};
use octoporty_core::{
    frame::{Reset, ResetCode, Side},
    proxy::{
        Body, BodyError, Handler, Interim, Reply, RequestHead, ResponseHead,
        headers::{UpgradeFields, strip_response},
    },
};

use tokio::time::Instant;

use crate::{
    Mapping,
    mapping::Mappings,
    upstream::{ConnectTimes, UpstreamBody, UpstreamClient, UpstreamError, into_upgraded},
};

/// Forwards with one shard's connections.
#[derive(Debug)]
pub(super) struct Forward<'a> {
    pub(super) mappings: &'a Mappings,
    pub(super) upstreams: &'a UpstreamClient,
    /// What is noted of the exchange; nothing if nobody wants to know.
    pub(super) notes: Option<&'a Notes>,
}

/// What is noted of an exchange on its way.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Bytes of the request's body that the upstream's connection took.
    pub(super) body_bytes: Arc<AtomicU64>,
    /// The encoded head of the answer, and how long opening the connection took.
    pub(super) answer: OnceLock<(Bytes, Option<Duration>, Instant)>,
}

impl Handler for Forward<'_> {
    type Body = UpstreamBody;

    async fn handle(
        &self,
        head: RequestHead,
        body: Body,
        upgrade: bool,
        interim: Interim,
    ) -> Result<Reply<UpstreamBody>, Reset> {
        // By id, and only in this Agent's own set: a Gateway cannot name an address (R32).
        let mapping = self.mappings.find(head.mapping).ok_or_else(|| {
            Reset::with_detail(ResetCode::NoMapping, Side::Internal, format!("no mapping {}", head.mapping))
        })?;
        let expected = head.headers.contains_key(header::EXPECT).then(|| interim.clone());
        let counted = self.notes.map(|notes| Arc::clone(&notes.body_bytes));
        let mut request = Request::new(Asking { body, expected, counted });
        *request.method_mut() = head.method;
        *request.uri_mut() = target_uri(head.target)?;
        *request.headers_mut() = head.headers;
        mapping.headers.apply_request(request.headers_mut(), &mapping.authority);
        announce_te(request.headers_mut());
        let answer = self
            .upstreams
            .send_with_informational(&mapping.target, request, move |status, headers| {
                // A 100 is sent when the body is asked for.
                if status != StatusCode::CONTINUE {
                    interim.send(status, headers);
                }
            })
            .await
            .map_err(|error| failed(&mapping, &error))?;
        mapping.note(None);
        let switched = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
        let keep = if switched && upgrade { UpgradeFields::KeepWebSocket } else { UpgradeFields::Remove };
        let mut answer = answer;
        strip_response(answer.headers_mut(), keep);
        mapping.headers.apply_response(answer.headers_mut());
        let head = ResponseHead { status: answer.status(), headers: std::mem::take(answer.headers_mut()) };
        if let Some(notes) = self.notes {
            let connect = answer.extensions().get::<ConnectTimes>().map(|times| times.total);
            notes.answer.get_or_init(|| (head.encode().into(), connect, Instant::now()));
        }
        if switched && upgrade {
            let (io, leftover) = into_upgraded(answer).await.map_err(|error| reset_of(&error))?;
            return Ok(Reply::Upgraded { head, io: Box::new(io), leftover, idle: mapping.upgrade_idle });
        }
        Ok(Reply::Response { head, body: answer.into_body(), idle: mapping.body_idle })
    }
}

/// A request body that is asked for when it is first wanted: the visitor may be waiting for `100 Continue`, whether the
/// upstream sent one or was not waited for any longer (RFC 9110 §10.1.1).
struct Asking {
    body: Body,
    expected: Option<Interim>,
    counted: Option<Arc<AtomicU64>>,
}

impl http_body::Body for Asking {
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

/// A path with its query, or `*`; nothing that could name a host (R32).
fn target_uri(target: Bytes) -> Result<Uri, Reset> {
    let target = PathAndQuery::from_maybe_shared(target).map_err(|error| {
        Reset::with_detail(ResetCode::BadRequest, Side::Visitor, format!("the target is no path: {error}"))
    })?;
    Ok(Uri::from(target))
}

/// `TE` is a connection's own, so `Connection` must name it (RFC 9110 §10.1.4).
fn announce_te(headers: &mut HeaderMap) {
    if headers.contains_key(header::TE) {
        headers.append(header::CONNECTION, HeaderValue::from_static("te"));
    }
}

pub(super) fn failed(mapping: &Mapping, error: &UpstreamError) -> Reset {
    let reset = reset_of(error);
    if reset.side != Side::Visitor {
        mapping.note(Some(&reset.detail));
    }
    reset
}

fn reset_of(error: &UpstreamError) -> Reset {
    let (code, side) = match error {
        _ if error.is_timeout() => (ResetCode::Timeout, Side::Upstream),
        UpstreamError::InvalidRequest(_) | UpstreamError::RequestBody { .. } => (ResetCode::BadRequest, Side::Visitor),
        UpstreamError::NotAllowed { .. } => (ResetCode::Forbidden, Side::Internal),
        UpstreamError::NameNotFound { .. }
        | UpstreamError::Refused { .. }
        | UpstreamError::Unreachable { .. }
        | UpstreamError::Certificate { .. }
        | UpstreamError::TlsHandshake { .. } => (ResetCode::Unreachable, Side::Upstream),
        UpstreamError::Reset { .. } | UpstreamError::AnswerBody { .. } => (ResetCode::Other(11), Side::Upstream),
        UpstreamError::ShuttingDown => (ResetCode::Refused, Side::Internal),
        _ => (ResetCode::BadAnswer, Side::Upstream),
    };
    let mut detail = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        detail.push_str(": ");
        detail.push_str(&error.to_string());
        cause = error.source();
    }
    Reset::with_detail(code, side, detail)
}
