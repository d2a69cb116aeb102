//! Fits a request to the protocol of its connection. Hygiene of fields is the caller's; framing is settled here.

use http::{
    HeaderValue, Method, Request, Uri, Version,
    header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING, UPGRADE},
    uri,
};
use http_body::Body;
use octoporty_core::http1::RequestKind;

use super::{error::UpstreamError, exchange::RequestBody, target::UpstreamTarget};

/// Checks what no upstream may be sent: another target than a path (R32), or a length that is not the body's.
///
/// A body shorter than its announced length would leave the upstream to read the next request as its rest.
pub(super) fn check<B: Body>(request: &Request<B>) -> Result<(), UpstreamError> {
    let uri = request.uri();
    let path = uri.path();
    if uri.scheme().is_some() || uri.authority().is_some() || !(path.starts_with('/') || path == "*") {
        return Err(UpstreamError::InvalidRequest("its target is not a path"));
    }
    if request.method() == Method::CONNECT {
        return Err(UpstreamError::InvalidRequest("its method is CONNECT"));
    }
    let mut lengths = request.headers().get_all(CONTENT_LENGTH).iter();
    let Some(length) = lengths.next() else {
        return Ok(());
    };
    if lengths.next().is_some() {
        return Err(UpstreamError::InvalidRequest("it has more than one content-length"));
    }
    let Some(length) = parse_length(length) else {
        return Err(UpstreamError::InvalidRequest("its content-length is not a number"));
    };
    let actual = if request.body().is_end_stream() { Some(0) } else { request.body().size_hint().exact() };
    if actual.is_some_and(|actual| actual != length) {
        return Err(UpstreamError::InvalidRequest("its content-length is not the length of its body"));
    }
    Ok(())
}

fn parse_length(value: &HeaderValue) -> Option<u64> {
    let digits = value.to_str().ok()?;
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// Whether the sender of the body waits for a 100 first.
pub(super) fn expects_continue<B>(request: &Request<B>) -> bool {
    request.headers().get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// What the answer depends on.
pub(super) fn kind<B>(request: &Request<B>) -> RequestKind {
    if request.method() == Method::HEAD {
        RequestKind::Head
    } else if request.headers().contains_key(UPGRADE) {
        RequestKind::Upgrade
    } else {
        RequestKind::Other
    }
}

/// Makes a request fit for HTTP/1.1.
pub(super) fn for_http1(request: &mut Request<RequestBody>) -> Result<(), UpstreamError> {
    *request.version_mut() = Version::HTTP_11;
    if let Some(authority) = request.uri().authority() {
        // It was made fit for HTTP/2 before, on a connection that did not take it.
        let host = HeaderValue::from_str(authority.as_str()).ok();
        let path = request.uri().path_and_query().cloned();
        let (Some(host), Some(path)) = (host, path) else {
            return Err(UpstreamError::InvalidRequest("its authority is not a host"));
        };
        request.headers_mut().insert(HOST, host);
        *request.uri_mut() = Uri::from(path);
    }
    if !request.headers().contains_key(HOST) {
        return Err(UpstreamError::InvalidRequest("it has no host"));
    }
    // hyper takes an unknown length of GET and HEAD for no body at all, so their coding is set here.
    request.headers_mut().remove(TRANSFER_ENCODING);
    let has_length = request.headers().contains_key(CONTENT_LENGTH) || request.body().size_hint().exact().is_some();
    if !has_length {
        request.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    Ok(())
}

/// Makes a request fit for HTTP/2: the host moves into `:authority` (RFC 9113 §8.3.1), `Expect` goes, as hyper
/// shows no 100 there and the body would wait in vain.
pub(super) fn for_http2(request: &mut Request<RequestBody>, target: &UpstreamTarget) -> Result<(), UpstreamError> {
    *request.version_mut() = Version::HTTP_2;
    request.headers_mut().remove(EXPECT);
    request.headers_mut().remove(TRANSFER_ENCODING);
    // HTTP/2 has no such field, and hyper would take what it names away: `TE`, which gRPC services ask for.
    request.headers_mut().remove(CONNECTION);
    if request.uri().authority().is_some() {
        return Ok(());
    }
    let bad = || UpstreamError::InvalidRequest("its host is not valid");
    let authority = match request.headers_mut().remove(HOST) {
        Some(host) => uri::Authority::try_from(host.as_bytes()).ok(),
        None => target.authority().parse().ok(),
    };
    let mut parts = uri::Parts::default();
    parts.scheme = target.scheme().as_str().parse().ok();
    parts.authority = Some(authority.ok_or_else(bad)?);
    parts.path_and_query = request.uri().path_and_query().cloned();
    match Uri::from_parts(parts) {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return Err(bad()),
    }
    Ok(())
}
