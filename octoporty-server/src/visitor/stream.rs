//! A visitor's socket, and which answers on it end where the connection does.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// Told once an answer has begun that nothing but the end of the connection ends: one without a length for a visitor
/// by HTTP/1.0 (RFC 9112 §6.3).
#[derive(Debug, Clone, Default)]
pub(crate) struct EndsWithConnection(Arc<AtomicBool>);

impl EndsWithConnection {
    /// Such an answer begins.
    pub(super) fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A socket that is reset, not closed, if it is dropped inside such an answer. An ordinary end would say that the answer
/// is complete (R16).
#[derive(Debug)]
pub(crate) struct VisitorStream {
    stream: TcpStream,
    ends: EndsWithConnection,
    /// Dropping it now resets the connection.
    is_armed: bool,
}

impl VisitorStream {
    pub(super) const fn new(stream: TcpStream, ends: EndsWithConnection) -> Self {
        Self { stream, ends, is_armed: false }
    }

    /// The socket, for bytes that nobody takes for an answer.
    pub(crate) fn into_inner(mut self) -> TcpStream {
        self.arm(false);
        self.stream
    }

    fn arm(&mut self, arm: bool) {
        if arm == self.is_armed {
            return;
        }
        self.is_armed = arm;
        let linger = arm.then_some(Duration::ZERO);
        if let Err(error) = SockRef::from(&self.stream).set_linger(linger) {
            tracing::debug!(%error, "how the connection is to end could not be set");
        }
    }
}

impl AsyncRead for VisitorStream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buf)
    }
}

impl AsyncWrite for VisitorStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let begun = self.ends.0.load(Ordering::Relaxed);
        self.arm(begun);
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let begun = self.ends.0.load(Ordering::Relaxed);
        self.arm(begun);
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// Only behind an answer that is whole, or one whose end shows otherwise.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.ends.0.store(false, Ordering::Relaxed);
        self.arm(false);
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
