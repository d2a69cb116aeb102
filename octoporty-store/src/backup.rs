//! A consistent copy of the main database, made while it is in use.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

/// A copy of the main database (mappings, settings, audit; no sessions, no logs), to be read once from start to end.
/// Its file is removed when this is dropped.
#[derive(Debug)]
pub struct Backup {
    pub(crate) file: tokio::fs::File,
    pub(crate) bytes: u64,
}

impl Backup {
    /// How many bytes there are to read.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl AsyncRead for Backup {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_read(cx, buf)
    }
}
