//! A request from the tunnel, brought to what answers its mapping.

use std::{
    pin::Pin,
    sync::{Arc, OnceLock, atomic::AtomicU64},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header, uri::PathAndQuery};
use http_body::{Frame, SizeHint};
use octoporty_core::{
    frame::{Reset, ResetCode, Side},
    proxy::{
        self, Handler, Interim, Reply, RequestHead, ResponseHead,
        headers::{UpgradeFields, strip_response},
    },
};
use tokio::time::Instant;

use crate::{
    Body, Mapping, Picking, Visitor,
    mapping::Mappings,
    serve::{
        Accepting,
        backend::Backend,
        local::{BoxError, ErasedService, LocalBody},
        memory_pair,
    },
    upstream::{ConnectTimes, UpstreamBody, UpstreamClient, UpstreamError, UpstreamTarget, into_upgraded},
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
    /// Bytes of the request's body that were taken.
    pub(super) body_bytes: Arc<AtomicU64>,
    /// The encoded head of the answer, and how long opening the connection took.
    pub(super) answer: OnceLock<(Bytes, Option<Duration>, Instant)>,
}

/// A request on its way, with what its mapping says of it.
struct Asked {
    mapping: Arc<Mapping>,
    request: Request<Body>,
    upgrade: bool,
    interim: Interim,
}

impl Handler for Forward<'_> {
    type Body = AnswerBody;

    async fn handle(
        &self,
        head: RequestHead,
        body: proxy::Body,
        upgrade: bool,
        interim: Interim,
    ) -> Result<Reply<AnswerBody>, Reset> {
        // By id, and only in this Agent's own set: a Gateway cannot name an address (R32).
        let mapping = self.mappings.find(head.mapping).ok_or_else(|| {
            Reset::with_detail(ResetCode::NoMapping, Side::Internal, format!("no mapping {}", head.mapping))
        })?;
        let expected = head.headers.contains_key(header::EXPECT).then(|| interim.clone());
        let counted = self.notes.map(|notes| Arc::clone(&notes.body_bytes));
        let id = head.request;
        let mut request = Request::new(Body::new(body, expected, counted));
        *request.method_mut() = head.method;
        *request.uri_mut() = target_uri(head.target)?;
        *request.headers_mut() = head.headers;
        let backend = mapping.backend.clone();
        let asked = Asked { mapping, request, upgrade, interim };
        match backend {
            Backend::Fixed(target) => self.over_network(asked, &target).await,
            Backend::Picked(pick) => {
                let visitor = Visitor::read(asked.request.headers(), id);
                let picking = Picking {
                    method: asked.request.method(),
                    target: asked.request.uri().path_and_query().map_or("/", PathAndQuery::as_str),
                    headers: asked.request.headers(),
                    visitor: &visitor,
                };
                let target = pick
                    .pick_boxed(&picking)
                    .await
                    .map_err(|error| Reset::with_detail(ResetCode::Unreachable, Side::Upstream, error.to_string()))?;
                self.over_network(asked, &target).await
            }
            Backend::Accepted(accepting) => {
                let visitor = Visitor::read(asked.request.headers(), id);
                self.over_listener(asked, &accepting, visitor).await
            }
            Backend::Local(service) => {
                let visitor = Visitor::read(asked.request.headers(), id);
                self.in_process(asked, &*service, visitor).await
            }
        }
    }
}

impl Forward<'_> {
    async fn over_network(&self, asked: Asked, target: &Arc<UpstreamTarget>) -> Result<Reply<AnswerBody>, Reset> {
        let Asked { mapping, mut request, upgrade, interim } = asked;
        let authority =
            HeaderValue::from_str(target.authority()).unwrap_or_else(|_| HeaderValue::from_static("localhost"));
        mapping.headers.apply_request(request.headers_mut(), &authority);
        announce_te(request.headers_mut());
        let answer = self
            .upstreams
            .send_with_informational(target, request, passing_on(interim))
            .await
            .map_err(|error| failed(&mapping, &error))?;
        self.answered(&mapping, answer.map(AnswerBody::Upstream), upgrade).await
    }

    async fn over_listener(
        &self,
        asked: Asked,
        accepting: &Accepting,
        visitor: Visitor,
    ) -> Result<Reply<AnswerBody>, Reset> {
        let Asked { mapping, mut request, upgrade, interim } = asked;
        let target = &accepting.target;
        self.for_this_process(&mapping, &mut request);
        let Some(memory) = accepting.connect(visitor).await else {
            return Err(failed(&mapping, &UpstreamError::NotAccepted { upstream: target.to_string().into() }));
        };
        let sent = self.upstreams.send_over(memory, target, request, passing_on(interim)).await;
        let answer = sent.map_err(|error| failed(&mapping, &error))?;
        self.answered(&mapping, answer.map(AnswerBody::Upstream), upgrade).await
    }

    async fn in_process(
        &self,
        asked: Asked,
        service: &dyn ErasedService,
        visitor: Visitor,
    ) -> Result<Reply<AnswerBody>, Reset> {
        let Asked { mapping, mut request, upgrade, interim } = asked;
        self.for_this_process(&mapping, &mut request);
        if upgrade {
            let (ours, theirs) = memory_pair();
            self.upstreams.track(service.serve_upgrade(theirs, visitor));
            let target = UpstreamTarget::local(&mapping.domain().to_string());
            let sent = self.upstreams.send_over(ours, &target, request, passing_on(interim)).await;
            let answer = sent.map_err(|error| failed(&mapping, &error))?;
            return self.answered(&mapping, answer.map(AnswerBody::Upstream), upgrade).await;
        }
        let answer = service.answer(request, &visitor).await.map_err(|error| {
            mapping.note(Some(&error.to_string()));
            Reset::with_detail(ResetCode::BadAnswer, Side::Upstream, format!("the service failed: {error}"))
        })?;
        self.answered(&mapping, answer.map(AnswerBody::Local), false).await
    }

    /// What a mapping changes, where there is no upstream with a name of its own.
    fn for_this_process(&self, mapping: &Mapping, request: &mut Request<Body>) {
        let authority = HeaderValue::from_static("localhost");
        mapping.headers.apply_request(request.headers_mut(), &authority);
        announce_te(request.headers_mut());
    }

    async fn answered(
        &self,
        mapping: &Mapping,
        mut answer: Response<AnswerBody>,
        upgrade: bool,
    ) -> Result<Reply<AnswerBody>, Reset> {
        mapping.note(None);
        let switched = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
        let keep = if switched && upgrade { UpgradeFields::KeepWebSocket } else { UpgradeFields::Remove };
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

/// Passes interim answers on. A 100 is sent when the body is asked for.
fn passing_on(interim: Interim) -> impl Fn(StatusCode, &HeaderMap) + Send + Sync + 'static {
    move |status, headers| {
        if status != StatusCode::CONTINUE {
            interim.send(status, headers);
        }
    }
}

/// The body of an answer, whoever gave it.
#[derive(Debug)]
pub(super) enum AnswerBody {
    /// It came over a connection.
    Upstream(UpstreamBody),
    /// A service in this process made it.
    Local(LocalBody),
}

impl http_body::Body for AnswerBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Upstream(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
            Self::Local(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Upstream(body) => body.is_end_stream(),
            Self::Local(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Upstream(body) => body.size_hint(),
            Self::Local(body) => body.size_hint(),
        }
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
        | UpstreamError::SocketUnreachable { .. }
        | UpstreamError::NotAccepted { .. }
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
