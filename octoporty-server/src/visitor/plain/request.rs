//! Which requests are plain, and their heads as they go into the tunnel.

use http::{HeaderMap, HeaderName, HeaderValue, Version};
use octoporty_core::{
    host::{SCRATCH_BYTES, normalise_into},
    http1::{BodyFraming, CheckedRequest},
    id::RequestId,
    proxy::{HeadWriter, headers::is_special_in_requests},
};

use tokio::time::Instant;

use super::connection::Caller;
use crate::{
    forwarding::{Forwarding, Scheme},
    gateway::Inner,
    registry::RouteEntry,
};

/// A request whose body, if it has one, has a known length, ready to go into a lane.
#[derive(Debug)]
pub(super) struct PlainRequest {
    pub(super) id: RequestId,
    pub(super) route: RouteEntry,
    /// The encoded head.
    pub(super) head: Vec<u8>,
    /// When its head was there.
    pub(super) since: Instant,
    /// Bytes of its body.
    pub(super) body: u64,
    /// The visitor holds the body back until a 100.
    pub(super) expects_continue: bool,
    /// The answer has no body.
    pub(super) head_only: bool,
    /// Doing it twice is as good as once (RFC 9110 §9.2.2).
    pub(super) repeatable: bool,
}

impl PlainRequest {
    /// Makes the head, if the request is plain.
    pub(super) fn new(gateway: &Inner, caller: &Caller, checked: &CheckedRequest<'_>) -> Option<Self> {
        let facts = checked.facts;
        let body = match facts.body {
            BodyFraming::None => 0,
            BodyFraming::Length(length) => length,
            BodyFraming::Chunked | BodyFraming::UntilClose => return None,
        };
        if facts.version_minor != 1 || facts.upgrade || checked.target.first() != Some(&b'/') {
            return None;
        }
        let host = checked.host?;
        let route = find_route(gateway, host)?;
        let id = gateway.request_ids.next();
        let mut head = HeadWriter::request(route.mapping, id, checked.method, checked.target).version(Version::HTTP_11);
        let mut claims = HeaderMap::new();
        for (name, value) in checked.fields.clone() {
            match kind_of(name, value) {
                Kind::EndToEnd => head.field(name, value),
                Kind::Expects if facts.expects_continue => head.field(name, value),
                Kind::KeepsAlive => {}
                Kind::Claim => {
                    claims.append(HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?);
                }
                Kind::Expects | Kind::Special => return None,
            }
        }
        if claims.is_empty() {
            caller.describe(&mut head, host, id);
        } else {
            let host = HeaderValue::from_bytes(host).ok()?;
            Forwarding::read(caller.peer.ip(), &host, &claims, Scheme::Http, &gateway.trusted_proxies)
                .apply(&mut claims, id);
            for (name, value) in &claims {
                head.field(name.as_str().as_bytes(), value.as_bytes());
            }
        }
        Some(Self {
            id,
            route,
            head: head.finish(),
            since: Instant::now(),
            body,
            expects_continue: facts.expects_continue,
            head_only: facts.head_only,
            repeatable: body == 0 && matches!(checked.method, b"GET" | b"HEAD" | b"OPTIONS"),
        })
    }
}

/// The route of a host that is known now. Others may be waited for, by whoever answers them.
fn find_route(gateway: &Inner, host: &[u8]) -> Option<RouteEntry> {
    let mut scratch = [0; SCRATCH_BYTES];
    let (host, _port) = normalise_into(host, &mut scratch).ok()?;
    gateway.registry.table().lookup(host).cloned()
}

/// What becomes of a field.
enum Kind {
    /// It goes on.
    EndToEnd,
    /// It says to this hop what holds anyway.
    KeepsAlive,
    /// It says who is calling, which is for [`Forwarding`] to judge.
    Claim,
    /// It may say that the body waits for a 100.
    Expects,
    /// It makes the request more than a plain one.
    Special,
}

fn kind_of(name: &[u8], value: &[u8]) -> Kind {
    let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
    let starts = |prefix: &[u8]| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    match name.first().map(u8::to_ascii_lowercase) {
        Some(b'x') if starts(b"x-forwarded-") || starts(b"x-octoporty-") || is(b"x-real-ip") => Kind::Claim,
        Some(b'f') if is(b"forwarded") => Kind::Claim,
        Some(b'c') if is(b"connection") && value.eq_ignore_ascii_case(b"keep-alive") => Kind::KeepsAlive,
        Some(b'k') if is(b"keep-alive") => Kind::KeepsAlive,
        Some(b'e') if is(b"expect") => Kind::Expects,
        _ if is_special_in_requests(name) => Kind::Special,
        _ => Kind::EndToEnd,
    }
}
