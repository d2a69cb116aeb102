//! A request for a mapping: into the tunnel, again on another lane where that is safe, and its answer back.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header, request};
use hyper::upgrade::OnUpgrade;
use octoporty_core::{
    frame::StreamKind,
    proxy::{
        Answer, ExchangeError, Outgoing, RequestHead,
        headers::{UpgradeFields, strip_request, strip_response},
        initiate, stamp_waited,
    },
    session::Lane,
};
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    Visit, VisitorBody,
    body::RequestBody,
    counting::{CountedBody, Counting, failure_of},
    failure,
    paced::{Pace, PacedBody},
    service::Facts,
    upgrade,
};
use crate::{
    forwarding::{Forwarding, Scheme, X_OCTOPORTY_REQUEST_ID},
    metrics::Failure,
    pages::{ErrorPage, Problem, is_grpc},
    registry::RouteEntry,
};

/// Lanes that one request is tried on, at most.
pub(super) const ATTEMPTS_MAX: u32 = 4;

/// Sends a request to the Agent of its route and gives the answer.
pub(super) async fn forward<B: RequestBody>(
    visit: &Arc<Visit>,
    route: RouteEntry,
    mut request: Request<B>,
    facts: Facts,
) -> Response<VisitorBody> {
    let span = tracing::debug_span!("exchange", request = %facts.id, mapping = %route.mapping);
    let on_upgrade = facts.upgrade.then(|| hyper::upgrade::on(&mut request));
    let (mut parts, body) = request.into_parts();
    let accept = Accept::of(&parts.headers);
    if facts.upgrade && parts.version == Version::HTTP_2 {
        upgrade::as_http1(&mut parts);
    }
    let (head, id) = build_head(visit, &route, &mut parts, &facts);
    let mut counting = Counting::begin(&visit.gateway, visit.shard, &route);
    if !counting.is_admitted() {
        let page = ErrorPage::new(Problem::Overloaded, facts.id).render(&accept.fields());
        counting.answered(page.status.as_u16(), Some(Failure::Tunnel));
        return VisitorBody::page(page, facts.in_service).map(|body| body.counted(Some(counting)));
    }
    // Where a guard reads the connection, it keeps the time.
    let pace = visit.verdicts.is_none().then(Pace::default);
    if let Some(pace) = &pace
        && accept.content_type.as_ref().is_some_and(is_grpc)
    {
        pace.relax();
    }
    let body = counting.body(PacedBody::new(body, pace.clone()));
    let outgoing = match Outgoing::new(body, facts.expects_continue).await {
        Ok(outgoing) => outgoing,
        Err(error) => {
            tracing::debug!(request = %facts.id, error = %error, "request body failed at once");
            let page = ErrorPage::new(Problem::BadRequest, facts.id).render(&accept.fields());
            counting.answered(page.status.as_u16(), Some(Failure::Visitor));
            return VisitorBody::page(page, facts.in_service).map(|body| body.counted(Some(counting)));
        }
    };
    let counting = Some(counting);
    let version = parts.version;
    let exchange = Exchange { visit, route, head, id, accept, version, facts, pace, on_upgrade, counting };
    exchange.run(outgoing).instrument(span).await
}

/// The fields that decide the form of an error page; the rest of the head is on its way by then.
#[derive(Debug)]
struct Accept {
    accept: Option<HeaderValue>,
    content_type: Option<HeaderValue>,
}

impl Accept {
    fn of(headers: &HeaderMap) -> Self {
        Self { accept: headers.get(header::ACCEPT).cloned(), content_type: headers.get(header::CONTENT_TYPE).cloned() }
    }

    fn fields(&self) -> HeaderMap {
        let accept = self.accept.iter().map(|value| (header::ACCEPT, value.clone()));
        accept.chain(self.content_type.iter().map(|value| (header::CONTENT_TYPE, value.clone()))).collect()
    }
}

/// The head for the tunnel, and the request's id as a field.
fn build_head(
    visit: &Visit,
    route: &RouteEntry,
    parts: &mut request::Parts,
    facts: &Facts,
) -> (RequestHead, HeaderValue) {
    let mut headers = std::mem::take(&mut parts.headers);
    let keep = if facts.upgrade { UpgradeFields::KeepWebSocket } else { UpgradeFields::Remove };
    strip_request(&mut headers, keep);
    if parts.version == Version::HTTP_2 {
        headers.insert(header::HOST, facts.authority.clone());
        join_cookies(&mut headers);
    }
    let trusted = &visit.gateway.trusted_proxies;
    let id = Forwarding::read(visit.peer.ip(), &facts.authority, &headers, Scheme::Http, trusted)
        .apply(&mut headers, facts.id);
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let head = RequestHead {
        mapping: route.mapping,
        request: facts.id,
        method: parts.method.clone(),
        target: Bytes::copy_from_slice(target.as_bytes()),
        headers,
        version: Some(parts.version),
    };
    (head, id)
}

/// HTTP/2 may split `Cookie`; HTTP/1 may not (RFC 9113 §8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut cookies = headers.get_all(header::COOKIE).iter();
    let (Some(first), Some(second)) = (cookies.next(), cookies.next()) else {
        return;
    };
    let mut joined = first.as_bytes().to_vec();
    for cookie in std::iter::once(second).chain(cookies) {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(cookie.as_bytes());
    }
    if let Ok(joined) = HeaderValue::from_maybe_shared(Bytes::from(joined)) {
        headers.insert(header::COOKIE, joined);
    }
}

struct Exchange<'a> {
    visit: &'a Arc<Visit>,
    route: RouteEntry,
    head: RequestHead,
    id: HeaderValue,
    accept: Accept,
    version: Version,
    facts: Facts,
    pace: Option<Pace>,
    on_upgrade: Option<OnUpgrade>,
    counting: Option<Counting>,
}

impl Exchange<'_> {
    async fn run<B: RequestBody>(mut self, mut outgoing: Outgoing<CountedBody<PacedBody<B>>>) -> Response<VisitorBody> {
        let mut encoded = self.head.encode();
        let since = Instant::now();
        let kind = if self.facts.upgrade { StreamKind::Upgrade } else { StreamKind::Http };
        let mut attempts = 0;
        loop {
            let lane = match self.lane().await {
                Ok(lane) => lane,
                Err(problem) => return self.fail_with(problem),
            };
            attempts += 1;
            stamp_waited(&mut encoded, since.elapsed());
            let tasks = &self.visit.gateway.visitors;
            match initiate(&lane, kind, &encoded, &mut outgoing, tasks).await {
                Ok(answer) => return self.finish(answer),
                Err(error) if attempts < ATTEMPTS_MAX && self.may_repeat(&error, &outgoing) => {
                    tracing::debug!(request = %self.facts.id, %error, attempts, "trying another lane");
                }
                Err(error) => return self.fail(&error),
            }
        }
    }

    async fn lane(&self) -> Result<Lane, Problem> {
        let gateway = &self.visit.gateway;
        let agent = &self.route.agent;
        if let Some(lane) = agent.pick(self.visit.shard) {
            return Ok(lane);
        }
        let Ok(_permit) = gateway.waiting.try_acquire() else {
            return Err(Problem::Overloaded);
        };
        Box::pin(agent.lane(self.visit.shard, gateway.grace_period)).await.ok_or(Problem::TunnelDown)
    }

    /// What was not taken up may be sent again, whatever it is; what was lost on the way only if doing it twice is as
    /// good as once, and nothing had to be sent with it (RFC 9110 §9.2.2, R31).
    fn may_repeat<B: RequestBody>(
        &self,
        error: &ExchangeError,
        outgoing: &Outgoing<CountedBody<PacedBody<B>>>,
    ) -> bool {
        if matches!(error, ExchangeError::NotSent(_)) {
            return error.was_not_taken();
        }
        let safe = matches!(self.head.method, Method::GET | Method::HEAD | Method::OPTIONS) && outgoing.is_empty();
        (error.was_not_taken() && outgoing.is_repeatable()) || (error.was_lost() && safe && !self.facts.upgrade)
    }

    fn finish(&mut self, answer: Answer) -> Response<VisitorBody> {
        match answer {
            Answer::Response { head, body } => {
                if let Some(pace) = &self.pace {
                    pace.relax();
                }
                let mut headers = head.headers;
                strip_response(&mut headers, UpgradeFields::Remove);
                headers.insert(X_OCTOPORTY_REQUEST_ID.clone(), self.id.clone());
                if self.version == Version::HTTP_10 && !headers.contains_key(header::CONTENT_LENGTH) {
                    self.visit.ends.begin();
                }
                let body = VisitorBody::new(body, self.facts.in_service.take());
                let mut response = Response::new(body.counted(self.count(head.status, None)));
                *response.status_mut() = head.status;
                *response.headers_mut() = headers;
                response
            }
            Answer::Upgraded { head, send, recv } => {
                let Some(on_upgrade) = self.on_upgrade.take() else {
                    return self.fail_with(Problem::UpstreamInvalid);
                };
                if let Some(verdicts) = &self.visit.verdicts {
                    verdicts.upgraded();
                }
                let place = self.counting.as_mut().and_then(Counting::take_place);
                upgrade::spawn_relay(self.visit, self.route.slot, place, on_upgrade, send, recv);
                let (status, mut headers) = upgrade::answer(self.version, head.headers);
                headers.insert(X_OCTOPORTY_REQUEST_ID.clone(), self.id.clone());
                let counting = self.count(status, None);
                VisitorBody::empty(status, headers, self.facts.in_service.take()).map(|body| body.counted(counting))
            }
        }
    }

    fn fail(&mut self, error: &ExchangeError) -> Response<VisitorBody> {
        let side = error.side().as_str();
        let cause = std::error::Error::source(error).map(ToString::to_string);
        tracing::debug!(request = %self.facts.id, side, %error, cause, "exchange failed");
        let page = failure::page(error, self.visit.verdicts.as_ref(), &self.accept.fields(), self.facts.id);
        let counting = self.count(page.status, Some(failure_of(error)));
        VisitorBody::page(page, self.facts.in_service.take()).map(|body| body.counted(counting))
    }

    fn count(&mut self, status: StatusCode, failure: Option<Failure>) -> Option<Counting> {
        let mut counting = self.counting.take()?;
        counting.answered(status.as_u16(), failure);
        Some(counting)
    }

    fn fail_with(&mut self, problem: Problem) -> Response<VisitorBody> {
        let page = ErrorPage::new(problem, self.facts.id).render(&self.accept.fields());
        let is_tunnels = matches!(problem, Problem::TunnelDown | Problem::Overloaded);
        let failure = if is_tunnels { Failure::Tunnel } else { Failure::Upstream };
        let counting = self.count(page.status, Some(failure));
        VisitorBody::page(page, self.facts.in_service.take()).map(|body| body.counted(counting))
    }
}
