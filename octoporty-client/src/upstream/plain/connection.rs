//! One plain exchange on one connection: the request out, the head of the answer in.

use std::{
    future::poll_fn,
    io,
    mem::MaybeUninit,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::BytesMut;
use octoporty_core::{
    http1::{HeadError, RequestKind},
    limits,
    session::RecvStream,
};
use tokio::{
    io::{AsyncRead, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    time::Instant,
};

use super::{
    PlainAnswer, PlainPool, PlainRequest,
    answer::{Interims, ReadHead, TellInterim, read_head},
    body::{Behind, PlainBody},
    link::Link,
    upload::{self, Answering, Upload},
};
use crate::upstream::{
    dial::{Dialer, name},
    error::UpstreamError,
    target::UpstreamTarget,
};

/// Bytes of one read while the head is awaited: a small answer whole. They are on the stack, so a waiting exchange holds
/// no buffer.
const HEAD_READ_BYTES: usize = 16 << 10;

/// What a plain exchange needs of its client.
#[derive(Clone, Copy)]
pub(in crate::upstream) struct PlainClient<'a> {
    pub(in crate::upstream) pool: &'a Arc<PlainPool>,
    pub(in crate::upstream) dialer: &'a Dialer,
}

/// Why an exchange failed on one connection.
pub(super) enum Failed {
    /// The connection had ended before any byte of an answer.
    Ended(io::Error),
    Head(HeadError),
    /// No head within this time.
    Late(Duration),
}

impl PlainClient<'_> {
    /// Sends a request and reads the head of its answer. A connection that had been idle may have ended at this very
    /// moment; then a request that may be repeated is sent once more, on a new one.
    pub(in crate::upstream) async fn send(
        self,
        target: &Arc<UpstreamTarget>,
        request: &PlainRequest,
        tell: TellInterim<'_>,
    ) -> Result<PlainAnswer, UpstreamError> {
        let reused = self.pool.take(target);
        let was_reused = reused.is_some();
        if let Some(tcp) = reused {
            match self.exchange(tcp, target, request, tell).await {
                Ok(answer) => return Ok(answer),
                Err(Failed::Ended(_)) if request.repeatable => {}
                Err(failed) => return Err(failed.name(target, was_reused)),
            }
        }
        let since = Instant::now();
        let tcp = self.dialer.open_plain(target).await?;
        let connect = Some(since.elapsed());
        let answered = self.exchange(tcp, target, request, tell).await;
        answered.map(|answer| PlainAnswer { connect, ..answer }).map_err(|failed| failed.name(target, false))
    }

    /// Takes or opens a connection for a request whose body `recv` brings. Nothing is sent before both of what it gives
    /// are polled, side by side.
    pub(in crate::upstream) async fn begin(
        self,
        target: &Arc<UpstreamTarget>,
        request: &PlainRequest,
        recv: RecvStream,
    ) -> Result<(Answering, Upload), UpstreamError> {
        let (tcp, connect) = match self.pool.take(target) {
            Some(tcp) => (tcp, None),
            None => {
                let since = Instant::now();
                (self.dialer.open_plain(target).await?, Some(since.elapsed()))
            }
        };
        let spawner = self.dialer.spawner.clone();
        Ok(upload::split(tcp, request, recv, upload::Way { target, pool: self.pool, spawner, connect }))
    }

    async fn exchange(
        self,
        mut tcp: TcpStream,
        target: &Arc<UpstreamTarget>,
        request: &PlainRequest,
        tell: TellInterim<'_>,
    ) -> Result<PlainAnswer, Failed> {
        tcp.write_all(&request.head).await.map_err(Failed::Ended)?;
        let mut held = BytesMut::new();
        let mut interims = Interims::telling(tell);
        let reading = poll_fn(|context| poll_head(&mut tcp, &mut held, request.kind, &mut interims, context));
        let read = match target.head_timeout() {
            Some(limit) => tokio::time::timeout(limit, reading).await.map_err(|_elapsed| Failed::Late(limit))?,
            None => reading.await,
        };
        let ReadHead { head, framing, inline, reusable } = read?;
        let behind = Behind { framing, held, reusable };
        let rest = PlainBody::follow(Link::Whole(tcp), behind, target, self.pool, &self.dialer.spawner);
        Ok(PlainAnswer { head, inline, rest, connect: None })
    }
}

/// Reads until a whole final head is there. What is behind its inline bytes is left in `held`.
pub(super) fn poll_head(
    tcp: &mut (impl AsyncRead + Unpin),
    held: &mut BytesMut,
    kind: RequestKind,
    interims: &mut Interims<'_>,
    context: &mut Context<'_>,
) -> Poll<Result<ReadHead, Failed>> {
    loop {
        let mut room = [MaybeUninit::uninit(); HEAD_READ_BYTES];
        let mut read = ReadBuf::uninit(&mut room);
        let polled = ready!(Pin::new(&mut *tcp).poll_read(context, &mut read));
        let fresh = read.filled();
        if polled.is_err() || fresh.is_empty() {
            let source = polled.err().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into());
            return Poll::Ready(Err(if held.is_empty() {
                Failed::Ended(source)
            } else {
                Failed::Head(HeadError::Incomplete)
            }));
        }
        let found = if held.is_empty() {
            let found = read_head(fresh, kind, interims).map_err(Failed::Head)?;
            let used = found.as_ref().map_or(0, |(_, used)| *used);
            held.extend_from_slice(&fresh[used..]);
            found
        } else {
            held.extend_from_slice(fresh);
            let found = read_head(held, kind, interims).map_err(Failed::Head)?;
            if let Some((_, used)) = &found {
                let _head = held.split_to(*used);
            }
            found
        };
        if let Some((head, _used)) = found {
            return Poll::Ready(Ok(head));
        }
        if held.len() > limits::ANSWER_HEAD_BYTES_MAX * usize::from(limits::HEADS_PER_STREAM_MAX) {
            return Poll::Ready(Err(Failed::Head(HeadError::TooManyInterim)));
        }
    }
}

impl Failed {
    pub(super) fn name(self, target: &UpstreamTarget, reused: bool) -> UpstreamError {
        let upstream = name(target);
        match self {
            Self::Ended(source) => UpstreamError::Reset { upstream, reused, source: source.into() },
            Self::Head(HeadError::TlsInstead) => UpstreamError::SpeaksHttps { upstream },
            Self::Head(HeadError::NotHttp) => UpstreamError::NotHttp { upstream },
            Self::Head(HeadError::Incomplete) => {
                let source = "the connection ended inside the head".into();
                UpstreamError::Reset { upstream, reused, source }
            }
            Self::Late(after) => UpstreamError::HeadTimeout { upstream, after },
            Self::Head(source) => UpstreamError::BadAnswer { upstream, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::stream;
    use tokio_util::io::StreamReader;

    use super::*;

    /// How the reading of a head fails when this comes, and then a reset.
    async fn failed(before: &'static str) -> Failed {
        let before = (!before.is_empty()).then(|| Ok::<_, io::Error>(Bytes::from_static(before.as_bytes())));
        let reset = Err(io::ErrorKind::ConnectionReset.into());
        let mut tcp = StreamReader::new(stream::iter(before.into_iter().chain([reset])));
        let (mut held, mut interims) = (BytesMut::new(), Interims::telling(&|_head| {}));
        let read = poll_fn(|cx| poll_head(&mut tcp, &mut held, RequestKind::Other, &mut interims, cx)).await;
        read.expect_err("there is no head")
    }

    #[tokio::test]
    async fn a_reset_behind_bytes_is_no_reason_to_ask_again() {
        assert!(matches!(failed("").await, Failed::Ended(_)));
        assert!(matches!(failed("HTTP/1.1 200 O").await, Failed::Head(HeadError::Incomplete)));
    }
}
