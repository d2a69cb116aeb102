//! The WebSocket handshake with a Gateway, and what its refusals mean.

use std::time::Duration;

use http::{
    HeaderMap, HeaderValue, Request,
    header::{
        CONNECTION, HOST, RETRY_AFTER, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
        USER_AGENT,
    },
};
use octoporty_core::{limits, version};
use tokio_tungstenite::WebSocketStream;
use tungstenite::{error::ProtocolError, protocol::WebSocketConfig};

use super::{error::DialError, io::GatewayIo, target::DialTarget};

/// Bytes that a lane reads at once: several whole messages, for one buffer a lane.
const READ_BUFFER_BYTES: usize = 256 << 10;

/// Bytes that a lane gathers before it writes unasked: a burst of bulk data.
const WRITE_BUFFER_BYTES: usize = 128 << 10;

/// Most bytes that wait for a socket that takes none. More than a burst and the largest message.
const WRITE_BUFFER_BYTES_MAX: usize = 8 << 20;

/// Longest Retry-After that is believed.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// How a WebSocket lane buffers, and what it refuses. R25: the largest message is known before it is read.
pub(super) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(limits::MESSAGE_BYTES_MAX))
        .max_frame_size(Some(limits::MESSAGE_BYTES_MAX))
}

pub(super) async fn shake_hands(target: &DialTarget, io: GatewayIo) -> Result<WebSocketStream<GatewayIo>, DialError> {
    match tokio_tungstenite::client_async_with_config(request(target)?, io, Some(config())).await {
        Ok((stream, _answer)) => Ok(stream),
        Err(error) => Err(refused(target, error)),
    }
}

fn request(target: &DialTarget) -> Result<Request<()>, DialError> {
    let bad = |reason| DialError::Url { url: target.address(), reason };
    let default_port = if target.is_tls { 443 } else { 80 };
    let host = match target.port {
        port if port == default_port => target.host_in_url().to_owned(),
        port => format!("{}:{port}", target.host_in_url()),
    };
    let key = tungstenite::handshake::client::generate_key();
    let mut request = Request::new(());
    *request.uri_mut() = target.uri.clone();
    let fields = request.headers_mut();
    fields.insert(HOST, HeaderValue::try_from(host).map_err(|_invalid| bad("its host is not valid"))?);
    fields.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    fields.insert(UPGRADE, HeaderValue::from_static("websocket"));
    fields.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    fields.insert(SEC_WEBSOCKET_KEY, HeaderValue::try_from(key).expect("base64 fits into a field"));
    fields.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(version::SUBPROTOCOL));
    let agent = format!("octoporty-agent/{}", version::VERSION);
    fields.insert(USER_AGENT, HeaderValue::try_from(agent).expect("a version fits into a field"));
    // R22: the key travels in a header, never in the URL.
    fields.insert("x-api-key", target.key.clone());
    if let Some(agent) = target.agent {
        let agent = HeaderValue::from_bytes(&agent.to_hex()).expect("hex digits fit into a field");
        fields.insert("x-octoporty-agent", agent);
    }
    Ok(request)
}

fn refused(target: &DialTarget, error: tungstenite::Error) -> DialError {
    let address = target.address();
    match error {
        tungstenite::Error::Http(answer) => {
            DialError::from_status(address, answer.status(), retry_after(answer.headers()))
        }
        tungstenite::Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(_)) => {
            DialError::Subprotocol { address }
        }
        source => DialError::Handshake { address, source: Box::new(source) },
    }
}

/// Seconds only: a date would need a clock that both ends agree on.
fn retry_after(fields: &HeaderMap) -> Option<Duration> {
    let seconds = fields.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}
