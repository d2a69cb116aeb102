//! An upgraded connection: bytes both ways, untouched, each direction with its own end.
//!
//! Subprotocols, extensions, fragments, pings and close codes are the business of the two WebSocket ends
//! (RFC 6455); nothing here looks inside.

use std::{
    cell::RefCell,
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use crate::{
    frame::{Reset, ResetCode, Side},
    proto::Received,
    session::{RecvStream, SendStream},
};

/// Bytes of one read. The buffer is the thread's, so that a connection that waits holds none.
const SCRATCH_BYTES: usize = 64 << 10;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A connection of any kind.
pub type BoxedIo = Box<dyn Io>;

/// A byte stream in both directions.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + std::fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + std::fmt::Debug> Io for T {}

/// What passed, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relayed {
    /// Bytes from the tunnel to the connection.
    pub bytes_in: u64,
    /// Bytes from the connection to the tunnel.
    pub bytes_out: u64,
    /// Why it did not end in good order, if it did not.
    pub reset: Option<Reset>,
}

/// Moves bytes between a connection and a stream until both directions ended, either failed, or nothing passed for
/// `idle`. `side` is whose connection it is. An end in one direction leaves the other open (half-close).
pub async fn relay(
    io: &mut dyn Io,
    leftover: Bytes,
    send: SendStream,
    recv: RecvStream,
    idle: Duration,
    side: Side,
) -> Relayed {
    let mut relay = Relay {
        io,
        send,
        recv,
        side,
        idle,
        outbound: (!leftover.is_empty()).then_some(leftover),
        inbound: None,
        outbound_ended: false,
        inbound_ended: false,
        unflushed: false,
        moved: false,
        timer: Box::pin(tokio::time::sleep(idle)),
        relayed: Relayed { bytes_in: 0, bytes_out: 0, reset: None },
    };
    if let Err(reset) = poll_fn(|context| relay.poll(context)).await {
        relay.send.reset(reset.clone());
        relay.relayed.reset = Some(reset);
    }
    relay.relayed
}

struct Relay<'a> {
    io: &'a mut dyn Io,
    send: SendStream,
    recv: RecvStream,
    side: Side,
    idle: Duration,
    /// Read from the connection, not taken by the stream yet.
    outbound: Option<Bytes>,
    /// Read from the stream, not written to the connection yet.
    inbound: Option<Bytes>,
    outbound_ended: bool,
    inbound_ended: bool,
    unflushed: bool,
    /// Something passed since the last look.
    moved: bool,
    timer: Pin<Box<Sleep>>,
    relayed: Relayed,
}

impl Relay<'_> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Reset>> {
        let outbound = self.poll_outbound(context)?;
        let inbound = self.poll_inbound(context)?;
        if outbound.is_ready() && inbound.is_ready() {
            return Poll::Ready(Ok(()));
        }
        self.keep_time(context)
    }

    fn poll_outbound(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Reset>> {
        while !self.outbound_ended {
            if let Some(bytes) = &self.outbound {
                ready!(self.send.poll_write(context, bytes)).map_err(gone)?;
                self.relayed.bytes_out += length(bytes);
                self.outbound = None;
            }
            if let Poll::Ready(ready) = self.send.poll_ready(context) {
                ready.map_err(gone)?;
            } else {
                return Poll::Pending;
            }
            match read_chunk(self.io, context) {
                Poll::Ready(Ok(bytes)) if bytes.is_empty() => {
                    self.send.finish(None).map_err(gone)?;
                    self.outbound_ended = true;
                }
                Poll::Ready(Ok(bytes)) => self.outbound = Some(bytes),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(self.broken(&error))),
                Poll::Pending => {
                    if let Poll::Ready(error) = self.send.poll_stopped(context) {
                        return Poll::Ready(Err(gone(error)));
                    }
                    return Poll::Pending;
                }
            }
            self.moved = true;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_inbound(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Reset>> {
        while !self.inbound_ended {
            if let Some(bytes) = &mut self.inbound {
                while !bytes.is_empty() {
                    let wrote = ready!(Pin::new(&mut self.io).poll_write(context, bytes));
                    let wrote = wrote.map_err(|error| broken(self.side, &error))?;
                    if wrote == 0 {
                        return Poll::Ready(Err(broken(self.side, &io::ErrorKind::WriteZero.into())));
                    }
                    self.relayed.bytes_in += u64::try_from(wrote).unwrap_or(u64::MAX);
                    self.unflushed = true;
                    self.moved = true;
                    drop(bytes.split_to(wrote));
                }
                self.inbound = None;
            }
            match self.recv.poll_read(context) {
                Poll::Ready(Ok(Some(Received::Data(bytes)))) => self.inbound = Some(bytes),
                Poll::Ready(Ok(Some(Received::Head(_) | Received::Trailers(_)))) => {
                    return Poll::Ready(Err(Reset::new(ResetCode::Internal, Side::Internal)));
                }
                Poll::Ready(Ok(None)) => {
                    let shut = ready!(Pin::new(&mut self.io).poll_shutdown(context));
                    shut.map_err(|error| broken(self.side, &error))?;
                    self.inbound_ended = true;
                }
                Poll::Ready(Err(_)) => return Poll::Ready(Err(Reset::cancelled())),
                Poll::Pending => {
                    if self.unflushed {
                        let flushed = ready!(Pin::new(&mut self.io).poll_flush(context));
                        flushed.map_err(|error| broken(self.side, &error))?;
                        self.unflushed = false;
                    }
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// The timer is left alone while bytes pass, and set anew when it finds that some did.
    fn keep_time(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Reset>> {
        while Future::poll(self.timer.as_mut(), context).is_ready() {
            if !std::mem::take(&mut self.moved) {
                let detail = format!("nothing passed for {} s", self.idle.as_secs());
                return Poll::Ready(Err(Reset::with_detail(ResetCode::Timeout, self.side, detail)));
            }
            self.timer.as_mut().reset(Instant::now() + self.idle);
        }
        Poll::Pending
    }

    fn broken(&self, error: &io::Error) -> Reset {
        broken(self.side, error)
    }
}

fn broken(side: Side, error: &io::Error) -> Reset {
    let code = if side == Side::Visitor { ResetCode::Cancelled } else { ResetCode::BadAnswer };
    Reset::with_detail(code, side, error.to_string())
}

fn gone(_error: crate::proto::WriteError) -> Reset {
    Reset::cancelled()
}

fn length(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Reads what is there into the thread's scratch buffer and copies out just that; empty at the end.
fn read_chunk(io: &mut dyn Io, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.resize(SCRATCH_BYTES, 0);
        let mut buffer = ReadBuf::new(scratch);
        ready!(Pin::new(io).poll_read(context, &mut buffer))?;
        Poll::Ready(Ok(Bytes::copy_from_slice(buffer.filled())))
    })
}
