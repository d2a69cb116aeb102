//! One connection: which HTTP it speaks, and serving it until it ends or the Gateway stops.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use hyper::{
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use octoporty_core::{
    http1::{RequestGuard, VerdictQueue},
    limits,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    net::TcpStream,
};

use super::{
    plain,
    replayed::Replayed,
    service,
    stream::{EndsWithConnection, VisitorStream},
};
use crate::{Gateway, gateway::Inner, limiter::Place};

/// What HTTP/2 by prior knowledge begins with (RFC 9113 §3.4). All of it is awaited here, since hyper sets no limit to the
/// time that it takes (R15).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How often a connection is looked at whose first bytes are few enough to be either.
const PREFACE_PAUSE: Duration = Duration::from_millis(10);

/// Streams of one HTTP/2 connection (R19).
const H2_STREAMS_MAX: u32 = 128;
/// Resets by a visitor that wait to be noticed (R19).
const H2_PENDING_RESETS_MAX: usize = 20;
/// Resets that the visitor's errors made us send (R19).
const H2_LOCAL_RESETS_MAX: usize = 256;
/// How often an HTTP/2 visitor is asked whether it is there (R19).
const H2_PING_INTERVAL: Duration = Duration::from_secs(20);
/// How long it has to answer. That bounds heads too: in the middle of one, no other frame may be sent (RFC 9113 §6.10).
const H2_PING_TIMEOUT: Duration = Duration::from_secs(20);

/// What the requests of one connection share.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) gateway: Arc<Inner>,
    pub(crate) peer: SocketAddr,
    /// The shard that the connection is served on.
    pub(crate) shard: usize,
    /// What the head check found; only HTTP/1 has it.
    pub(crate) verdicts: Option<VerdictQueue>,
    /// Of the connection; only HTTP/1 looks at it.
    pub(super) ends: EndsWithConnection,
    /// Counts the connection, also for as long as a WebSocket lasts that it was upgraded to (R20).
    _place: Option<Place>,
}

impl Visit {
    /// A visit by way of another server.
    pub(crate) fn embedded(gateway: &Gateway, peer: SocketAddr) -> Arc<Self> {
        let gateway = Arc::clone(&gateway.inner);
        let ends = EndsWithConnection::default();
        Arc::new(Self { gateway, peer, shard: 0, verdicts: None, ends, _place: None })
    }
}

/// Serves a connection that is no socket of ours to its end.
pub(crate) async fn serve_stream<IO>(gateway: Arc<Inner>, mut stream: IO, peer: SocketAddr, shard: usize, place: Place)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stopping = gateway.stopping.clone();
    let mut first = BytesMut::new();
    let read = tokio::select! {
        read = tokio::time::timeout(limits::KEEP_ALIVE_TIMEOUT, read_preface(&mut stream, &mut first)) => read,
        () = stopping.cancelled() => return,
    };
    let outcome = match read {
        Ok(Ok(Some(true))) => {
            let ends = EndsWithConnection::default();
            let visit = Arc::new(Visit { gateway, peer, shard, verdicts: None, ends, _place: Some(place) });
            Box::pin(serve_http2(visit, Replayed { io: stream, replay: first.freeze() })).await
        }
        Ok(Ok(Some(false))) => {
            let verdicts = VerdictQueue::new();
            // What is no socket cannot be reset; dropping it is all there is.
            let ends = EndsWithConnection::default();
            let (told, place) = (Some(verdicts.clone()), Some(place));
            let visit = Arc::new(Visit { gateway, peer, shard, verdicts: told, ends, _place: place });
            Box::pin(serve_http1(visit, stream, first.freeze(), verdicts)).await
        }
        Ok(Ok(None) | Err(_)) | Err(_) => return,
    };
    if let Err(error) = outcome {
        tracing::trace!(%peer, %error, "connection ended early");
    }
}

/// Reads until it is clear whether HTTP/2 is spoken; `None` when there will be nothing.
async fn read_preface<IO: AsyncRead + Unpin>(stream: &mut IO, first: &mut BytesMut) -> io::Result<Option<bool>> {
    loop {
        let before = first.len().min(PREFACE.len());
        if first[..before] != PREFACE[..before] {
            return Ok(Some(false));
        }
        if first.len() >= PREFACE.len() {
            return Ok(Some(true));
        }
        if stream.read_buf(first).await? == 0 {
            return Ok(None);
        }
    }
}

/// Serves a connection to its end.
pub(crate) async fn serve(gateway: Arc<Inner>, stream: TcpStream, peer: SocketAddr, shard: usize, place: Place) {
    let first = tokio::select! {
        biased;
        first = tokio::time::timeout(limits::KEEP_ALIVE_TIMEOUT, speaks_http2(&stream)) => first,
        () = gateway.last_requests_are_in() => return,
    };
    let outcome = match first {
        Ok(Ok(Some(true))) => {
            let ends = EndsWithConnection::default();
            let visit = Arc::new(Visit { gateway, peer, shard, verdicts: None, ends, _place: Some(place) });
            Box::pin(serve_http2(visit, stream)).await
        }
        Ok(Ok(Some(false))) => {
            let cutting = gateway.cutting.clone();
            let outcome = tokio::select! {
                outcome = plain::serve(&gateway, stream, peer, shard) => outcome,
                () = cutting.cancelled() => return,
            };
            let plain::Outcome::NotPlain(stream, read) = outcome else {
                return;
            };
            let verdicts = VerdictQueue::new();
            let ends = EndsWithConnection::default();
            let (told, place) = (Some(verdicts.clone()), Some(place));
            let visit = Arc::new(Visit { gateway, peer, shard, verdicts: told, ends, _place: place });
            let stream = VisitorStream::new(stream, visit.ends.clone());
            // Boxed: most connections never come here, and each would hold the room for it.
            Box::pin(serve_http1(visit, stream, read, verdicts)).await
        }
        Ok(Ok(None) | Err(_)) | Err(_) => return,
    };
    if let Err(error) = outcome {
        tracing::trace!(%peer, %error, "connection ended early");
    }
}

/// Looks at the first bytes without taking them; `None` when there will be none.
async fn speaks_http2(stream: &TcpStream) -> io::Result<Option<bool>> {
    let mut first = [0; PREFACE.len()];
    loop {
        match stream.peek(&mut first).await? {
            0 => return Ok(None),
            some if first[..some] != PREFACE[..some] => return Ok(Some(false)),
            all if all == PREFACE.len() => return Ok(Some(true)),
            // Readiness does not tell when more arrive than were there.
            _ => tokio::time::sleep(PREFACE_PAUSE).await,
        }
    }
}

/// Serves a connection of which the bytes of `read` were read already.
async fn serve_http1<IO>(visit: Arc<Visit>, stream: IO, read: Bytes, verdicts: VerdictQueue) -> hyper::Result<()>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let gateway = Arc::clone(&visit.gateway);
    let guard = RequestGuard::new(stream, read, verdicts);
    let handle = service_fn(move |request| {
        let visit = Arc::clone(&visit);
        Box::pin(async move { Ok::<_, Infallible>(service::handle(visit, request).await) })
    });
    // The guard keeps the time of heads and of idle connections, and the limits; see its module.
    let connection = http1::Builder::new().serve_connection(TokioIo::new(guard), handle).with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        biased;
        outcome = connection.as_mut() => return outcome,
        () = gateway.last_requests_are_in() => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        outcome = connection => outcome,
        () = gateway.cutting.cancelled() => Ok(()),
    }
}

async fn serve_http2<IO>(visit: Arc<Visit>, stream: IO) -> hyper::Result<()>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let gateway = Arc::clone(&visit.gateway);
    let handle = service_fn(move |request| {
        let visit = Arc::clone(&visit);
        Box::pin(async move { Ok::<_, Infallible>(service::handle(visit, request).await) })
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .enable_connect_protocol()
        .max_concurrent_streams(H2_STREAMS_MAX)
        .max_header_list_size(u32::try_from(limits::HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(H2_PENDING_RESETS_MAX)
        .max_local_error_reset_streams(H2_LOCAL_RESETS_MAX)
        .keep_alive_interval(H2_PING_INTERVAL)
        .keep_alive_timeout(H2_PING_TIMEOUT);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), handle));
    tokio::select! {
        biased;
        outcome = connection.as_mut() => return outcome,
        () = gateway.stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        outcome = connection => outcome,
        () = gateway.cutting.cancelled() => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncWriteExt, duplex},
        time::Instant,
    };

    use super::*;

    #[tokio::test]
    async fn only_the_whole_preface_is_http_2() {
        for (sent, expected) in [
            (&PREFACE[..], Some(true)),
            (b"PRI * HTTP/1.1\r\n", Some(false)),
            (b"POST / HTTP/1.1\r\n", Some(false)),
            (&PREFACE[..23], None),
            (b"", None),
        ] {
            let (mut visitor, mut stream) = duplex(100);
            visitor.write_all(sent).await.unwrap();
            drop(visitor);
            let mut first = BytesMut::new();
            assert_eq!(read_preface(&mut stream, &mut first).await.unwrap(), expected, "{sent:?}");
        }
    }

    // R15
    #[tokio::test(start_paused = true)]
    async fn half_a_head_of_http_2_does_not_hold_a_connection() {
        const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        // `:method: GET` on stream 1, with more to come; and one of the many bytes that a field's name could still have.
        const HEADERS: [u8; 10] = [0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82];
        const CONTINUATION: [u8; 9] = [0, 0, 0, 9, 0, 0, 0, 0, 1];
        let gateway = Gateway::builder().api_key("0123456789abcdef0123456789abcdef").build().unwrap();
        for drips in [false, true] {
            let (mut visitor, stream) = duplex(64 << 10);
            visitor.write_all(&[&PREFACE[..], &SETTINGS, &HEADERS].concat()).await.unwrap();
            let begin = Instant::now();
            let serving = gateway.serve_stream(stream, SocketAddr::from(([192, 0, 2, 1], 1)));
            let dripping = async {
                while drips && visitor.write_all(&CONTINUATION).await.is_ok() {
                    tokio::time::sleep(Duration::from_secs(15)).await;
                }
            };
            tokio::join!(serving, dripping);
            // Not because it is nonsense, but because it is not over: after the ping, and a pause of whoever drips.
            let after = H2_PING_INTERVAL..=H2_PING_INTERVAL + H2_PING_TIMEOUT + Duration::from_secs(15);
            assert!(after.contains(&begin.elapsed()), "{drips}: {:?}", begin.elapsed());
        }
    }

    // R15
    #[tokio::test(start_paused = true)]
    async fn half_a_preface_does_not_hold_a_connection() {
        let gateway = Gateway::builder().api_key("0123456789abcdef0123456789abcdef").build().unwrap();
        for sent in [4, PREFACE.len() - 1] {
            let (mut visitor, stream) = duplex(100);
            visitor.write_all(&PREFACE[..sent]).await.unwrap();
            let begin = Instant::now();
            gateway.serve_stream(stream, SocketAddr::from(([192, 0, 2, 1], 1))).await;
            assert_eq!(begin.elapsed(), limits::KEEP_ALIVE_TIMEOUT);
        }
    }
}
