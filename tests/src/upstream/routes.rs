//! Which path gets which behaviour, and the behaviours that are plain answers.
//!
//! Every request body is read, by default before the answer. Parameters are query parameters.

use std::time::Duration;

use serde_json::json;

use super::{
    exchange::{Ending, Exchange, Outcome, Stop, head},
    faults, streaming, websocket,
};
use crate::wire::latin1;

/// Body bytes that `/echo` gives back.
const ECHOED_BYTES_MAX: usize = 4 << 10;

/// Pause before a 100, unless `ms` says otherwise: a visitor must be seen to wait for it.
const CONTINUE_PAUSE: Duration = Duration::from_millis(300);

/// Pause between a 103 and the final answer, unless `ms` says otherwise.
const HINTS_PAUSE: Duration = Duration::from_millis(100);

/// Runs the behaviour of the request's path; all other paths are `/echo`.
pub(super) async fn route(exchange: &mut Exchange<'_>) -> Outcome {
    let path = exchange.request.path().to_owned();
    if let Some(answer) = exchange.floor.raw_answer(&path) {
        exchange.read_body().await?;
        exchange.send(answer).await?;
        return Ok(Ending::KeepAlive);
    }
    match path.split('/').nth(1).unwrap_or_default() {
        "hang" => streaming::hang(exchange).await,
        "stream" => streaming::stream(exchange).await,
        "big" => streaming::big(exchange).await,
        "sse" => streaming::sse(exchange).await,
        "steps" => streaming::steps(exchange).await,
        "gate" => streaming::gate(exchange).await,
        "slowread" => streaming::slowread(exchange).await,
        "cookies" => plain(exchange, &COOKIES).await,
        "hop" => plain(exchange, &HOP).await,
        "status" => status(exchange, &path).await,
        "headsize" => head_size(exchange).await,
        "trailers" => trailers(exchange).await,
        "continue" => go_on(exchange).await,
        "hints" => hints(exchange).await,
        "early" => faults::early(exchange).await,
        "refuse" => faults::refuse(exchange).await,
        "cut" => faults::cut(exchange).await,
        "eofbody" => faults::until_close(exchange).await,
        "bad" => faults::bad(exchange, &path).await,
        "ws" | "ws-refuse" => websocket::serve(exchange, &path).await,
        _ => echo(exchange).await,
    }
}

/// Repeated, empty, non-ASCII and conditional fields; all must arrive as they are.
const COOKIES: [(&str, &str); 11] = [
    ("Set-Cookie", "a=1; Path=/; HttpOnly"),
    ("Set-Cookie", "b=2; Expires=Wed, 21 Oct 2065 07:28:00 GMT"),
    ("Set-Cookie", "c=3"),
    ("Link", "</a>; rel=preload"),
    ("Link", "</b>; rel=preload"),
    ("X-Empty", ""),
    ("WWW-Authenticate", "Basic realm=\"a\""),
    ("WWW-Authenticate", "Bearer"),
    ("X-Obs", "caf\u{e9}"),
    ("Server", "test-upstream"),
    ("ETag", "W/\"x\""),
];

/// Fields for one hop, of which only `X-Keep` may go further.
const HOP: [(&str, &str); 6] = [
    ("Connection", "X-Hop-Secret, keep-alive"),
    ("X-Hop-Secret", "1"),
    ("Keep-Alive", "timeout=99"),
    ("Proxy-Connection", "keep-alive"),
    ("Proxy-Authenticate", "Basic"),
    ("X-Keep", "yes"),
];

/// `/echo`: what reached the upstream, as JSON.
pub(super) async fn echo(exchange: &mut Exchange<'_>) -> Outcome {
    let body = exchange.read_body().await?;
    let record = exchange.floor.ledger.record(exchange.number);
    let fields: Vec<_> = exchange.request.fields.iter().collect();
    let trailers: Vec<_> = record.iter().flat_map(|record| record.trailers.iter()).collect();
    let answer = json!({
        "line": exchange.request.line,
        "fields": fields,
        "body_bytes": record.as_ref().map(|record| record.body_bytes),
        "body_sha256": record.as_ref().map(|record| &record.body_sha256),
        "body": latin1(&body[..body.len().min(ECHOED_BYTES_MAX)]),
        "trailers": trailers,
    });
    let number = exchange.number.to_string();
    let fields = [("Content-Type", "application/json"), ("X-Upstream-Number", &number)];
    exchange.answer(200, &fields, answer.to_string().as_bytes()).await?;
    Ok(Ending::KeepAlive)
}

/// `/cookies` and `/hop`: `ok` with special fields.
async fn plain(exchange: &mut Exchange<'_>, fields: &[(&str, &str)]) -> Outcome {
    exchange.read_body().await?;
    exchange.answer(200, fields, b"ok").await?;
    Ok(Ending::KeepAlive)
}

/// `/status/N`: that status, with a body where one may be.
async fn status(exchange: &mut Exchange<'_>, path: &str) -> Outcome {
    let status = path.rsplit('/').next().and_then(|code| code.parse().ok());
    let status = status.unwrap_or(404);
    exchange.read_body().await?;
    match status {
        204 => exchange.send(head(204, &[])).await?,
        // The length of what is not sent is allowed here (RFC 9110, section 8.6).
        304 => {
            let fields = [("ETag", "\"v1\""), ("Content-Length", "1234")];
            exchange.send(head(304, &fields)).await?;
        }
        _ => {
            let body = format!("s{status}");
            exchange.answer(status, &[], body.as_bytes()).await?;
        }
    }
    Ok(Ending::KeepAlive)
}

/// `/headsize`: 4,321 bytes, or to HEAD their length alone.
async fn head_size(exchange: &mut Exchange<'_>) -> Outcome {
    exchange.read_body().await?;
    exchange.answer(200, &[], &[b'z'; 4_321]).await?;
    Ok(Ending::KeepAlive)
}

/// `/trailers`: `hello` in chunks, with gRPC's trailers.
async fn trailers(exchange: &mut Exchange<'_>) -> Outcome {
    exchange.read_body().await?;
    let fields = [("Content-Type", "application/grpc"), ("Trailer", "grpc-status, grpc-message")];
    exchange.begin_chunked(200, &fields).await?;
    exchange.chunk(b"hello").await?;
    let end = "0\r\ngrpc-status: 0\r\ngrpc-message: fine\r\n\r\n";
    exchange.send(end).await?;
    Ok(Ending::KeepAlive)
}

/// `/continue?ms=`: 100 after a pause if it is expected, then as `/echo`.
async fn go_on(exchange: &mut Exchange<'_>) -> Outcome {
    if exchange.request.fields.has("expect") {
        exchange.pause("ms", CONTINUE_PAUSE).await;
        exchange.send(head(100, &[])).await?;
    }
    echo(exchange).await
}

/// `/hints?ms=`: 103, then after a pause as `/echo`.
async fn hints(exchange: &mut Exchange<'_>) -> Outcome {
    let fields = [("Link", "</s.css>; rel=preload")];
    exchange.send(head(103, &fields)).await?;
    exchange.pause("ms", HINTS_PAUSE).await;
    echo(exchange).await
}

/// An answer that says the test asked for something that is not there.
pub(super) async fn unknown(exchange: &mut Exchange<'_>) -> Result<Ending, Stop> {
    exchange.read_body().await?;
    exchange.answer(404, &[], b"no such behaviour").await?;
    Ok(Ending::KeepAlive)
}
