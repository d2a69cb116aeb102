//! `GET /caddy/ask?domain=NAME`: may the proxy fetch a certificate for this name? Only for names that are mapped.
//!
//! It has a listener of its own, apart from visitors: there, anybody could find out which domains are mapped.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures::stream::{FuturesUnordered, StreamExt as _};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use octoporty_core::host::Hostname;
use tokio::net::{TcpListener, TcpStream};

use super::{ask_limits::AskLimits, network};
use crate::gateway::{Gateway, Inner};

/// Where it is asked.
const PATH: &str = "/caddy/ask";

/// Connections at once: one proxy needs a few.
const CONNECTIONS_MAX: usize = 32;

/// How long a connection may take over a request's head, or do nothing.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a name that is not known yet is waited for after a start. Caddy itself gives up after 10 s.
const HOLD_MAX: Duration = Duration::from_secs(5);

/// Pause after the system had no connection to give.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

impl Gateway {
    /// Answers a proxy that asks whether it may fetch a certificate for a domain: 200 for the Gateway's own names and
    /// mapped ones, 404 for others, 429 when there are too many questions.
    ///
    /// Only peers on this machine or in a private network are heard (R63). Ends when [`Gateway::shutdown`] begins.
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes the listener and its connections.
    pub async fn serve_ask(&self, listener: TcpListener) {
        let limits = Mutex::new(AskLimits::new());
        let mut connections = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                () = self.inner.stopping.cancelled() => return,
                Some(()) = connections.next() => {}
                accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                    Ok((stream, peer)) => {
                        if network::is_near(peer.ip()) {
                            connections.push(serve(&self.inner, &limits, stream, peer));
                        }
                    }
                    Err(error) => {
                        tracing::debug!(%error, "no connection can be taken from the proxy at the moment");
                        tokio::time::sleep(EXHAUSTED_PAUSE).await;
                    }
                },
            }
        }
    }
}

async fn serve(gateway: &Inner, limits: &Mutex<AskLimits>, stream: TcpStream, peer: SocketAddr) {
    let handle =
        service_fn(|request| async move { Ok::<_, Infallible>(reply(judge(gateway, limits, &request).await)) });
    let outcome = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), handle)
        .await;
    if let Err(error) = outcome {
        tracing::trace!(%peer, %error, "connection of the proxy ended early");
    }
}

/// Bodies are constant: nothing of the question comes back.
fn reply(status: StatusCode) -> Response<Full<Bytes>> {
    let body = match status {
        StatusCode::OK => "mapped\n",
        StatusCode::TOO_MANY_REQUESTS => "too many questions\n",
        StatusCode::BAD_REQUEST => "GET /caddy/ask?domain=NAME\n",
        _ => "not mapped\n",
    };
    let mut answer = Response::new(Full::from(body));
    *answer.status_mut() = status;
    answer
}

async fn judge(gateway: &Inner, limits: &Mutex<AskLimits>, request: &Request<Incoming>) -> StatusCode {
    let limits = || limits.lock().unwrap_or_else(PoisonError::into_inner);
    if !limits().admit_question() {
        return StatusCode::TOO_MANY_REQUESTS;
    }
    if request.method() != Method::GET || request.uri().path() != PATH {
        return StatusCode::NOT_FOUND;
    }
    let Some(name) = domain(request.uri().query().unwrap_or_default()) else {
        return StatusCode::BAD_REQUEST;
    };
    let registry = &gateway.registry;
    if registry.own_hosts().contains(&name) {
        return StatusCode::OK;
    }
    // After a start its Agent may be on the way.
    let known = tokio::time::timeout(HOLD_MAX, registry.await_route(name.as_str())).await;
    if !matches!(known, Ok(Some(_))) {
        return StatusCode::NOT_FOUND;
    }
    if registry.has_exactly(&name) || limits().admit_name(&name) {
        StatusCode::OK
    } else {
        tracing::debug!(%name, "too many new names below a wildcard, so no certificate for this one yet");
        StatusCode::TOO_MANY_REQUESTS
    }
}

/// The name in a query, as Caddy writes it: names have no character that needs an escape.
fn domain(query: &str) -> Option<Hostname> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("domain="))?;
    Hostname::parse(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domain_is_read_from_the_query() {
        for (query, expected) in [
            ("domain=app.example.com", Some("app.example.com")),
            ("x=1&domain=App.Example.com.&y", Some("app.example.com")),
            ("domain=", None),
            ("domain=a%00b", None),
            ("domain=a b", None),
            ("mydomain=app.example.com", None),
            ("", None),
        ] {
            assert_eq!(domain(query).as_ref().map(Hostname::as_str), expected, "{query}");
        }
    }
}
