//! Messages over any byte stream: four bytes of length, big-endian, in front of each.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::TransportError;
use crate::limits::MESSAGE_BYTES_MAX;

/// Bytes of the length in front of a message.
const LENGTH_BYTES: usize = 4;

/// Bytes that are asked of the byte stream at once.
const READ_BYTES: usize = 64 << 10;

/// Unsent bytes at which the sink waits: a few messages, so that small ones share a system call.
const WRITE_BUFFER_BYTES: usize = 256 << 10;

/// A transport over a byte stream.
#[derive(Debug)]
pub struct Framed<Io> {
    io: Io,
    read: BytesMut,
    write: BytesMut,
    ended: bool,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Framed<Io> {
    /// A transport over `io`.
    pub fn new(io: Io) -> Self {
        Self { io, read: BytesMut::new(), write: BytesMut::new(), ended: false }
    }

    fn take_message(&mut self) -> Result<Option<Bytes>, TransportError> {
        let Some(length) = self.read.first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > MESSAGE_BYTES_MAX {
            return Err(TransportError::TooLarge { limit: MESSAGE_BYTES_MAX, actual: length });
        }
        if self.read.len() < LENGTH_BYTES + length {
            return Ok(None);
        }
        self.read.advance(LENGTH_BYTES);
        Ok(Some(self.read.split_to(length).freeze()))
    }

    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, TransportError>> {
        let start = self.read.len();
        self.read.resize(start + READ_BYTES, 0);
        let mut buffer = ReadBuf::new(&mut self.read[start..]);
        let outcome = Pin::new(&mut self.io).poll_read(context, &mut buffer);
        let filled = buffer.filled().len();
        self.read.truncate(start + filled);
        ready!(outcome)?;
        Poll::Ready(Ok(filled > 0))
    }

    fn poll_drain(&mut self, context: &mut Context<'_>, down_to: usize) -> Poll<Result<(), TransportError>> {
        while self.write.len() > down_to {
            let wrote = ready!(Pin::new(&mut self.io).poll_write(context, &self.write))?;
            if wrote == 0 {
                return Poll::Ready(Err(TransportError::Closed));
            }
            self.write.advance(wrote);
        }
        Poll::Ready(Ok(()))
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Stream for Framed<Io> {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while !self.ended {
            match self.take_message() {
                Ok(Some(message)) => return Poll::Ready(Some(Ok(message))),
                Ok(None) => {}
                Err(error) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
            }
            match ready!(self.poll_fill(context)) {
                Ok(true) => {}
                Ok(false) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        Poll::Ready(None)
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Sink<Bytes> for Framed<Io> {
    type Error = TransportError;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.poll_drain(context, WRITE_BUFFER_BYTES)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Bytes) -> Result<(), TransportError> {
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(TransportError::TooLarge { limit: MESSAGE_BYTES_MAX, actual: message.len() });
        }
        self.write.put_u32(u32::try_from(message.len()).expect("checked against a limit of 1 MiB"));
        self.write.extend_from_slice(&message);
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        ready!(self.poll_drain(context, 0))?;
        Pin::new(&mut self.io).poll_flush(context).map_err(TransportError::from)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        ready!(self.as_mut().poll_flush(context))?;
        Pin::new(&mut self.io).poll_shutdown(context).map_err(TransportError::from)
    }
}
