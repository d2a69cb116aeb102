//! `/ws…`: a WebSocket upstream that echoes frame by frame with the same bits, and records them.
//!
//! `/ws` echo, `/ws/reject` and `/ws-refuse` 403, `/ws/close4001` closes by itself, `/ws/ping` pings,
//! `/ws/rst` resets; query `early` sends a message together with the 101, `cookie` sets one in it. The last
//! subprotocol offered is taken.

use std::time::Duration;

use bytes::Bytes;
use tungstenite::handshake::derive_accept_key;

use super::{
    WebSocketFrame,
    exchange::{Ending, Exchange, Outcome, Stop, head},
};
use crate::wire::count;

/// Frames kept in a record.
const FRAMES_MAX: usize = 2_000;

/// Payload bytes kept for each.
const PAYLOAD_START_BYTES: usize = 64;

/// Largest payload that is echoed, in bytes; the connection is reset above.
const PAYLOAD_BYTES_MAX: u64 = 64 << 20;

/// Pause before the upstream closes or resets by itself; `ms` says otherwise.
const PAUSE: Duration = Duration::from_millis(200);

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

pub(super) async fn serve(exchange: &mut Exchange<'_>, path: &str) -> Outcome {
    let fields = &exchange.request.fields;
    let is_upgrade = fields.members("upgrade") == ["websocket"];
    let key = fields.first("sec-websocket-key").map(str::to_owned);
    let (true, Some(key)) = (is_upgrade, key) else {
        exchange.read_body().await?;
        exchange.answer(403, &[], b"no upgrade fields reached me").await?;
        return Ok(Ending::KeepAlive);
    };
    if matches!(path, "/ws-refuse" | "/ws/reject") {
        exchange.answer(403, &[], b"ws-refused").await?;
        return Ok(Ending::KeepAlive);
    }
    switch(exchange, &key).await?;
    match path {
        "/ws/close4001" => {
            exchange.pause("ms", PAUSE).await;
            let payload = [&4001_u16.to_be_bytes()[..], b"bye-now"].concat();
            exchange.send(frame(0x80 | CLOSE, &payload)).await?;
        }
        "/ws/ping" => exchange.send(frame(0x80 | PING, b"up-ping")).await?,
        "/ws/rst" => {
            exchange.pause("ms", PAUSE).await;
            return Ok(Ending::Reset);
        }
        _ => {}
    }
    while echo(exchange).await? {}
    Ok(Ending::Close)
}

/// Sends the 101.
async fn switch(exchange: &mut Exchange<'_>, key: &str) -> Result<(), Stop> {
    let accept = derive_accept_key(key.as_bytes());
    let offered = exchange.request.fields.all("sec-websocket-protocol").join(",");
    let protocol = offered.rsplit(',').next().unwrap_or_default().trim().to_owned();
    let mut fields =
        vec![("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept.as_str())];
    if !protocol.is_empty() {
        fields.push(("Sec-WebSocket-Protocol", &protocol));
    }
    if exchange.request.query("cookie").is_some() {
        fields.push(("Set-Cookie", "ws=1"));
    }
    let mut answer = head(101, &fields);
    if exchange.request.query("early").is_some() {
        // In one write with the head, so that they arrive together.
        answer.extend(frame(0x80 | TEXT, b"hello-with-101"));
    }
    exchange.is_body_read = true;
    exchange.send(answer).await
}

/// Answers one frame; `false` after a close.
async fn echo(exchange: &mut Exchange<'_>) -> Result<bool, Stop> {
    let start = exchange.reader.exact(2).await?;
    let (bits, length) = (start[0], start[1]);
    let payload_bytes = match length & 0x7f {
        126 => u64::from(u16::from_be_bytes(array(&exchange.reader.exact(2).await?))),
        127 => u64::from_be_bytes(array(&exchange.reader.exact(8).await?)),
        short => u64::from(short),
    };
    let is_masked = length & 0x80 != 0;
    let mask = if is_masked { array(&exchange.reader.exact(4).await?) } else { [0; 4] };
    let Some(payload_bytes) = usize::try_from(payload_bytes).ok().filter(|_| payload_bytes <= PAYLOAD_BYTES_MAX) else {
        return Err(Stop::BadBody);
    };
    let masked = exchange.reader.exact(payload_bytes).await?;
    let payload: Vec<u8> = masked.iter().zip(mask.into_iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    let opcode = bits & 0x0f;
    let seen = WebSocketFrame {
        opcode,
        is_final: bits & 0x80 != 0,
        reserved: bits >> 4 & 7,
        is_masked,
        payload_bytes,
        payload_start: Bytes::copy_from_slice(&payload[..payload_bytes.min(PAYLOAD_START_BYTES)]),
    };
    exchange.note(|record| {
        if record.frames.len() < FRAMES_MAX {
            record.frames.push(seen);
        }
    });
    match opcode {
        PONG => {}
        PING => exchange.send(frame(0x80 | PONG, &payload)).await?,
        _ => exchange.send(frame(bits, &payload)).await?,
    }
    Ok(opcode != CLOSE)
}

/// A frame without mask, as servers send it; `bits` is its first byte.
fn frame(bits: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![bits];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length), _) if length < 126 => frame.push(length),
        (_, Ok(length)) => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend(count(payload.len()).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("the reader gives as many bytes as asked")
}
