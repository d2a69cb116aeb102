//! A clock over a WebSocket. The handshake is done here, over hyper's upgrade; tungstenite only frames.
//! Holds the one place where the demo reads the wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::{SinkExt as _, StreamExt as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message,
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};
use tokio_util::sync::CancellationToken;

/// Time between two ticks.
const TICK: Duration = Duration::from_millis(250);

/// How long a visitor may leave a message untaken before the clock gives up on it.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// Largest message from a visitor, in bytes. An echo is one number.
const MESSAGE_BYTES_MAX: usize = 1024;

/// Buffer sizes in bytes: messages are small, and there may be many clocks.
const BUFFER_BYTES: usize = 4 * 1024;
const WRITE_BUFFER_BYTES_MAX: usize = 64 * 1024;

/// What the clock says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", untagged)]
enum Say<'a> {
    /// Every 250 ms: how many, and the service's wall clock in milliseconds since 1970.
    #[serde(rename_all = "camelCase")]
    Tick { tick: u64, time_ms: u64 },
    /// At once, whatever a visitor sent: so the visitor measures the way there and back.
    Echo { echo: &'a str },
}

impl Say<'_> {
    fn message(&self) -> Message {
        let text = serde_json::to_string(self).expect("numbers and strings always serialise");
        Message::text(text)
    }
}

/// The wall clock, in milliseconds since 1970. 0 if it stands before that.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// `GET /clock`: upgrades to a WebSocket that ticks and echoes.
pub(crate) async fn clock(State(app): State<crate::app::App>, mut request: Request) -> Response {
    let accept = match accept_key(request.headers()) {
        Ok(accept) => accept,
        Err(refusal) => return refusal.into_response(),
    };
    let place = match app.live_place() {
        Ok(place) => place,
        Err(full) => return full.into_response(),
    };
    let upgrade = hyper::upgrade::on(&mut request);
    app.tasks.spawn(run(upgrade, app.stop.clone(), place));
    let headers = [
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response()
}

/// Why a request is not a WebSocket handshake (RFC 6455, section 4.2).
#[derive(Debug, PartialEq)]
enum Refusal {
    /// No `Connection: upgrade` or no `Upgrade: websocket`.
    NotAnUpgrade,
    /// Another version than 13.
    Version,
    /// A key that is not 16 bytes in base64.
    Key,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let headers =
            [(header::UPGRADE, "websocket"), (header::CONNECTION, "upgrade"), (header::SEC_WEBSOCKET_VERSION, "13")];
        match self {
            Self::NotAnUpgrade => {
                (StatusCode::UPGRADE_REQUIRED, headers, "the clock speaks WebSocket only\n").into_response()
            }
            Self::Version => {
                (StatusCode::UPGRADE_REQUIRED, headers, "WebSocket version 13 is wanted\n").into_response()
            }
            Self::Key => (StatusCode::BAD_REQUEST, "Sec-WebSocket-Key is not 16 bytes in base64\n").into_response(),
        }
    }
}

/// Checks the handshake and answers with the value of `Sec-WebSocket-Accept`.
fn accept_key(headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
    if !has_token(headers, &header::CONNECTION, "upgrade") || !has_token(headers, &header::UPGRADE, "websocket") {
        return Err(Refusal::NotAnUpgrade);
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(Refusal::Version);
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).ok_or(Refusal::Key)?.as_bytes();
    if !is_key(key) {
        return Err(Refusal::Key);
    }
    let accept = derive_accept_key(key);
    Ok(HeaderValue::from_str(&accept).expect("base64 is a valid header value"))
}

/// 16 bytes in base64 are 22 letters and two signs of padding.
fn is_key(key: &[u8]) -> bool {
    let Some(letters) = key.strip_suffix(b"==") else {
        return false;
    };
    letters.len() == 22 && letters.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte))
}

/// Whether a comma-separated header names a token, in any case.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// Runs one clock until either side ends it. A visitor that leaves is no error here.
async fn run(upgrade: OnUpgrade, stop: CancellationToken, _place: OwnedSemaphorePermit) {
    let Ok(upgraded) = upgrade.await else {
        return;
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    tick(socket, stop).await.ok();
}

async fn tick(
    mut socket: WebSocketStream<TokioIo<Upgraded>>,
    stop: CancellationToken,
) -> Result<(), tungstenite::Error> {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut tick = 0;
    loop {
        let message = tokio::select! {
            () = stop.cancelled() => return socket.close(None).await,
            _ = ticks.tick() => {
                tick += 1;
                Say::Tick { tick, time_ms: now_ms() }.message()
            }
            heard = socket.next() => match heard.transpose()? {
                None => return Ok(()),
                Some(Message::Text(text)) => Say::Echo { echo: &text }.message(),
                // tungstenite answers pings and close by itself.
                Some(_) => continue,
            },
        };
        match timeout(SEND_TIMEOUT, socket.send(message)).await {
            Ok(sent) => sent?,
            Err(_late) => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("WebSocket"));
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        headers.insert(header::SEC_WEBSOCKET_KEY, HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ=="));
        headers
    }

    #[test]
    fn accept_key_is_that_of_rfc_6455() {
        assert_eq!(accept_key(&handshake()).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn accept_key_refuses_what_is_no_handshake() {
        let check = |name: HeaderName, value: &'static str, refusal: Refusal| {
            let mut headers = handshake();
            headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(accept_key(&headers), Err(refusal));
        };
        check(header::CONNECTION, "keep-alive", Refusal::NotAnUpgrade);
        check(header::UPGRADE, "h2c", Refusal::NotAnUpgrade);
        check(header::SEC_WEBSOCKET_VERSION, "8", Refusal::Version);
        check(header::SEC_WEBSOCKET_KEY, "c2hvcnQ=", Refusal::Key);
        check(header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25j*Q==", Refusal::Key);
    }
}
