//! The guard of a visitor's connection: checks requests between the transport and hyper.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use super::{
    config::GuardConfig,
    error::{BodyError, HeadError},
    placeholder::placeholder,
    request_flow::{Phase, RequestFlow},
    stash::{Fetched, Stash},
    timer::Timer,
    verdict::{Hold, VerdictQueue},
};

/// Bytes behind the head of an upgrade that are read ahead to notice that the visitor leaves.
const HELD_READ_BYTES: usize = 512;

/// Bytes that are drained at a time.
const DRAIN_READ_BYTES: usize = 2048;

/// A transport whose reader sees only heads that were checked, and the bodies that belong to them.
///
/// - A head reaches the reader when it is whole and good. In its place, after a bad one, comes a
///   placeholder; then reads stay pending until the reader shuts the connection down. They do not end, since a
///   server takes the end for a visitor who left, and drops the answer.
/// - A broken or slow body is an [`io::Error`], `InvalidData` or `TimedOut`, that carries a
///   [`BodyError`](super::BodyError). A slow head is `TimedOut` with [`HeadError::Timeout`].
/// - An idle connection ends cleanly.
/// - Behind the head of an upgrade all bytes are held until the service decides (R14). Only the visitor's
///   leaving is reported.
/// - Shutting down drains a little of what was not read (R06).
///
/// Writes pass untouched.
#[derive(Debug)]
pub struct RequestGuard<IO> {
    io: IO,
    flow: RequestFlow,
    stash: Stash,
    config: GuardConfig,
    timer: Timer,
    /// When the connection was made or last written to.
    active: Instant,
    eof: bool,
    drain: Option<Drain>,
}

#[derive(Debug)]
struct Drain {
    bytes_left: u64,
    until: Instant,
}

impl<IO> RequestGuard<IO> {
    /// Guards a connection of which the bytes of `replay` were read already.
    #[must_use]
    pub fn new(io: IO, replay: Bytes, verdicts: VerdictQueue) -> Self {
        Self {
            io,
            flow: RequestFlow::new(verdicts),
            stash: Stash::new(replay),
            config: GuardConfig::default(),
            timer: Timer::default(),
            active: Instant::now(),
            eof: false,
            drain: None,
        }
    }

    /// Sets the time limits.
    #[must_use]
    pub const fn with_config(mut self, config: GuardConfig) -> Self {
        self.config = config;
        self
    }

    /// The transport, and the bytes that were read from it and not yet by the reader. After an upgrade they are
    /// the first bytes of the pipe.
    #[must_use]
    pub fn into_parts(self) -> (IO, Bytes) {
        (self.io, self.stash.into_bytes())
    }

    /// Whether the visitor may still be sending something that nobody will read.
    fn has_unread(&self) -> bool {
        match self.flow.phase {
            Phase::Head => self.flow.head_since.is_some() || !self.stash.is_empty(),
            Phase::Raw | Phase::Closed => false,
            Phase::Length(_)
            | Phase::Chunked(_)
            | Phase::Held
            | Phase::Refused
            | Phase::BodyFailed(_)
            | Phase::HeadTimedOut => true,
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> RequestGuard<IO> {
    fn poll_checked(&mut self, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.stash.release(out) {
                return Poll::Ready(Ok(()));
            }
            match self.flow.phase {
                Phase::Head | Phase::Length(_) | Phase::Chunked(_) => {}
                Phase::Held => {
                    if ready!(self.poll_held(cx))? == Fetched::Eof {
                        return Poll::Ready(Ok(()));
                    }
                    continue;
                }
                Phase::Raw if self.stash.is_empty() => {
                    return Pin::new(&mut self.io).poll_read(cx, out);
                }
                Phase::Raw => {
                    self.stash.pass_all();
                    continue;
                }
                Phase::Refused => return Poll::Pending,
                Phase::BodyFailed(error) => return Poll::Ready(Err(body_failed(error))),
                Phase::HeadTimedOut => return Poll::Ready(Err(head_timed_out())),
                Phase::Closed => return Poll::Ready(Ok(())),
            }
            if self.flow.poll_blocked(cx) {
                return Poll::Pending;
            }
            if !self.stash.is_empty() && (self.stash.check(&mut self.flow) || self.settle()) {
                continue;
            }
            let io = Pin::new(&mut self.io);
            match self.stash.poll_fetch(io, cx, out, &mut self.flow) {
                Poll::Pending => {
                    ready!(self.poll_late(cx));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(Fetched::Eof)) => {
                    self.eof = true;
                    // Half a head is nothing that a reader should see.
                    self.stash.clear();
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Ok(fetched)) => {
                    self.flow.clock.arrived(out.remaining() == 0);
                    // A refusal never comes with released bytes: it needs the place of a taken verdict.
                    let _settled = self.settle();
                    if fetched == Fetched::Released {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }

    /// Acts on a phase in which what is held will not be checked. Says whether it is such a phase.
    fn settle(&mut self) -> bool {
        match self.flow.phase {
            Phase::Refused => self.stash.replace(placeholder(self.stash.bytes())),
            Phase::BodyFailed(_) => self.stash.clear(),
            Phase::Held => {}
            _ => return false,
        }
        true
    }

    /// Nothing came. Ready when a deadline has passed, with the phase that follows from it.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let (deadline, late) = match self.flow.phase {
                // An empty line before a request is nothing yet.
                Phase::Head if matches!(self.stash.bytes(), b"" | b"\r" | b"\r\n") => {
                    (self.active + self.config.keep_alive_timeout, Phase::Closed)
                }
                Phase::Head => {
                    let since = *self.flow.head_since.get_or_insert_with(Instant::now);
                    (since + self.config.head_timeout, Phase::HeadTimedOut)
                }
                Phase::Length(_) | Phase::Chunked(_) => {
                    let (deadline, error) = self.flow.clock.wait(&self.config);
                    (deadline, Phase::BodyFailed(error))
                }
                _ => return Poll::Pending,
            };
            if !self.timer.poll_passed(cx, deadline) {
                return Poll::Pending;
            }
            match late {
                // A request is being answered, for as long as that takes. The time starts anew.
                Phase::Closed | Phase::HeadTimedOut if self.flow.verdicts().is_busy() => {
                    self.active = Instant::now();
                    self.flow.head_since = self.flow.head_since.map(|_| self.active);
                }
                Phase::BodyFailed(error) => {
                    self.flow.fail_body(error);
                    return Poll::Ready(());
                }
                late => {
                    self.stash.clear();
                    self.flow.phase = late;
                    return Poll::Ready(());
                }
            }
        }
    }

    /// Behind the head of an upgrade: waits for the service, and watches whether the visitor leaves.
    fn poll_held(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Fetched>> {
        match self.flow.verdicts().poll_hold(cx) {
            Hold::Upgraded => {
                self.flow.phase = Phase::Raw;
                return Poll::Ready(Ok(Fetched::Kept));
            }
            Hold::Refused | Hold::None => {
                self.flow.phase = Phase::Head;
                return Poll::Ready(Ok(Fetched::Kept));
            }
            Hold::Waiting => {}
        }
        if self.eof {
            return Poll::Ready(Ok(Fetched::Eof));
        }
        if !self.stash.is_empty() {
            return Poll::Pending;
        }
        let mut room = [0; HELD_READ_BYTES];
        let mut ahead = ReadBuf::new(&mut room);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut ahead))?;
        if ahead.filled().is_empty() {
            self.eof = true;
            return Poll::Ready(Ok(Fetched::Eof));
        }
        self.stash.keep(ahead.filled());
        Poll::Pending
    }

    /// After the write side was shut down: reads on for a moment, because closing a socket with unread bytes
    /// sends a reset, which can overtake the answer.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(drain) = &mut self.drain else {
            return Poll::Ready(());
        };
        let mut room = [0; DRAIN_READ_BYTES];
        loop {
            let mut rest = ReadBuf::new(&mut room);
            match Pin::new(&mut self.io).poll_read(cx, &mut rest) {
                Poll::Pending if self.timer.poll_passed(cx, drain.until) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) => {
                    let count = u64::try_from(rest.filled().len()).unwrap_or(u64::MAX);
                    drain.bytes_left = drain.bytes_left.saturating_sub(count);
                    if count == 0 || drain.bytes_left == 0 {
                        return Poll::Ready(());
                    }
                }
            }
        }
    }

    fn note_write(&mut self, written: &Poll<io::Result<usize>>) {
        if matches!(written, Poll::Ready(Ok(_))) {
            self.active = Instant::now();
        }
    }
}

fn body_failed(error: BodyError) -> io::Error {
    let kind = match error {
        BodyError::Chunk(_) => io::ErrorKind::InvalidData,
        BodyError::Idle | BodyError::TooSlow => io::ErrorKind::TimedOut,
    };
    io::Error::new(kind, error)
}

fn head_timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, HeadError::Timeout)
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for RequestGuard<IO> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        self.get_mut().poll_checked(cx, out)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for RequestGuard<IO> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let guard = self.get_mut();
        let written = Pin::new(&mut guard.io).poll_write(cx, bytes);
        guard.note_write(&written);
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let guard = self.get_mut();
        let written = Pin::new(&mut guard.io).poll_write_vectored(cx, pieces);
        guard.note_write(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        if guard.drain.is_none() {
            ready!(Pin::new(&mut guard.io).poll_shutdown(cx))?;
            if guard.eof || !guard.has_unread() {
                return Poll::Ready(Ok(()));
            }
            guard.drain = Some(Drain {
                bytes_left: guard.config.drain_bytes_max,
                until: Instant::now() + guard.config.drain_timeout,
            });
        }
        ready!(guard.poll_drain(cx));
        Poll::Ready(Ok(()))
    }
}
