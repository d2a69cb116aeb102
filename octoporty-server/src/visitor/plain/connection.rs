//! One connection of plain requests, until it ends or something else comes over it.

use std::{
    future::poll_fn,
    io,
    mem::MaybeUninit,
    net::SocketAddr,
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures::FutureExt;
use octoporty_core::{
    http1::{Timer, find_head_end, read_request_head},
    id::RequestId,
    limits,
    proxy::HeadWriter,
};
use tokio::{
    io::{AsyncRead, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    time::Instant,
};
use tokio_util::io::poll_read_buf;

use super::{exchange::Exchange, request::PlainRequest};
use crate::gateway::Inner;

/// Bytes of one read: an ordinary head whole. They are on the stack, so a connection that waits holds no buffer.
const READ_BYTES: usize = 16 << 10;

/// Bytes of one read while an answer is awaited: requests that were sent ahead, which few visitors do.
const AHEAD_READ_BYTES: usize = 1 << 10;

/// Most bytes that are read ahead: past them the visitor waits for its answers.
const AHEAD_BYTES_MAX: usize = limits::HEAD_BYTES_MAX;

/// Most bytes of a body that one read takes: a piece of the tunnel. Larger ones would only be cut.
const BODY_READ_BYTES: usize = limits::PIECE_BYTES_MAX;

/// A read that filled less than this share of its buffer is copied out of it, as it may wait for long.
const FILLED_SHARE_MIN: usize = 4;

/// How a connection ended here.
#[derive(Debug)]
pub(in crate::visitor) enum Outcome {
    /// It is over.
    Closed,
    /// Something came that is not plain. The bytes were read from the stream.
    NotPlain(TcpStream, Bytes),
}

/// Who is calling, as far as the connection tells.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) peer: SocketAddr,
    /// The peer's address as forwarding fields have it.
    text: String,
}

impl Caller {
    fn new(peer: SocketAddr) -> Self {
        Self { peer, text: peer.ip().to_canonical().to_string() }
    }

    /// Sets the forwarding fields of a request that came without any (R13), as
    /// [`Forwarding::apply`](crate::forwarding::Forwarding::apply) does.
    pub(super) fn describe(&self, head: &mut HeadWriter, host: &[u8], id: RequestId) {
        head.field(b"x-forwarded-for", self.text.as_bytes());
        head.field(b"x-forwarded-proto", b"http");
        head.field(b"x-forwarded-host", host);
        head.field(b"x-real-ip", self.text.as_bytes());
        head.field(b"x-octoporty-request-id", &id.to_hex());
    }
}

/// What came next.
enum Next {
    Plain(Box<PlainRequest>),
    NotPlain,
    Closed,
}

/// What is known of the body of the request that is being answered.
#[derive(Debug)]
pub(super) struct Body {
    /// Bytes that were not read yet.
    pub(super) left: u64,
    /// Nothing of it was read but the bytes that ride with the head.
    pub(super) is_untouched: bool,
}

/// A visitor's connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) body: Body,
    caller: Caller,
    /// Bytes that were read and not used yet.
    held: BytesMut,
    /// Bytes of an incomplete head that were searched for its end.
    searched: usize,
    timer: Timer,
    /// When the connection was made, or its last answer ended.
    active: Instant,
    /// When the first byte of the head that is not whole yet came.
    head_since: Option<Instant>,
}

/// Serves plain requests until the connection ends, the Gateway stops, or something else comes.
pub(in crate::visitor) async fn serve(gateway: &Inner, stream: TcpStream, peer: SocketAddr, shard: usize) -> Outcome {
    let mut connection = Connection {
        stream,
        body: Body { left: 0, is_untouched: true },
        caller: Caller::new(peer),
        held: BytesMut::new(),
        searched: 0,
        timer: Timer::default(),
        active: Instant::now(),
        head_since: None,
    };
    let mut stopping = pin!(gateway.last_requests_are_in());
    loop {
        let next = poll_fn(|context| {
            let next = connection.poll_next(gateway, context);
            if next.is_pending() && stopping.as_mut().poll(context).is_ready() {
                return Poll::Ready(Next::Closed);
            }
            next
        });
        let mut request = match next.await {
            Next::Plain(request) => request,
            Next::NotPlain => return Outcome::NotPlain(connection.stream, connection.held.freeze()),
            Next::Closed => return Outcome::Closed,
        };
        let exchange = Exchange { gateway, shard, request: &mut request };
        // A panic costs this request alone, and its connection, as nobody knows what was sent of the answer (R62).
        match AssertUnwindSafe(exchange.run(&mut connection)).catch_unwind().await {
            Ok(true) => {}
            Ok(false) => return Outcome::Closed,
            Err(_panic) => {
                tracing::error!(request = %request.id, "a request made the gateway panic");
                return Outcome::Closed;
            }
        }
        connection.active = Instant::now();
    }
}

impl Connection {
    fn poll_next(&mut self, gateway: &Inner, context: &mut Context<'_>) -> Poll<Next> {
        if !self.held.is_empty() && self.searched == 0 {
            let held = std::mem::take(&mut self.held);
            let (found, used) = self.read_head(gateway, &held);
            self.held = held;
            if let Some(next) = self.take(found, used) {
                return Poll::Ready(next);
            }
        }
        loop {
            let mut room = [MaybeUninit::uninit(); READ_BYTES];
            let mut read = ReadBuf::uninit(&mut room);
            match Pin::new(&mut self.stream).poll_read(context, &mut read) {
                Poll::Pending if self.poll_late(context) => return Poll::Ready(Next::Closed),
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(Next::Closed),
                // Half a head is nothing that anyone should see.
                Poll::Ready(Ok(())) if read.filled().is_empty() => return Poll::Ready(Next::Closed),
                Poll::Ready(Ok(())) => {}
            }
            let fresh = read.filled();
            let next = if self.held.is_empty() {
                let (found, used) = self.read_head(gateway, fresh);
                let kept = if matches!(found, Some(Next::Plain(_))) { used } else { 0 };
                self.held.extend_from_slice(&fresh[kept..]);
                self.take(found, 0)
            } else {
                self.held.extend_from_slice(fresh);
                let held = std::mem::take(&mut self.held);
                let (found, used) = self.read_head(gateway, &held);
                self.held = held;
                self.take(found, used)
            };
            if let Some(next) = next {
                return Poll::Ready(next);
            }
        }
    }

    /// Looks for a whole head at the front; `None` while more is needed. Says how many bytes a plain one took.
    fn read_head(&mut self, gateway: &Inner, bytes: &[u8]) -> (Option<Next>, usize) {
        // What came before is not walked again for each piece of a slow head.
        let whole = self.searched == 0 || !matches!(find_head_end(bytes, self.searched), Ok(None));
        if !whole && bytes.len() < limits::HEAD_BYTES_MAX {
            return (None, 0);
        }
        match read_request_head(bytes) {
            Ok(Some(checked)) => match PlainRequest::new(gateway, &self.caller, &checked) {
                Some(request) => (Some(Next::Plain(Box::new(request))), checked.bytes),
                None => (Some(Next::NotPlain), 0),
            },
            Ok(None) => (None, 0),
            Err(_refused) => (Some(Next::NotPlain), 0),
        }
    }

    fn take(&mut self, found: Option<Next>, used: usize) -> Option<Next> {
        match found {
            Some(Next::Plain(request)) => {
                self.held.advance(used);
                self.searched = 0;
                self.head_since = None;
                if self.held.is_empty() {
                    self.held = BytesMut::new();
                }
                Some(Next::Plain(request))
            }
            Some(other) => Some(other),
            None => {
                self.searched = self.held.len();
                None
            }
        }
    }

    /// Whether the visitor has been silent for too long: between requests, or inside a head (R15).
    fn poll_late(&mut self, context: &mut Context<'_>) -> bool {
        // An empty line before a request is nothing yet.
        let deadline = if matches!(&*self.held, b"" | b"\r" | b"\r\n") {
            self.active + limits::KEEP_ALIVE_TIMEOUT
        } else {
            *self.head_since.get_or_insert_with(Instant::now) + limits::HEAD_TIMEOUT
        };
        self.timer.poll_passed(context, deadline)
    }

    /// Begins a body of so many bytes. Gives those that are here already and may ride with the head.
    pub(super) fn begin_body(&mut self, bytes: u64) -> Bytes {
        let most = self.held.len().min(limits::INLINE_BODY_BYTES_MAX);
        let here = usize::try_from(bytes).map_or(most, |bytes| bytes.min(most));
        self.body = Body { left: bytes - u64::try_from(here).unwrap_or(bytes), is_untouched: true };
        self.take_held(here)
    }

    /// So many of the bytes that were read and not used yet.
    fn take_held(&mut self, count: usize) -> Bytes {
        match count {
            0 => Bytes::new(),
            all if all == self.held.len() => std::mem::take(&mut self.held).freeze(),
            some => self.held.split_to(some).freeze(),
        }
    }

    /// The next bytes of the body, and none of what is behind it; empty at the end of the connection.
    pub(super) fn poll_body(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let most = usize::try_from(self.body.left).map_or(BODY_READ_BYTES, |left| left.min(BODY_READ_BYTES));
        let piece = if self.held.is_empty() {
            let mut piece = BytesMut::with_capacity(most).limit(most);
            ready!(poll_read_buf(Pin::new(&mut self.stream), context, &mut piece))?;
            let piece = piece.into_inner();
            if piece.len() < piece.capacity() / FILLED_SHARE_MIN {
                Bytes::copy_from_slice(&piece)
            } else {
                piece.freeze()
            }
        } else {
            self.take_held(most.min(self.held.len()))
        };
        self.body.is_untouched = false;
        self.body.left -= u64::try_from(piece.len()).unwrap_or(u64::MAX).min(self.body.left);
        Poll::Ready(Ok(piece))
    }

    /// Whether a time limit has passed; if not, the task is woken then.
    pub(super) fn poll_passed(&mut self, context: &mut Context<'_>, deadline: Instant) -> bool {
        self.timer.poll_passed(context, deadline)
    }

    /// Ends the connection before all of a body was read: reads on for a moment, because closing a socket with unread
    /// bytes sends a reset, which can overtake the answer (R06).
    pub(super) async fn drain(&mut self) {
        let reading = async {
            self.stream.shutdown().await?;
            let mut left = limits::DRAIN_BODY_BYTES_MAX;
            while left > 0 {
                let room = &mut [0; AHEAD_READ_BYTES];
                let count = tokio::io::AsyncReadExt::read(&mut self.stream, room).await?;
                if count == 0 {
                    break;
                }
                left = left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
            }
            io::Result::Ok(())
        };
        // However it ends, the connection is closed behind it.
        let _drained = Box::pin(tokio::time::timeout(limits::DRAIN_BODY_TIMEOUT, reading)).await;
    }

    /// Ready once the visitor has left. Until then, what comes is kept for later.
    pub(super) fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.held.len() < AHEAD_BYTES_MAX {
            let mut room = [MaybeUninit::uninit(); AHEAD_READ_BYTES];
            let mut read = ReadBuf::uninit(&mut room);
            match Pin::new(&mut self.stream).poll_read(context, &mut read) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !read.filled().is_empty() => self.held.extend_from_slice(read.filled()),
                Poll::Ready(_) => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }

    /// Waits until the visitor has left. Cancel safe.
    pub(super) async fn gone(&mut self) {
        poll_fn(|context| self.poll_gone(context)).await;
    }
}
