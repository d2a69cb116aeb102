//! HTTP/1 requests that another server has read, when the Gateway is a service in it.
//!
//! What that server let through is checked as strictly as a head that came over our own listener (R01 to R08), by writing
//! the head down again and reading it. What its parser has smoothed over, such as a bare line feed, cannot be seen any
//! more.

use http::{HeaderValue, Request, Version, header};
use octoporty_core::{http1::check_request_head, id::RequestId};

use super::{
    failure,
    service::{Facts, http1_authority},
};
use crate::pages::Problem;

/// Names the host where only the target has it, as tower clients do it.
pub(super) fn name_host<B>(request: &mut Request<B>) {
    if request.version() == Version::HTTP_2 || request.headers().contains_key(header::HOST) {
        return;
    }
    if let Some(authority) = request.uri().authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        request.headers_mut().insert(header::HOST, host);
    }
}

/// Checks the head.
pub(super) fn facts<B>(request: &Request<B>, id: RequestId) -> Result<Facts, Problem> {
    let head = write_head(request)?;
    let facts = check_request_head(&head).map_err(|error| failure::problem_of_status(error.status()))?;
    Ok(Facts {
        id,
        authority: http1_authority(request),
        upgrade: facts.upgrade,
        expects_continue: facts.expects_continue,
        in_service: None,
    })
}

fn write_head<B>(request: &Request<B>) -> Result<Vec<u8>, Problem> {
    let version: &[u8] = match request.version() {
        Version::HTTP_11 => b" HTTP/1.1\r\n",
        Version::HTTP_10 => b" HTTP/1.0\r\n",
        _ => return Err(Problem::VersionNotSupported),
    };
    let mut head = Vec::with_capacity(256 + request.headers().len() * 48);
    head.extend_from_slice(request.method().as_str().as_bytes());
    head.push(b' ');
    head.extend_from_slice(request.uri().to_string().as_bytes());
    head.extend_from_slice(version);
    for (name, value) in request.headers() {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    head.extend_from_slice(b"\r\n");
    Ok(head)
}
