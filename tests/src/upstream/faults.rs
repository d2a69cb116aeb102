//! Behaviours of upstreams that refuse, break off, or break the rules.

use std::time::Duration;

use super::{
    exchange::{Ending, Exchange, Outcome, head},
    routes,
};
use crate::wire::count;

/// How long `/early` drains what the peer still sends.
const DRAIN: Duration = Duration::from_secs(3);

/// How long `/refuse` waits for the peer to go.
const REFUSED_WAIT: Duration = Duration::from_secs(2);

/// Pause before a reset, so that what was sent before arrives; `ms` says otherwise.
const CUT_PAUSE: Duration = Duration::from_millis(300);

/// `/early`: 413 at once, the body unread; then drains for a while.
pub(super) async fn early(exchange: &mut Exchange<'_>) -> Outcome {
    exchange.is_body_read = true;
    let fields = [("Connection", "close")];
    exchange.answer(413, &fields, b"too big").await?;
    let drain = async {
        loop {
            let piece = exchange.reader.some(1 << 20).await?;
            exchange.note(|record| record.body_bytes += count(piece.len()));
        }
    };
    match tokio::time::timeout(DRAIN, drain).await {
        Ok(ended) => ended,
        Err(_elapsed) => Ok(Ending::Close),
    }
}

/// `/refuse`: 417, the body unread.
pub(super) async fn refuse(exchange: &mut Exchange<'_>) -> Outcome {
    let fields = [("Connection", "close")];
    exchange.answer(417, &fields, b"no").await?;
    exchange.peer_goes_within(REFUSED_WAIT).await;
    Ok(Ending::Close)
}

/// `/cut?chunked&ms=`: promises more than 500 bytes, sends 500, resets.
pub(super) async fn cut(exchange: &mut Exchange<'_>) -> Outcome {
    exchange.read_body().await?;
    let half = [b'y'; 500];
    if exchange.request.query("chunked").is_some() {
        exchange.begin_chunked(200, &[]).await?;
        exchange.chunk(&half).await?;
    } else {
        exchange.send(head(200, &[("Content-Length", "1000")])).await?;
        exchange.send(half).await?;
    }
    exchange.pause("ms", CUT_PAUSE).await;
    Ok(Ending::Reset)
}

/// `/eofbody`: a body that ends with the connection.
pub(super) async fn until_close(exchange: &mut Exchange<'_>) -> Outcome {
    exchange.read_body().await?;
    let fields = [("Content-Type", "text/plain"), ("Connection", "close")];
    exchange.send(head(200, &fields)).await?;
    exchange.send("read-until-close").await?;
    Ok(Ending::Close)
}

/// `/bad/NAME`: an answer that must not pass as it is.
pub(super) async fn bad(exchange: &mut Exchange<'_>, path: &str) -> Outcome {
    let name = path.rsplit('/').next().unwrap_or_default();
    let Some(answer) = bad_answer(name) else {
        return routes::unknown(exchange).await;
    };
    exchange.read_body().await?;
    exchange.send(answer).await?;
    // A tail must be able to poison the next exchange on this connection.
    Ok(if name == "tail" { Ending::KeepAlive } else { Ending::Close })
}

/// A whole answer that nobody asked for.
const SMUGGLED: &str = "HTTP/1.1 200 OK\r\nX-Smuggled: 1\r\nContent-Length: 4\r\n\r\nEVIL";

fn bad_answer(name: &str) -> Option<String> {
    let ok = "HTTP/1.1 200 OK\r\n";
    let two = "Content-Length: 2\r\n\r\nok";
    Some(match name {
        "clte" => format!("{ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}"),
        "dupcl" => format!("{ok}Content-Length: 5\r\nContent-Length: 50\r\n\r\nhello"),
        "signedcl" => format!("{ok}Content-Length: +2\r\n\r\nok"),
        "crhdr" => format!("{ok}X-A: b\rX-Inject: 1\r\n{two}"),
        "nul" => format!("{ok}X-A: b\0c\r\n{two}"),
        "fold" => format!("{ok}X-A: b\r\n c\r\n{two}"),
        "spacecolon" => format!("{ok}X-A : b\r\n{two}"),
        "huge" => format!("{ok}X-Big: {}\r\n{two}", "h".repeat(600_000)),
        "manyfields" => format!("{ok}{}{two}", "X-F: 1\r\n".repeat(20_000)),
        "nostatus" => "BANANA\r\n\r\n".to_owned(),
        "te10" => "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n".to_owned(),
        "oddte" => format!("{ok}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        "badchunk" => format!("{ok}Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n"),
        "hugechunk" => {
            format!("{ok}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nok\r\n")
        }
        "hintflood" => "HTTP/1.1 103 Early Hints\r\nX-H: 1\r\n\r\n".repeat(20_000),
        "switch" => "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nraw".to_owned(),
        "tail" => format!("{ok}{two}{SMUGGLED}"),
        _ => return None,
    })
}
