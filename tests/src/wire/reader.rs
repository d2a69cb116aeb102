//! A buffered reader that loses no byte when a read is dropped, and that remembers how the peer went away.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Largest head that the harness reads, in bytes: far above every limit under test, so that a test sees what a
/// gateway lets through, yet bounded.
pub(crate) const HEAD_BYTES_MAX: usize = 2 << 20;

/// How a peer went away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// It closed its sending side in order (FIN).
    Closed,
    /// The connection was reset, or failed in another way.
    Reset,
}

/// Reads lines, heads and counted pieces from `R`.
///
/// All methods are cancel-safe: bytes leave the buffer only when a method returns them.
#[derive(Debug)]
pub(crate) struct RawReader<R> {
    io: R,
    buffer: BytesMut,
    gone: Option<Gone>,
}

impl<R: AsyncRead + Unpin> RawReader<R> {
    /// Reads from `io`.
    pub(crate) fn new(io: R) -> Self {
        Self { io, buffer: BytesMut::new(), gone: None }
    }

    /// How the peer went away, once it has.
    pub(crate) fn gone(&self) -> Option<Gone> {
        self.gone
    }

    /// What is read and not yet taken.
    pub(crate) fn buffered(&self) -> &[u8] {
        &self.buffer
    }

    /// Gives back the transport and the bytes that were read ahead.
    pub(crate) fn into_parts(self) -> (R, Bytes) {
        (self.io, self.buffer.freeze())
    }

    /// Reads once into the buffer.
    ///
    /// # Errors
    /// How the peer went away, now or before.
    pub(crate) async fn fill(&mut self) -> Result<(), Gone> {
        if let Some(gone) = self.gone {
            return Err(gone);
        }
        self.buffer.reserve(64 << 10);
        let gone = match self.io.read_buf(&mut self.buffer).await {
            Ok(0) => Gone::Closed,
            Ok(_) => return Ok(()),
            // TLS without close_notify: the peer closed, only not in style.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Gone::Closed,
            Err(_) => Gone::Reset,
        };
        self.gone = Some(gone);
        Err(gone)
    }

    /// Takes a head with the blank line that ends it. Lines may end in LF alone: whether they may is for the
    /// caller to judge. `Ok(None)` when it is longer than [`HEAD_BYTES_MAX`].
    ///
    /// # Errors
    /// How the peer went away before the head was whole; [`Self::buffered`] then holds what there was.
    pub(crate) async fn head(&mut self) -> Result<Option<Bytes>, Gone> {
        let mut searched = 0;
        loop {
            if let Some(end) = head_end(&self.buffer, searched) {
                return Ok(Some(self.buffer.split_to(end).freeze()));
            }
            if self.buffer.len() > HEAD_BYTES_MAX {
                return Ok(None);
            }
            // The end may straddle two reads, by three bytes at most.
            searched = self.buffer.len().saturating_sub(3);
            self.fill().await?;
        }
    }

    /// Takes one line with its line end. `Ok(None)` when it is longer than [`HEAD_BYTES_MAX`].
    ///
    /// # Errors
    /// How the peer went away before the line was whole.
    pub(crate) async fn line(&mut self) -> Result<Option<Bytes>, Gone> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                return Ok(Some(self.buffer.split_to(end + 1).freeze()));
            }
            if self.buffer.len() > HEAD_BYTES_MAX {
                return Ok(None);
            }
            self.fill().await?;
        }
    }

    /// Takes between one and `most` bytes, as they come.
    ///
    /// # Errors
    /// How the peer went away, once the buffer is empty.
    pub(crate) async fn some(&mut self, most: usize) -> Result<Bytes, Gone> {
        while self.buffer.is_empty() {
            self.fill().await?;
        }
        let take = self.buffer.len().min(most);
        Ok(self.buffer.split_to(take).freeze())
    }

    /// Takes exactly `count` bytes. The caller bounds `count`.
    ///
    /// # Errors
    /// How the peer went away before they were there.
    pub(crate) async fn exact(&mut self, count: usize) -> Result<Bytes, Gone> {
        while self.buffer.len() < count {
            self.fill().await?;
        }
        Ok(self.buffer.split_to(count).freeze())
    }

    /// Throws away what comes until the peer goes.
    pub(crate) async fn until_gone(&mut self) -> Gone {
        loop {
            self.buffer.clear();
            if let Err(gone) = self.fill().await {
                return gone;
            }
        }
    }
}

/// The index behind the first blank line, looking from `from` on.
fn head_end(buffer: &[u8], from: usize) -> Option<usize> {
    (from..buffer.len()).find_map(|at| {
        let rest = &buffer[at..];
        let ending = [&b"\r\n\r\n"[..], b"\n\n"].into_iter().find(|ending| rest.starts_with(ending))?;
        Some(at + ending.len())
    })
}
