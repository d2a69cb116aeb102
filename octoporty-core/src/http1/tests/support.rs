//! A guarded connection whose other end the test holds.

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use crate::http1::{InService, RequestGuard, Verdict, VerdictQueue};

/// Bytes that a test connection holds in each direction.
pub(super) const PIPE_BYTES: usize = 1 << 20;

pub(super) struct Visited {
    pub(super) visitor: DuplexStream,
    pub(super) guard: RequestGuard<DuplexStream>,
    pub(super) verdicts: VerdictQueue,
}

pub(super) fn visited() -> Visited {
    visited_with(b"")
}

pub(super) fn visited_with(replay: &'static [u8]) -> Visited {
    let (visitor, io) = tokio::io::duplex(PIPE_BYTES);
    let verdicts = VerdictQueue::new();
    let guard = RequestGuard::new(io, Bytes::from_static(replay), verdicts.clone());
    Visited { visitor, guard, verdicts }
}

impl Visited {
    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.visitor.write_all(bytes.as_ref()).await.expect("the guard's side is open");
    }

    /// One read with a buffer as large as hyper's first.
    pub(super) async fn read(&mut self) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; 8192];
        let count = self.guard.read(&mut bytes).await?;
        bytes.truncate(count);
        Ok(bytes)
    }

    /// Whether a read would wait, with everything settled that can settle without time passing.
    pub(super) async fn waits(&mut self) -> bool {
        tokio::select! {
            biased;
            _ = self.read() => false,
            () = tokio::task::yield_now() => true,
        }
    }

    pub(super) fn verdict(&self) -> (Verdict, InService) {
        self.verdicts.take().expect("a head passed, so there is a verdict")
    }
}

/// A refusal's placeholder, as the reader sees it.
pub(super) const PLACEHOLDER: &[u8] = b"GET / HTTP/1.1\r\nHost: refused.invalid\r\nConnection: close\r\n\r\n";
