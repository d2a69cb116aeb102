//! `GET /tunnel`: who may come in is decided before the upgrade (R23).

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use octoporty_core::{
    http1::RequestGuard,
    id::AgentId,
    transport::{WebSocket, websocket},
    version::SUBPROTOCOL,
};
use socket2::SockRef;
use tokio::net::TcpStream;

use super::accept::{self, Admitted};
use crate::{
    AgentScope, Attempt,
    auth::{Denied, PresentedKey},
    forwarding::{Forwarding, Scheme},
    pages::{ErrorPage, Problem},
    visitor::{Facts, Visit, VisitorBody, VisitorStream},
};

/// The header that tells which Agent comes, so that its lanes spread over the shards. A hint: who it is, is said in
/// the handshake.
pub(crate) const AGENT_HEADER: &str = "x-octoporty-agent";

/// A lane whose bytes are not acknowledged for this long is dead (R30); pings find most losses earlier.
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(20);

/// Answers a request for the tunnel: 101 for an Agent with the key, 401, 426 or 429 otherwise.
pub(crate) async fn upgrade(visit: &Arc<Visit>, mut request: Request<()>, facts: &mut Facts) -> Response<VisitorBody> {
    let gateway = &visit.gateway;
    let headers = request.headers();
    let forwarding =
        Forwarding::read(visit.peer.ip(), &facts.authority, headers, Scheme::Http, &gateway.trusted_proxies);
    let address = forwarding.client_ip();
    if let Some(wait) = gateway.throttle.check(address) {
        return refuse(StatusCode::TOO_MANY_REQUESTS, "too many wrong keys", Some(wait), facts);
    }
    let admitted = match presented_key(headers) {
        Some(key) => gateway.authenticator.authenticate_boxed(&Attempt { key: PresentedKey(key), address }).await,
        None => Err(Denied),
    };
    let Ok(scope) = admitted else {
        gateway.throttle.count(address);
        gateway.metrics.wrong_keys.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(%address, "an agent presented a wrong key");
        return refuse(StatusCode::UNAUTHORIZED, "a key is needed, and this is not it", None, facts);
    };
    if !facts.upgrade || request.version() == Version::HTTP_2 {
        let page = ErrorPage::new(Problem::UpgradeRequired, facts.id).render(headers);
        return VisitorBody::page(page, facts.in_service.take());
    }
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| offers_subprotocol(headers)) else {
        return refuse(StatusCode::BAD_REQUEST, "the subprotocol octoporty.v1 is needed", None, facts);
    };
    let accept_key = websocket::accept_key(key.as_bytes());
    let shard = shard_for(visit, headers, &scope);
    if let Some(verdicts) = &visit.verdicts {
        verdicts.upgraded();
    }
    let on_upgrade = hyper::upgrade::on(&mut request);
    let visit = Arc::clone(visit);
    gateway.lanes.spawn(async move { take_over(visit, on_upgrade, Admitted { scope, shard }).await });
    let mut headers = HeaderMap::new();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    if let Ok(accept_key) = HeaderValue::from_str(&accept_key) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept_key);
    }
    VisitorBody::empty(StatusCode::SWITCHING_PROTOCOLS, headers, facts.in_service.take())
}

fn presented_key(headers: &HeaderMap) -> Option<&[u8]> {
    if let Some(key) = headers.get("x-api-key") {
        return Some(key.as_bytes());
    }
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(key)
}

fn offers_subprotocol(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .any(|name| name.trim_ascii() == SUBPROTOCOL.as_bytes())
}

/// The shard that has the fewest lanes of this Agent; the present one where that is as good.
fn shard_for(visit: &Visit, headers: &HeaderMap, scope: &AgentScope) -> usize {
    let shards = visit.gateway.shards.len();
    if shards < 2 {
        return visit.shard;
    }
    let mut counts = vec![0_usize; shards];
    let hint = headers.get(AGENT_HEADER).and_then(|value| value.to_str().ok()?.parse::<AgentId>().ok());
    let session = hint.and_then(|id| visit.gateway.registry.agent(scope.agent_id(id)).session());
    for slot in session.iter().flat_map(|session| session.lanes()) {
        if let Some(count) = counts.get_mut(slot.shard) {
            *count += 1;
        }
    }
    (0..shards).min_by_key(|shard| (counts[*shard], *shard != visit.shard)).unwrap_or(visit.shard)
}

/// Waits for hyper to give the connection up, and moves it to its shard.
async fn take_over(visit: Arc<Visit>, on_upgrade: OnUpgrade, admitted: Admitted) {
    let shard = admitted.shard;
    let upgraded = match on_upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            tracing::debug!(%error, "an agent left before the upgrade");
            return;
        }
    };
    let (gateway, from) = (Arc::clone(&visit.gateway), visit.shard);
    // A lane does not count as a visitor's connection.
    drop(visit);
    match take_apart(upgraded) {
        Ok((stream, read)) if shard != from => {
            let Some(handle) = gateway.shards.get(shard).cloned() else {
                return;
            };
            let lanes = gateway.lanes.clone();
            // A socket belongs to the runtime that registered it.
            let Ok(stream) = stream.into_std() else {
                return;
            };
            lanes.spawn_on(
                async move {
                    if let Ok(stream) = TcpStream::from_std(stream) {
                        accept::serve(gateway, WebSocket::server(stream, &read), admitted).await;
                    }
                },
                &handle,
            );
        }
        Ok((stream, read)) => accept::serve(gateway, WebSocket::server(stream, &read), admitted).await,
        // Not a socket of ours, so it stays where it is.
        Err(upgraded) => {
            let transport = WebSocket::server(TokioIo::new(*upgraded), &[]);
            accept::serve(gateway, transport, Admitted { shard: from, ..admitted }).await;
        }
    }
}

fn take_apart(upgraded: Upgraded) -> Result<(TcpStream, Bytes), Box<Upgraded>> {
    let parts = upgraded.downcast::<TokioIo<RequestGuard<VisitorStream>>>().map_err(Box::new)?;
    let (stream, held) = parts.io.into_inner().into_parts();
    let stream = stream.into_inner();
    if let Err(error) = SockRef::from(&stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED_TIMEOUT)) {
        tracing::debug!(%error, "the system decides how long unacknowledged bytes may wait");
    }
    Ok((stream, [parts.read_buf, held].concat().into()))
}

fn refuse(status: StatusCode, message: &str, wait: Option<Duration>, facts: &mut Facts) -> Response<VisitorBody> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(wait) = wait {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    let body = serde_json::json!({ "error": message }).to_string();
    let body = octoporty_core::proxy::Body::full(body.into());
    let mut response = Response::new(VisitorBody::new(body, facts.in_service.take()));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
