//! A visitor's WebSocket: HTTP/1.1 upgrade or HTTP/2 extended CONNECT (RFC 8441), then bytes both ways.

use std::{sync::Arc, time::Duration};

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
    transport::websocket,
};
use tokio::io::AsyncWriteExt;

use super::{Visit, VisitorStream, frame_tracker::FrameTracker};
use crate::{metrics::RouteSlot, registry::ExchangePlace};

/// A close frame with code 1001: going away.
const GOING_AWAY: [u8; 4] = [0x88, 2, 0x03, 0xe9];

/// How long a visitor may take to read the goodbye.
const GOODBYE_TIMEOUT: Duration = Duration::from_millis(500);

/// Turns an extended CONNECT into the upgrade that an HTTP/1.1 upstream knows (RFC 8441 §5).
pub(super) fn as_http1(parts: &mut request::Parts) {
    parts.method = Method::GET;
    let key = websocket::generate_key();
    let fields = [
        (header::CONNECTION, HeaderValue::from_static("Upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")),
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
    let of_http1: [HeaderName; 3] = [header::CONNECTION, header::UPGRADE, header::SEC_WEBSOCKET_ACCEPT];
    for name in of_http1 {
        headers.remove(name);
    }
    (StatusCode::OK, headers)
}

/// Moves bytes once hyper has sent the answer and given the connection up. When the Gateway stops, the visitor is told
/// that it goes away (RFC 6455 §7.4.1), so that its program knows to come back.
pub(super) fn spawn_relay(
    visit: &Arc<Visit>,
    route: RouteSlot,
    place: Option<ExchangePlace>,
    on_upgrade: OnUpgrade,
    send: SendStream,
    recv: RecvStream,
) {
    // All of it, as the connection goes on counting as one of its visitor's.
    let visit = Arc::clone(visit);
    let tasks = visit.gateway.visitors.clone();
    tasks.spawn(async move {
        let _place = place;
        let gateway = &visit.gateway;
        let upgraded = match on_upgrade.await {
            Ok(upgraded) => upgraded,
            Err(error) => {
                tracing::debug!(%error, "the visitor left before the upgrade");
                return;
            }
        };
        let (io, held) = take_apart(upgraded);
        let mut io = FrameTracker::new(io);
        let counts = gateway.metrics.shard(visit.shard);
        counts.upgrade_began();
        tokio::select! {
            relayed = relay(&mut io, held, send, recv, UPGRADE_IDLE_TIMEOUT, Side::Visitor) => {
                counts.upgrade_ended(route, relayed.bytes_out, relayed.bytes_in);
                tracing::debug!(?relayed, "upgraded connection ended");
            }
            () = gateway.stopping.cancelled() => {
                counts.upgrade_ended(route, 0, 0);
                say_goodbye(&mut io).await;
            }
        }
    });
}

async fn say_goodbye(io: &mut FrameTracker) {
    // In the middle of a frame there is no place for another.
    if !io.is_between_frames() {
        return;
    }
    let goodbye = async {
        io.write_all(&GOING_AWAY).await?;
        io.shutdown().await
    };
    match tokio::time::timeout(GOODBYE_TIMEOUT, goodbye).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::trace!(%error, "the visitor was gone already"),
        Err(_elapsed) => tracing::trace!("the visitor did not read the goodbye"),
    }
}

/// The plain socket where it is one, so that an idle WebSocket holds no buffer of hyper's.
fn take_apart(upgraded: Upgraded) -> (BoxedIo, Bytes) {
    match upgraded.downcast::<TokioIo<RequestGuard<VisitorStream>>>() {
        Ok(parts) => {
            let (stream, held) = parts.io.into_inner().into_parts();
            let read = if held.is_empty() { parts.read_buf } else { [parts.read_buf, held].concat().into() };
            (Box::new(stream.into_inner()), read)
        }
        Err(upgraded) => (Box::new(TokioIo::new(upgraded)), Bytes::new()),
    }
}
