//! Where WebSocket frames end in what is written to a visitor, so that a frame of ours can stand between two of them.
//!
//! Nothing is changed or held back; payloads are only counted.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use octoporty_core::proxy::BoxedIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of the longest frame head: two, eight of length, four of mask (RFC 6455 §5.2).
const HEAD_BYTES_MAX: usize = 14;

/// A connection whose outbound frames are followed.
#[derive(Debug)]
pub(super) struct FrameTracker {
    io: BoxedIo,
    boundaries: Boundaries,
}

#[derive(Debug, Default)]
struct Boundaries {
    /// Bytes of a head that is not complete.
    head: [u8; HEAD_BYTES_MAX],
    head_bytes: usize,
    /// Bytes of payload that are still to come.
    payload_left: u64,
}

impl FrameTracker {
    pub(super) fn new(io: BoxedIo) -> Self {
        Self { io, boundaries: Boundaries::default() }
    }

    /// Everything written so far is whole frames.
    pub(super) const fn is_between_frames(&self) -> bool {
        self.boundaries.head_bytes == 0 && self.boundaries.payload_left == 0
    }
}

impl Boundaries {
    fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.payload_left > 0 {
                let here = usize::try_from(self.payload_left).unwrap_or(usize::MAX).min(bytes.len());
                self.payload_left -= u64::try_from(here).unwrap_or(u64::MAX);
                bytes = &bytes[here..];
                continue;
            }
            self.head[self.head_bytes] = bytes[0];
            self.head_bytes += 1;
            bytes = &bytes[1..];
            if self.head_bytes == self.head_length() {
                self.payload_left = self.payload_length();
                self.head_bytes = 0;
            }
        }
    }

    /// Bytes that the head has in all, as far as its first bytes tell.
    const fn head_length(&self) -> usize {
        if self.head_bytes < 2 {
            return 2;
        }
        let length = match self.head[1] & 0x7f {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        if self.head[1] & 0x80 == 0 { length } else { length + 4 }
    }

    const fn payload_length(&self) -> u64 {
        let [_, second, a, b, c, d, e, f, g, h, ..] = self.head;
        match second & 0x7f {
            126 => u16::from_be_bytes([a, b]) as u64,
            127 => u64::from_be_bytes([a, b, c, d, e, f, g, h]),
            short => short as u64,
        }
    }
}

impl AsyncRead for FrameTracker {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl AsyncWrite for FrameTracker {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.io).poll_write(context, bytes))?;
        self.boundaries.follow(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::Boundaries;

    #[test]
    fn boundaries_are_found_wherever_writes_are_cut() {
        let mut frames = vec![0x81, 3, 1, 2, 3];
        frames.extend([0x82, 126, 0, 200]);
        frames.extend([7; 200]);
        frames.extend([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        frames.extend([7; 65536]);
        frames.extend([0x89, 0x80, 1, 2, 3, 4]);
        let ends = [5, 209, 209 + 65546, frames.len()];
        for cut in 0..=300 {
            let mut tracker = Boundaries::default();
            tracker.follow(&frames[..cut]);
            let between = tracker.head_bytes == 0 && tracker.payload_left == 0;
            assert_eq!(between, cut == 0 || ends.contains(&cut), "cut at {cut}");
            tracker.follow(&frames[cut..]);
            assert_eq!((tracker.head_bytes, tracker.payload_left), (0, 0));
        }
    }
}
