//! Behaviours that take their time: bodies that stream, wait for steps of the test, or are read slowly.

use std::time::Duration;

use tokio::{io::AsyncWriteExt as _, time::sleep};

use super::{
    exchange::{Ending, Exchange, Outcome, Stop, chunk, head},
    routes,
};
use crate::wire::{Gone, count, pattern};

/// Longest life of `/hang` and `/stream`, unless `sec` says otherwise: longer than a test, not forever.
const STREAM_SECONDS: u64 = 60;

/// Pause between the chunks of `/stream`, unless `fast` is given.
const CHUNK_PAUSE: Duration = Duration::from_millis(50);

/// Largest chunk of `/stream` and block of `/big`, in bytes.
const BLOCK_BYTES_MAX: usize = 64 << 10;

/// Turns a second in which `/slowread` reads.
const TURNS_PER_SECOND: u64 = 10;

/// `/hang?sec=`: no answer, until the peer goes.
pub(super) async fn hang(exchange: &mut Exchange<'_>) -> Outcome {
    let limit = Duration::from_secs(exchange.request.number("sec", STREAM_SECONDS));
    exchange.peer_goes_within(limit).await;
    Ok(Ending::Close)
}

/// `/stream?size=&sec=&fast`: chunks without end, until the peer goes.
pub(super) async fn stream(exchange: &mut Exchange<'_>) -> Outcome {
    let size = usize::try_from(exchange.request.number("size", 1_024)).unwrap_or(BLOCK_BYTES_MAX);
    let piece = chunk(&vec![b'x'; size.clamp(1, BLOCK_BYTES_MAX)]);
    let life = Duration::from_secs(exchange.request.number("sec", STREAM_SECONDS));
    let is_fast = exchange.request.query("fast").is_some();
    exchange.read_body().await?;
    exchange.begin_chunked(200, &[]).await?;
    let end = sleep(life);
    tokio::pin!(end);
    loop {
        // A peer that goes while we wait for it is seen by reading alone.
        let send = async {
            exchange.writer.write_all(&piece).await?;
            if !is_fast {
                sleep(CHUNK_PAUSE).await;
            }
            Ok::<_, std::io::Error>(())
        };
        tokio::select! {
            gone = exchange.reader.until_gone() => return Err(gone.into()),
            () = &mut end => break,
            sent = send => sent.map_err(|_failed| Gone::Reset)?,
        }
        exchange.note(|record| record.sent_bytes += count(piece.len()));
    }
    // The last chunk may be half written.
    Ok(Ending::Reset)
}

/// `/big?n=`: `n` bytes of the pattern, with a Content-Length.
pub(super) async fn big(exchange: &mut Exchange<'_>) -> Outcome {
    let bytes = exchange.request.number("n", 1 << 20);
    exchange.read_body().await?;
    let length = bytes.to_string();
    let fields = [("Content-Type", "application/octet-stream"), ("Content-Length", length.as_str())];
    exchange.send(head(200, &fields)).await?;
    if exchange.request.method == "HEAD" {
        return Ok(Ending::KeepAlive);
    }
    let block = pattern(BLOCK_BYTES_MAX);
    let mut left = bytes;
    while left > 0 {
        let take = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
        exchange.send(&block[..take]).await?;
        left -= count(take);
    }
    Ok(Ending::KeepAlive)
}

/// `/sse?n=&ms=`: `n` events, `ms` apart. Each says its index and the microseconds since the upstream started.
pub(super) async fn sse(exchange: &mut Exchange<'_>) -> Outcome {
    let events = exchange.request.number("n", 5);
    exchange.read_body().await?;
    let fields = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")];
    exchange.begin_chunked(200, &fields).await?;
    for index in 0..events {
        let elapsed_us = exchange.floor.started.elapsed().as_micros();
        let event = format!("data: {index} {elapsed_us}\n\n");
        exchange.chunk(event.as_bytes()).await?;
        exchange.pause("ms", Duration::from_millis(300)).await;
    }
    exchange.send("0\r\n\r\n").await?;
    Ok(Ending::KeepAlive)
}

/// `/steps?n=&size=`: the head at once, then a chunk for each step that the test gives.
pub(super) async fn steps(exchange: &mut Exchange<'_>) -> Outcome {
    let chunks = exchange.request.number("n", 3);
    let size = usize::try_from(exchange.request.number("size", 0)).unwrap_or(BLOCK_BYTES_MAX);
    exchange.read_body().await?;
    exchange.begin_chunked(200, &[]).await?;
    for index in 0..chunks {
        step(exchange).await?;
        let mut text = format!("step {index}\n").into_bytes();
        text.resize(text.len().max(size.min(BLOCK_BYTES_MAX)), b'.');
        exchange.chunk(&text).await?;
    }
    exchange.send("0\r\n\r\n").await?;
    Ok(Ending::KeepAlive)
}

/// `/gate`: as `/echo`, once the test gives a step.
pub(super) async fn gate(exchange: &mut Exchange<'_>) -> Outcome {
    exchange.read_body().await?;
    step(exchange).await?;
    routes::echo(exchange).await
}

/// `/slowread?bps=&sec=`: reads the body at about `bps` bytes a second for `sec` seconds, then resets.
pub(super) async fn slowread(exchange: &mut Exchange<'_>) -> Outcome {
    let bytes_per_turn = exchange.request.number("bps", 100_000) / TURNS_PER_SECOND;
    let bytes_per_turn = usize::try_from(bytes_per_turn.max(1)).unwrap_or(usize::MAX);
    let turns = exchange.request.number("sec", 5) * TURNS_PER_SECOND;
    exchange.is_body_read = true;
    for _ in 0..turns {
        let piece = exchange.reader.some(bytes_per_turn).await?;
        exchange.note(|record| record.body_bytes += count(piece.len()));
        sleep(Duration::from_secs(1) / u32::try_from(TURNS_PER_SECOND).unwrap_or(1)).await;
    }
    Ok(Ending::Reset)
}

/// Waits for a step of the test, or for the peer to go.
async fn step(exchange: &mut Exchange<'_>) -> Result<(), Stop> {
    let steps = exchange.floor.steps(exchange.request.tag());
    tokio::select! {
        step = steps.acquire() => {
            step.expect("the steps are never closed").forget();
            Ok(())
        }
        // Fills the buffer only: a next request in it is not lost.
        gone = async { loop { if let Err(gone) = exchange.reader.fill().await { break gone } } } => {
            Err(gone.into())
        }
    }
}
