//! A connection of the raw upstream: one exchange after the other, until one side has enough.

use std::time::Duration;

use bytes::Bytes;
use tokio::{
    io::{AsyncWriteExt as _, split},
    time::{Instant, timeout},
};

use super::{
    Anomaly,
    exchange::{Ending, Exchange, Reader, Stop, Transport, Writer},
    floor::Floor,
    request::Request,
    routes,
};
use crate::wire::Gone;

/// How long to wait for the peer's end after our own, so that it is not reset while it still reads.
const LINGER: Duration = Duration::from_secs(3);

/// Serves `transport` to its end.
pub(super) async fn serve(transport: Box<dyn Transport>, floor: &Floor) {
    let _open = OpenConnection { floor };
    let connection = floor.ledger.connected();
    let (read, mut writer) = split(transport);
    let mut reader = Reader::new(read);
    let ending = loop {
        match exchange(connection, floor, &mut reader, &mut writer).await {
            Ok(Ending::KeepAlive) => {}
            ended => break ended,
        }
    };
    let gone = match ending {
        Ok(Ending::Reset) => {
            let (read, _) = reader.into_parts();
            // A socket that is gone already cannot be reset, and need not be.
            read.unsplit(writer).tcp().set_zero_linger().ok();
            return;
        }
        Ok(_) | Err(Stop::BadBody) => {
            // The peer may have left; then its way of leaving shows below.
            writer.shutdown().await.ok();
            timeout(LINGER, reader.until_gone()).await.ok()
        }
        Err(Stop::Gone(gone)) => Some(gone),
    };
    if let Some(gone) = gone.or_else(|| reader.gone()) {
        note_gone(floor, connection, gone);
    }
}

/// Counts the connection as closed, also when its task is stopped.
struct OpenConnection<'a> {
    floor: &'a Floor,
}

impl Drop for OpenConnection<'_> {
    fn drop(&mut self) {
        self.floor.ledger.disconnected();
    }
}

async fn exchange(connection: u64, floor: &Floor, reader: &mut Reader, writer: &mut Writer) -> Result<Ending, Stop> {
    let head = match reader.head().await {
        Ok(Some(head)) => head,
        Ok(None) => {
            let shown = Bytes::copy_from_slice(&reader.buffered()[..1_000]);
            note_no_request(floor, connection, &shown, Anomaly::HeadTooLong);
            return Ok(Ending::Reset);
        }
        Err(gone) => {
            let rest = Bytes::copy_from_slice(reader.buffered());
            if !rest.is_empty() {
                note_no_request(floor, connection, &rest, Anomaly::CutHead);
            }
            return Err(gone.into());
        }
    };
    let request = Request::parse(&head);
    let is_last = request.is_last();
    let number = floor.ledger.push(|number| request.record(&head, number, connection));
    let mut exchange = Exchange { request, number, floor, reader, writer, is_body_read: false };
    let ending = Box::pin(routes::route(&mut exchange)).await?;
    exchange.note(|record| record.answered = Some(Instant::now()));
    if ending != Ending::KeepAlive {
        return Ok(ending);
    }
    exchange.read_body().await?;
    Ok(if is_last { Ending::Close } else { ending })
}

/// Records bytes that are no request.
fn note_no_request(floor: &Floor, connection: u64, bytes: &Bytes, anomaly: Anomaly) {
    let mut request = Request::parse(bytes);
    request.anomalies = vec![anomaly];
    floor.ledger.push(|number| request.record(bytes, number, connection));
}

/// Marks all requests of the connection: the peer has left all of them.
fn note_gone(floor: &Floor, connection: u64, gone: Gone) {
    let now = Instant::now();
    floor.ledger.update_all(
        |record| record.connection == connection && record.gone.is_none(),
        |record| record.gone = Some((gone, now)),
    );
}
