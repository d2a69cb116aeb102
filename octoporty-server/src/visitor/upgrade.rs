//! A visitor's WebSocket: HTTP/1.1 upgrade or HTTP/2 extended CONNECT (RFC 8441), then bytes both ways.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header, request};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use octoporty_core::{
    frame::Side,
    http1::RequestGuard,
    limits::UPGRADE_IDLE_TIMEOUT,
    proxy::{BoxedIo, relay},
    session::{RecvStream, SendStream},
};
use tokio::net::TcpStream;

use super::Visit;

/// Turns an extended CONNECT into the upgrade that an HTTP/1.1 upstream knows (RFC 8441 §5).
pub(super) fn as_http1(parts: &mut request::Parts) {
    parts.method = Method::GET;
    let key = tungstenite::handshake::client::generate_key();
    let fields = [
        (header::CONNECTION, HeaderValue::from_static("Upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (
            header::SEC_WEBSOCKET_VERSION,
            HeaderValue::from_static("13"),
        ),
    ];
    parts.headers.extend(fields);
    if let Ok(key) = HeaderValue::from_str(&key) {
        parts.headers.insert(header::SEC_WEBSOCKET_KEY, key);
    }
}

/// The head of the answer to a visitor whose upgrade the upstream took.
pub(super) fn answer(version: Version, mut headers: HeaderMap) -> (StatusCode, HeaderMap) {
    if version != Version::HTTP_2 {
        return (StatusCode::SWITCHING_PROTOCOLS, headers);
    }
    let of_http1: [HeaderName; 3] = [
        header::CONNECTION,
        header::UPGRADE,
        header::SEC_WEBSOCKET_ACCEPT,
    ];
    for name in of_http1 {
        headers.remove(name);
    }
    (StatusCode::OK, headers)
}

/// Moves bytes once hyper has sent the answer and given the connection up.
pub(super) fn spawn_relay(
    visit: &Arc<Visit>,
    on_upgrade: OnUpgrade,
    send: SendStream,
    recv: RecvStream,
) {
    let cutting = visit.gateway.cutting.clone();
    visit.gateway.visitors.spawn(async move {
        let upgraded = match on_upgrade.await {
            Ok(upgraded) => upgraded,
            Err(error) => {
                tracing::debug!(%error, "the visitor left before the upgrade");
                return;
            }
        };
        let (io, held) = take_apart(upgraded);
        tokio::select! {
            relayed = relay(io, held, send, recv, UPGRADE_IDLE_TIMEOUT, Side::Visitor) => {
                tracing::debug!(?relayed, "upgraded connection ended");
            }
            () = cutting.cancelled() => {}
        }
    });
}

/// The plain socket where it is one, so that an idle WebSocket holds no buffer of hyper's.
fn take_apart(upgraded: Upgraded) -> (BoxedIo, Bytes) {
    match upgraded.downcast::<TokioIo<RequestGuard<TcpStream>>>() {
        Ok(parts) => {
            let (stream, held) = parts.io.into_inner().into_parts();
            let read = if held.is_empty() {
                parts.read_buf
            } else {
                [parts.read_buf, held].concat().into()
            };
            (Box::new(stream), read)
        }
        Err(upgraded) => (Box::new(TokioIo::new(upgraded)), Bytes::new()),
    }
}
