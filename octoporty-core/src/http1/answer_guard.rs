//! The guard of a connection to an upstream: checks answers between the transport and hyper (R16).

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    answer_flow::{AnswerExpect, AnswerFlow, Phase},
    stash::{Fetched, Stash},
};

/// A transport whose reader sees only answers that were checked.
///
/// What breaks the rules is an [`io::Error`] of kind `InvalidData` that carries a
/// [`HeadError`](super::HeadError), now and on every later read: answer 502, or cut off the answer that was
/// begun, and drop the connection. The bytes that were good until then are given to the reader first.
///
/// Bytes behind the end of an answer are an error too ([`HeadError::Tail`](super::HeadError::Tail)), for they
/// would be taken for the answer to the next request. After a 101 that was asked for, everything passes.
///
/// There are no time limits here: how long an upstream may take is the caller's matter. Writes pass untouched.
#[derive(Debug)]
pub struct AnswerGuard<IO> {
    io: IO,
    flow: AnswerFlow,
    stash: Stash,
}

impl<IO> AnswerGuard<IO> {
    /// Guards a new connection.
    #[must_use]
    pub fn new(io: IO, expect: AnswerExpect) -> Self {
        Self { io, flow: AnswerFlow::new(expect), stash: Stash::default() }
    }

    /// The transport, and the bytes that were read from it and not yet by the reader.
    #[must_use]
    pub fn into_parts(self) -> (IO, Bytes) {
        (self.io, self.stash.into_bytes())
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for AnswerGuard<IO> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        if out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            if guard.stash.release(out) {
                return Poll::Ready(Ok(()));
            }
            if let Phase::Failed(error) = guard.flow.phase {
                guard.stash.clear();
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
            }
            if !guard.stash.is_empty()
                && (guard.stash.check(&mut guard.flow) || matches!(guard.flow.phase, Phase::Failed(_)))
            {
                continue;
            }
            match ready!(guard.stash.poll_fetch(Pin::new(&mut guard.io), cx, out, &mut guard.flow))? {
                Fetched::Released => return Poll::Ready(Ok(())),
                Fetched::Kept => {}
                Fetched::Eof => {
                    // Half a head is nothing that a reader should see.
                    guard.stash.clear();
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for AnswerGuard<IO> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}
