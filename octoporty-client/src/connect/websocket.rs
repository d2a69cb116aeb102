//! The WebSocket handshake with a Gateway (RFC 6455 §4.1), and what its refusals mean.

use std::time::Duration;

use bytes::BytesMut;
use http::StatusCode;
use octoporty_core::{
    http1::{CheckedAnswer, RequestKind, read_answer_head},
    transport::{
        WebSocket,
        websocket::{accept_key, generate_key},
    },
    version,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    error::{DialError, HandshakeError},
    io::GatewayIo,
    target::DialTarget,
};

/// Longest Retry-After that is believed.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// Bytes that the answer is read in.
const READ_BYTES: usize = 4 << 10;

/// Asks for the upgrade. The head of the answer has the bound that any answer has.
pub(super) async fn shake_hands(target: &DialTarget, mut io: GatewayIo) -> Result<WebSocket<GatewayIo>, DialError> {
    let failed = |source| DialError::Handshake { address: target.address(), source };
    let key = generate_key();
    let asking = async {
        io.write_all(&request(target, &key)).await?;
        io.flush().await
    };
    asking.await.map_err(|error| failed(error.into()))?;
    let mut read = BytesMut::with_capacity(READ_BYTES);
    loop {
        match io.read_buf(&mut read).await {
            Ok(0) => return Err(failed(HandshakeError::Ended)),
            Ok(_) => {}
            Err(error) => return Err(failed(error.into())),
        }
        let behind = match read_answer_head(&read, RequestKind::Upgrade) {
            Ok(None) => continue,
            Ok(Some(answer)) => check(target, &answer, &key).map(|()| answer.bytes)?,
            Err(error) => return Err(failed(error.into())),
        };
        return Ok(WebSocket::client(io, &read[behind..]));
    }
}

fn request(target: &DialTarget, key: &str) -> Vec<u8> {
    let default_port = if target.is_tls { 443 } else { 80 };
    let host = match target.port {
        port if port == default_port => target.host_in_url().to_owned(),
        port => format!("{}:{port}", target.host_in_url()),
    };
    let path = target.uri.path_and_query().map_or("/", |path| path.as_str());
    let (subprotocol, version) = (version::SUBPROTOCOL, version::VERSION);
    let mut head = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {subprotocol}\r\n\
         User-Agent: octoporty-agent/{version}\r\n"
    )
    .into_bytes();
    // R22: the key travels in a header, never in the URL.
    head.extend_from_slice(b"X-Api-Key: ");
    head.extend_from_slice(target.key.as_bytes());
    head.extend_from_slice(b"\r\n");
    if let Some(agent) = target.agent {
        head.extend_from_slice(b"X-Octoporty-Agent: ");
        head.extend_from_slice(&agent.to_hex());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// Whether the answer agrees to what was asked.
fn check(target: &DialTarget, answer: &CheckedAnswer<'_>, key: &str) -> Result<(), DialError> {
    let field = |wanted: &str| {
        let mut found = answer.fields.clone().filter(|(name, _value)| name.eq_ignore_ascii_case(wanted.as_bytes()));
        found.next().and_then(|(_name, value)| std::str::from_utf8(value).ok())
    };
    let address = target.address();
    let status = StatusCode::from_u16(answer.facts.status).unwrap_or(StatusCode::BAD_GATEWAY);
    if status != StatusCode::SWITCHING_PROTOCOLS {
        return Err(DialError::from_status(address, status, field("retry-after").and_then(retry_after)));
    }
    if field("sec-websocket-accept") != Some(accept_key(key.as_bytes()).as_str()) {
        return Err(DialError::Handshake { address, source: HandshakeError::Accept });
    }
    if field("sec-websocket-protocol") != Some(version::SUBPROTOCOL) {
        return Err(DialError::Subprotocol { address });
    }
    Ok(())
}

/// Seconds only: a date would need a clock that both ends agree on.
fn retry_after(value: &str) -> Option<Duration> {
    let seconds = value.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}
