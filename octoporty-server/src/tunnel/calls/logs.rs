//! `logs.read`, `logs.histogram` and `logs.follow`: the Gateway's own log lines.

use std::{
    future::pending,
    sync::{Arc, atomic::Ordering},
};

use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use octoporty_core::{
    message::{CallAnswer, LogBatch, LogsFollow, LogsRead, MessageError, decode, encode, encode_record},
    session::{CallError, Incoming, SendStream},
};
use tokio::time::Instant;

use super::dispatch::{Caller, Refusal};
use crate::{LogSource, logs::Tail};

pub(super) const READ: &str = "logs.read";
pub(super) const HISTOGRAM: &str = "logs.histogram";
pub(super) const FOLLOW: &str = "logs.follow";

/// Largest body of `logs.follow`, in bytes: a filter.
const FOLLOW_BYTES_MAX: usize = 4 << 10;

pub(super) async fn read(caller: &Caller, body: &[u8]) -> Result<Bytes, Refusal> {
    let query = decode::<LogsRead>("log query", body)?.bounded();
    let logs = source(caller)?;
    let page = tokio::task::spawn_blocking(move || logs.read(&query)).await?;
    Ok(encode(&page).into())
}

pub(super) async fn histogram(caller: &Caller) -> Result<Bytes, Refusal> {
    let logs = source(caller)?;
    let histogram = tokio::task::spawn_blocking(move || logs.histogram()).await?;
    Ok(encode(&histogram).into())
}

fn source(caller: &Caller) -> Result<Arc<dyn LogSource>, Refusal> {
    caller.gateway.control.logs.clone().ok_or_else(|| Refusal::unavailable("this gateway keeps no log lines"))
}

/// Streams lines until the Agent has had enough, or either side leaves.
pub(super) async fn follow(caller: &Caller, incoming: Incoming) -> Result<(), CallError> {
    let Incoming { mut send, mut recv, .. } = incoming;
    let control = &caller.gateway.control;
    let body = recv.read_to_end(FOLLOW_BYTES_MAX).await?.unwrap_or_default();
    let begun = decode::<LogsFollow>("log query", &body).map_err(Refusal::from).and_then(|asked| {
        let place = control.followers.try_acquire();
        let place = place.map_err(|_none| Refusal::unavailable("too many live views of these log lines are open"))?;
        Ok((asked, place, source(caller)?))
    });
    let (asked, _place, logs) = match begun {
        Ok(begun) => begun,
        Err(Refusal { code, message }) => {
            let head = encode(&CallAnswer { ok: false, code: code.to_owned(), message });
            return Ok(send.send_head(&head, &[], true).await?);
        }
    };
    let head = encode(&CallAnswer { ok: true, code: String::new(), message: String::new() });
    send.send_head(&head, &[], false).await?;
    send.compress();
    let mut tail = Tail::new(asked.filter, Instant::now().into_std());
    let pumping = pump(caller, logs.follow(asked.after), &mut tail, &mut send);
    tokio::select! {
        outcome = pumping => outcome,
        // A stream without end would keep a lane that is left.
        _reason = caller.lane.peer_leaves() => Ok(send.finish(None)?),
        () = caller.gateway.cutting.cancelled() => Ok(send.finish(None)?),
    }
}

/// Sends what the tail lets pass. Waiting for room here costs this reader lines, and nobody else anything.
async fn pump(
    caller: &Caller,
    mut lines: BoxStream<'static, LogBatch>,
    tail: &mut Tail,
    send: &mut SendStream,
) -> Result<(), CallError> {
    loop {
        let due = tail.due();
        let telling = async {
            match due {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => pending().await,
            }
        };
        let records = tokio::select! {
            error = send.stopped() => return Err(error.into()),
            next = lines.next() => match next {
                Some(batch) => tail.take(batch, Instant::now().into_std()),
                None => return Ok(send.finish(None)?),
            },
            () = telling => vec![tail.tell_skipped()],
        };
        for record in records {
            caller.gateway.control.lines_skipped.fetch_add(record.skipped, Ordering::Relaxed);
            send.write(packed(&record)?).await?;
        }
    }
}

fn packed(record: &LogBatch) -> Result<Bytes, MessageError> {
    encode_record("log lines", record).map(Bytes::from)
}
