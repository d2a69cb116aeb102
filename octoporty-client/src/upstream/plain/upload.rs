//! A request whose body is sent while its answer may already come: the two directions of one connection, side by side.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use octoporty_core::{
    http1::RequestKind,
    proto::{ReadError, Received},
    session::RecvStream,
};
use tokio::{
    io::AsyncWrite,
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Notify,
};

use super::{
    PlainAnswer, PlainPool, PlainRequest, TellInterim,
    answer::{Interims, ReadHead},
    body::{Behind, PlainBody},
    connection::{Failed, poll_head},
    link::Link,
};
use crate::upstream::{connection::Spawner, error::UpstreamError, exchange::CONTINUE_TIMEOUT, target::UpstreamTarget};

/// Most pieces of a body that go out in one write.
const PIECES_PER_WRITE: usize = 8;

/// Bytes of the body after which no more pieces are gathered for one write.
const BYTES_PER_WRITE: usize = 256 << 10;

/// What the two directions know of each other.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The writing half, once the whole body is written.
    writer: Mutex<Option<OwnedWriteHalf>>,
    /// Bytes of the body that the connection took.
    bytes: AtomicU64,
    /// The body moved since this was last looked at.
    has_moved: AtomicBool,
    /// The body has nothing to give at the moment.
    is_starved: AtomicBool,
    /// Told when a body that is held back may go: after a 100, or when the answer is there.
    released: Notify,
    /// The final head is there, so that no 100 may follow it.
    is_answered: AtomicBool,
}

impl Progress {
    /// Bytes of the body that the connection took.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The writing half, if the whole body was written.
    pub(super) fn take_writer(&self) -> Option<OwnedWriteHalf> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether a head timeout should start again: the body moved, or it is the body that is waited for.
    fn excuses_silence(&self) -> bool {
        let has_moved = self.has_moved.swap(false, Ordering::Relaxed);
        has_moved || self.is_starved.load(Ordering::Relaxed)
    }
}

/// Where a request goes, and its connection behind it.
pub(super) struct Way<'a> {
    pub(super) target: &'a Arc<UpstreamTarget>,
    pub(super) pool: &'a Arc<PlainPool>,
    pub(super) spawner: Spawner,
    /// How long opening the connection took; none when it was open already.
    pub(super) connect: Option<Duration>,
}

/// The two directions of `tcp`, for a request whose body `recv` brings.
pub(super) fn split(tcp: TcpStream, request: &PlainRequest, recv: RecvStream, way: Way<'_>) -> (Answering, Upload) {
    let (read, write) = tcp.into_split();
    let progress = Arc::new(Progress::default());
    let answering = Answering {
        read,
        kind: request.kind,
        target: Arc::clone(way.target),
        pool: Arc::clone(way.pool),
        spawner: way.spawner,
        connect: way.connect,
        progress: Arc::clone(&progress),
    };
    let head = Bytes::copy_from_slice(&request.head);
    let expects_continue = request.expects_continue;
    (answering, Upload { write, head, recv, left: request.body, expects_continue, progress })
}

/// The answer to come.
#[derive(Debug)]
pub(crate) struct Answering {
    read: OwnedReadHalf,
    kind: RequestKind,
    target: Arc<UpstreamTarget>,
    pool: Arc<PlainPool>,
    spawner: Spawner,
    connect: Option<Duration>,
    progress: Arc<Progress>,
}

impl Answering {
    pub(crate) fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// The head of the answer. While the body of the request moves, or is itself waited for, the time for it starts anew.
    pub(crate) async fn answer(mut self, tell: TellInterim<'_>) -> Result<PlainAnswer, UpstreamError> {
        let reused = self.connect.is_none();
        let (mut held, mut interims) = (BytesMut::new(), Interims::telling(tell));
        let mut reading = std::pin::pin!(poll_fn(|context| {
            let had_continued = interims.continued;
            let read = poll_head(&mut self.read, &mut held, self.kind, &mut interims, context);
            if read.is_ready() {
                self.progress.is_answered.store(true, Ordering::Relaxed);
            }
            if read.is_ready() || interims.continued != had_continued {
                self.progress.released.notify_one();
            }
            read
        }));
        let read = match self.target.head_timeout() {
            None => reading.await,
            Some(limit) => loop {
                match tokio::time::timeout(limit, &mut reading).await {
                    Ok(read) => break read,
                    Err(_elapsed) if self.progress.excuses_silence() => {}
                    Err(_elapsed) => break Err(Failed::Late(limit)),
                }
            },
        };
        let ReadHead { head, framing, inline, reusable } = read.map_err(|failed| failed.name(&self.target, reused))?;
        let link = Link::Half(self.read, self.progress);
        let behind = Behind { framing, held, reusable };
        let rest = PlainBody::follow(link, behind, &self.target, &self.pool, &self.spawner);
        Ok(PlainAnswer { head, inline, rest, connect: self.connect })
    }
}

/// Why a body did not go out as it was announced. The request must not look complete to its upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UploadError {
    /// The stream brought more or fewer bytes than the head says, or something else than a body (R36).
    Malformed,
    /// The stream ended early.
    Cut(ReadError),
}

/// The request on its way: its head, and its body as the tunnel brings it.
#[derive(Debug)]
pub(crate) struct Upload {
    write: OwnedWriteHalf,
    /// What is still to be written of the head.
    head: Bytes,
    recv: RecvStream,
    /// Bytes of the body that are still to come.
    left: u64,
    /// The body waits for a 100.
    expects_continue: bool,
    progress: Arc<Progress>,
}

impl Upload {
    /// Sends everything. An upstream that takes no more is no error here: its answer, or that there is none, says why.
    /// `ask` is called when a body that the visitor holds back is wanted.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the rest of the body.
    pub(crate) async fn run(mut self, ask: impl FnOnce()) -> Result<(), UploadError> {
        let mut pieces = Vec::with_capacity(PIECES_PER_WRITE);
        let mut head_bytes = self.head.len();
        pieces.push(std::mem::take(&mut self.head));
        if self.expects_continue {
            if self.write_pieces(&mut pieces).await.is_err() {
                return Ok(());
            }
            head_bytes = 0;
            // Not all upstreams send a 100.
            let _in_time = tokio::time::timeout(CONTINUE_TIMEOUT, self.progress.released.notified()).await;
            if self.progress.is_answered.load(Ordering::Relaxed) {
                // It was refused.
                return Ok(());
            }
            ask();
        }
        loop {
            let ended = self.gather(&mut pieces).await?;
            if !pieces.is_empty() {
                let total = pieces.iter().map(Bytes::len).sum::<usize>();
                if self.write_pieces(&mut pieces).await.is_err() {
                    return Ok(());
                }
                let body = u64::try_from(total - head_bytes).unwrap_or(u64::MAX);
                self.progress.bytes.fetch_add(body, Ordering::Relaxed);
                head_bytes = 0;
            }
            if ended {
                *self.progress.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.write);
                return Ok(());
            }
        }
    }

    /// Takes what the tunnel has, and waits for it unless something is at hand already. Says whether the body ended.
    async fn gather(&mut self, pieces: &mut Vec<Bytes>) -> Result<bool, UploadError> {
        poll_fn(|context| {
            let mut bytes = 0;
            while pieces.len() < PIECES_PER_WRITE && bytes < BYTES_PER_WRITE {
                match self.recv.poll_read(context) {
                    Poll::Ready(Ok(Some(Received::Data(piece)))) => {
                        bytes += piece.len();
                        let count = u64::try_from(piece.len()).unwrap_or(u64::MAX);
                        self.left = self.left.checked_sub(count).ok_or(UploadError::Malformed)?;
                        pieces.push(piece);
                    }
                    // A body of a known length has no trailers in HTTP/1.1.
                    Poll::Ready(Ok(Some(Received::Trailers(_)))) => {}
                    Poll::Ready(Ok(None)) if self.left == 0 => return Poll::Ready(Ok(true)),
                    Poll::Ready(Ok(None | Some(Received::Head(_)))) => {
                        return Poll::Ready(Err(UploadError::Malformed));
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(UploadError::Cut(error))),
                    Poll::Pending if pieces.is_empty() => {
                        self.progress.is_starved.store(true, Ordering::Relaxed);
                        return Poll::Pending;
                    }
                    Poll::Pending => break,
                }
            }
            self.progress.is_starved.store(false, Ordering::Relaxed);
            Poll::Ready(Ok(false))
        })
        .await
    }

    async fn write_pieces(&mut self, pieces: &mut Vec<Bytes>) -> io::Result<()> {
        poll_fn(|context| self.poll_write_pieces(pieces, context)).await
    }

    fn poll_write_pieces(&mut self, pieces: &mut Vec<Bytes>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut first = 0;
        let written = loop {
            let Some(waiting) = pieces.get(first..).filter(|waiting| !waiting.is_empty()) else {
                break Poll::Ready(Ok(()));
            };
            let mut slices = [IoSlice::new(&[]); PIECES_PER_WRITE];
            let mut count = 0;
            for (slice, piece) in slices.iter_mut().zip(waiting) {
                *slice = IoSlice::new(piece);
                count += 1;
            }
            let mut written = match Pin::new(&mut self.write).poll_write_vectored(context, &slices[..count]) {
                Poll::Ready(Ok(0)) => break Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => written,
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            };
            self.progress.has_moved.store(true, Ordering::Relaxed);
            while let Some(piece) = pieces.get_mut(first)
                && written >= piece.len()
            {
                written -= piece.len();
                first += 1;
            }
            if let Some(piece) = pieces.get_mut(first) {
                piece.advance(written);
            }
        };
        pieces.drain(..first);
        written
    }
}
