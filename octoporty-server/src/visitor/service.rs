//! One request: what the head check said, which host it is for, and who answers it.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use hyper::ext::Protocol;
use octoporty_core::{
    host::{SCRATCH_BYTES, normalise_into},
    http1::{HeadError, InService, Verdict},
    id::RequestId,
    proxy,
};

use super::{Visit, VisitorBody, body::RequestBody, embedded, exchange, failure};
use crate::{
    classify::{Destination, classify},
    health,
    pages::{ErrorPage, LandingHost, Problem},
    registry::RouteEntry,
    tunnel,
};

/// What is known of a request besides its head.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) id: RequestId,
    /// The authority as the visitor sent it.
    pub(crate) authority: HeaderValue,
    /// It asks for a WebSocket.
    pub(crate) upgrade: bool,
    /// Its sender waits for `100 Continue`.
    pub(crate) expects_continue: bool,
    pub(crate) in_service: Option<InService>,
}

/// Answers one request. A panic costs this request alone (R62).
pub(crate) async fn handle<B: RequestBody>(visit: Arc<Visit>, request: Request<B>) -> Response<VisitorBody> {
    let id = visit.gateway.request_ids.next();
    let mut request = request;
    if visit.verdicts.is_none() {
        embedded::name_host(&mut request);
    }
    let headers_only_on_panic = AssertUnwindSafe(answer(&visit, request, id));
    let is_http1 = visit.verdicts.is_some();
    match headers_only_on_panic.catch_unwind().await {
        Ok(mut response) => {
            // No request should follow on this connection; HTTP/2 has a word of its own for that.
            if is_http1 && visit.gateway.stopping.is_cancelled() && response.status() != StatusCode::SWITCHING_PROTOCOLS
            {
                response.headers_mut().append(header::CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
        Err(_panic) => {
            tracing::error!(request = %id, "a request made the gateway panic");
            VisitorBody::page(ErrorPage::new(Problem::Internal, id).render(&http::HeaderMap::new()), None)
        }
    }
}

async fn answer<B: RequestBody>(visit: &Arc<Visit>, request: Request<B>, id: RequestId) -> Response<VisitorBody> {
    let mut facts = match read_facts(visit, &request, id) {
        Ok(facts) => facts,
        Err((problem, in_service)) => {
            return VisitorBody::page(ErrorPage::new(problem, id).render(request.headers()), in_service);
        }
    };
    let mut scratch = [0; SCRATCH_BYTES];
    // HTTP/1.0 may come without a host; no mapping is for it.
    let host = match normalise_into(facts.authority.as_bytes(), &mut scratch) {
        Ok((host, _port)) => host,
        Err(_) if facts.authority.is_empty() => "",
        Err(_) => {
            let page = ErrorPage::new(Problem::BadRequest, id).render(request.headers());
            return VisitorBody::page(page, facts.in_service);
        }
    };
    let (method, uri) = (request.method().clone(), request.uri().clone());
    match destination(visit, &method, uri.path(), host).await {
        Ok(route) => exchange::forward(visit, route, request, facts).await,
        Err(Own::Health) => {
            let mut response = Response::new(VisitorBody::new(
                proxy::Body::full(health::json(&visit.gateway.registry)),
                facts.in_service,
            ));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(Own::Tunnel) => Box::pin(tunnel::upgrade(visit, request.map(drop), &mut facts)).await,
        Err(Own::Landing(host)) => {
            let page = visit.gateway.control.landing.page().render(host, request.headers(), id);
            VisitorBody::page(page, facts.in_service)
        }
        Err(Own::Overloaded) => {
            let page = ErrorPage::new(Problem::Overloaded, id).render(request.headers());
            VisitorBody::page(page, facts.in_service)
        }
    }
}

/// What the Gateway answers by itself.
enum Own {
    Health,
    Tunnel,
    Landing(LandingHost),
    /// The host may yet become known, and too many wait for theirs already (R20).
    Overloaded,
}

/// Who answers. Waits for the Agents of the last run where the host is not known yet.
async fn destination(visit: &Visit, method: &Method, path: &str, host: &str) -> Result<RouteEntry, Own> {
    let registry = &visit.gateway.registry;
    {
        let table = registry.table();
        match classify(&table, registry.own_hosts(), host, method, path) {
            Destination::Mapped(route) => return Ok(route.clone()),
            Destination::Health => return Err(Own::Health),
            Destination::Tunnel => return Err(Own::Tunnel),
            Destination::Landing { own_host: true } => return Err(Own::Landing(LandingHost::Own)),
            Destination::Landing { own_host: false } => {}
        }
    }
    let unknown = Own::Landing(LandingHost::Unknown);
    if !registry.is_holding() {
        return Err(unknown);
    }
    let Ok(_permit) = visit.gateway.waiting.try_acquire() else {
        return Err(Own::Overloaded);
    };
    Box::pin(registry.await_route(host)).await.ok_or(unknown)
}

fn read_facts<B>(visit: &Visit, request: &Request<B>, id: RequestId) -> Result<Facts, (Problem, Option<InService>)> {
    match &visit.verdicts {
        Some(verdicts) => match verdicts.take() {
            Some((Verdict::Accepted(facts), in_service)) => Ok(Facts {
                id,
                authority: http1_authority(request),
                upgrade: facts.upgrade,
                expects_continue: facts.expects_continue,
                in_service: Some(in_service),
            }),
            Some((Verdict::Refused(error), in_service)) => {
                tracing::debug!(request = %id, peer = %visit.peer, %error, "request refused");
                Err((problem_of(error), Some(in_service)))
            }
            None => Err((Problem::BadRequest, None)),
        },
        None if request.version() == Version::HTTP_2 => http2_facts(request, id).map_err(|problem| (problem, None)),
        None => embedded::facts(request, id).map_err(|problem| (problem, None)),
    }
}

/// `Host`, which the head check found to be the only one and equal to an absolute target's authority.
pub(super) fn http1_authority<B>(request: &Request<B>) -> HeaderValue {
    request.headers().get(header::HOST).cloned().unwrap_or_else(|| HeaderValue::from_static(""))
}

/// HTTP/2's own rules are hyper's to check; these are the ones that it leaves to us (R07, R08, R19).
fn http2_facts<B>(request: &Request<B>, id: RequestId) -> Result<Facts, Problem> {
    debug_assert_eq!(request.version(), Version::HTTP_2);
    let headers = request.headers();
    let upgrade = match *request.method() {
        Method::TRACE => return Err(Problem::MethodNotAllowed),
        Method::CONNECT => match request.extensions().get::<Protocol>() {
            Some(protocol) if protocol.as_str().eq_ignore_ascii_case("websocket") => true,
            Some(_) => return Err(Problem::NotImplemented),
            None => return Err(Problem::MethodNotAllowed),
        },
        _ => false,
    };
    if request
        .uri()
        .path_and_query()
        .is_some_and(|target| target.as_str().len() > octoporty_core::limits::TARGET_BYTES_MAX)
    {
        return Err(Problem::UriTooLong);
    }
    if headers.len() > octoporty_core::limits::FIELDS_MAX {
        return Err(Problem::HeadersTooLarge);
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let authority = match (request.uri().authority(), hosts.next(), hosts.next()) {
        (_, _, Some(_)) | (None, None, None) => return Err(Problem::BadRequest),
        (None, Some(host), None) => host.clone(),
        (Some(authority), host, None) => {
            if host.is_some_and(|host| !host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes())) {
                return Err(Problem::BadRequest);
            }
            HeaderValue::from_str(authority.as_str()).map_err(|_invalid| Problem::BadRequest)?
        }
    };
    let expects_continue =
        headers.get(header::EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    Ok(Facts { id, authority, upgrade, expects_continue, in_service: None })
}

fn problem_of(error: HeadError) -> Problem {
    failure::problem_of_status(error.status())
}
