//! The bytes of a connection to an upstream, plain or TLS. Knows the first byte that came, and no HTTP.
//!
//! What they go through is a [`Socket`]: TCP, a Unix socket, or memory.

use std::{
    fmt,
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    task::{Context, Poll, ready},
};

#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf},
    net::TcpStream,
};

use crate::connect::Io;

/// A connection to an upstream: plain or TLS.
///
/// Handed out by [`into_upgraded`](super::into_upgraded). Dropping it closes the connection.
pub struct UpstreamIo {
    kind: Kind,
    /// Under hyper a shutdown must not wait for a peer that reads nothing; after an upgrade it must, as it is the
    /// half-close of a byte stream.
    is_patient: bool,
}

enum Kind {
    Plain(Sniffed),
    #[cfg(feature = "tls-no-provider")]
    Tls(Box<tokio_rustls::client::TlsStream<Sniffed>>),
}

impl UpstreamIo {
    pub(super) const fn plain(tcp: Sniffed) -> Self {
        Self { kind: Kind::Plain(tcp), is_patient: false }
    }

    #[cfg(feature = "tls-no-provider")]
    pub(super) fn tls(stream: tokio_rustls::client::TlsStream<Sniffed>) -> Self {
        Self { kind: Kind::Tls(Box::new(stream)), is_patient: false }
    }

    pub(super) fn into_patient(mut self) -> Self {
        self.is_patient = true;
        self
    }

    pub(super) const fn is_tls(&self) -> bool {
        !matches!(self.kind, Kind::Plain(_))
    }

    fn stream(&mut self) -> Pin<&mut (dyn Io + '_)> {
        match &mut self.kind {
            Kind::Plain(tcp) => Pin::new(tcp),
            #[cfg(feature = "tls-no-provider")]
            Kind::Tls(tls) => Pin::new(&mut **tls),
        }
    }
}

impl fmt::Debug for UpstreamIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamIo").field("tls", &self.is_tls()).finish_non_exhaustive()
    }
}

impl AsyncRead for UpstreamIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream().poll_read(cx, buf)
    }
}

impl AsyncWrite for UpstreamIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().stream().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().stream().poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.kind {
            Kind::Plain(tcp) => tcp.is_write_vectored(),
            #[cfg(feature = "tls-no-provider")]
            Kind::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match this.stream().poll_shutdown(cx) {
            Poll::Pending if !this.is_patient => Poll::Ready(Ok(())),
            polled => polled,
        }
    }
}

/// The first byte that a peer ever sent. It tells TLS, HTTP/1 and HTTP/2 apart when they were mixed up.
#[derive(Clone, Debug)]
pub(super) struct FirstByte(Arc<AtomicU16>);

impl FirstByte {
    /// Stands for no byte yet; no byte has this value.
    const NONE: u16 = 0x100;

    fn get(&self) -> Option<u8> {
        u8::try_from(self.0.load(Ordering::Relaxed)).ok()
    }

    /// A TLS record: alert or handshake (RFC 8446 §5.1).
    pub(super) fn is_tls(&self) -> bool {
        matches!(self.get(), Some(0x15 | 0x16))
    }

    /// The `H` of `HTTP/1.1`. No TLS record and no HTTP/2 server starts with it.
    pub(super) fn is_http1(&self) -> bool {
        self.get() == Some(b'H')
    }
}

/// What carries the bytes.
pub(super) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    /// The other end is in this process.
    Memory(DuplexStream),
}

impl Socket {
    fn io(&mut self) -> Pin<&mut (dyn Io + '_)> {
        match self {
            Self::Tcp(tcp) => Pin::new(tcp),
            #[cfg(unix)]
            Self::Unix(unix) => Pin::new(unix),
            Self::Memory(memory) => Pin::new(memory),
        }
    }
}

/// A connection that notes the first byte that comes.
pub(super) struct Sniffed {
    socket: Socket,
    first: FirstByte,
    is_noted: bool,
}

impl Sniffed {
    pub(super) fn new(socket: Socket) -> Self {
        Self { socket, first: FirstByte(Arc::new(AtomicU16::new(FirstByte::NONE))), is_noted: false }
    }

    pub(super) fn first_byte(&self) -> FirstByte {
        self.first.clone()
    }
}

impl AsyncRead for Sniffed {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.is_noted {
            return this.socket.io().poll_read(cx, buf);
        }
        let before = buf.filled().len();
        ready!(this.socket.io().poll_read(cx, buf))?;
        if let Some(byte) = buf.filled().get(before) {
            this.first.0.store(u16::from(*byte), Ordering::Relaxed);
            this.is_noted = true;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Sniffed {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().socket.io().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().socket.io().poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.socket {
            Socket::Tcp(tcp) => tcp.is_write_vectored(),
            #[cfg(unix)]
            Socket::Unix(unix) => unix.is_write_vectored(),
            Socket::Memory(memory) => memory.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().socket.io().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().socket.io().poll_shutdown(cx)
    }
}
