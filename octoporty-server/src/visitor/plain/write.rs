//! Bytes to the visitor, while the body of its request goes on in the other direction.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use octoporty_core::{proto::Received, session::RecvStream};
use tokio::io::AsyncWrite;

use super::{
    answer::Framing,
    connection::Connection,
    exchange::{Failed, next},
    upload::Upload,
};

/// Most pieces of a body that go out in one write.
const PIECES_PER_WRITE: usize = 8;

/// Bytes of the body after which no more pieces are gathered for one write.
const BYTES_PER_WRITE: usize = 256 << 10;

/// Writes all of `out`. The visitor may read it only when its own body is sent, so that goes on meanwhile.
pub(super) async fn write_all(connection: &mut Connection, upload: &mut Upload, mut out: &[u8]) -> io::Result<()> {
    poll_fn(|context| {
        // Its fault is found again by whoever reads next.
        let _going_on = upload.poll(connection, context);
        while !out.is_empty() {
            let written = ready!(Pin::new(&mut connection.stream).poll_write(context, out))?;
            out = &out[advanced(written)?..];
        }
        Poll::Ready(Ok(()))
    })
    .await
}

/// Moves the rest of an answer's body; says whether it came to its end.
pub(super) async fn pump(
    connection: &mut Connection,
    upload: &mut Upload,
    recv: &mut RecvStream,
    mut framing: Framing,
    sent: &mut u64,
) -> Result<bool, Failed> {
    let mut pieces = Vec::with_capacity(PIECES_PER_WRITE);
    loop {
        let mut ended = match next(recv, connection, upload).await? {
            Ok(Some(Received::Data(bytes))) => {
                pieces.push(bytes);
                false
            }
            // The visitor said nothing of trailers (RFC 9110 §6.5.1).
            Ok(Some(Received::Trailers(_)) | None) => true,
            Ok(Some(Received::Head(_))) | Err(_) => return Ok(false),
        };
        let mut bytes = pieces.iter().map(Bytes::len).sum::<usize>();
        while !ended && pieces.len() < PIECES_PER_WRITE && bytes < BYTES_PER_WRITE {
            match poll_fn(|context| Poll::Ready(recv.poll_read(context))).await {
                Poll::Ready(Ok(Some(Received::Data(piece)))) => {
                    bytes += piece.len();
                    pieces.push(piece);
                }
                Poll::Ready(Ok(Some(Received::Trailers(_)) | None)) => ended = true,
                Poll::Ready(Ok(Some(Received::Head(_))) | Err(_)) => return Ok(false),
                Poll::Pending => break,
            }
        }
        *sent += u64::try_from(bytes).unwrap_or(u64::MAX);
        match &mut framing {
            Framing::None => return Ok(false),
            Framing::Length(left) => {
                let Some(rest) = left.checked_sub(u64::try_from(bytes).unwrap_or(u64::MAX)) else {
                    return Ok(false);
                };
                *left = rest;
                write_pieces(connection, upload, &pieces, &[], &[]).await?;
                if ended {
                    return Ok(rest == 0);
                }
            }
            Framing::Chunked => {
                let mut line = Vec::new();
                if bytes > 0 {
                    put_chunk_head(&mut line, bytes);
                }
                let tail: &[u8] = match (bytes > 0, ended) {
                    (true, false) => b"\r\n",
                    (true, true) => b"\r\n0\r\n\r\n",
                    (false, true) => b"0\r\n\r\n",
                    (false, false) => b"",
                };
                write_pieces(connection, upload, &pieces, &line, tail).await?;
                if ended {
                    return Ok(true);
                }
            }
        }
        pieces.clear();
    }
}

pub(super) fn put_chunk_head(out: &mut Vec<u8>, bytes: usize) {
    out.extend_from_slice(format!("{bytes:x}\r\n").as_bytes());
}

async fn write_pieces(
    connection: &mut Connection,
    upload: &mut Upload,
    pieces: &[Bytes],
    before: &[u8],
    behind: &[u8],
) -> io::Result<()> {
    let parts = std::iter::once(before).chain(pieces.iter().map(|piece| &piece[..])).chain(std::iter::once(behind));
    let mut slices: [IoSlice<'_>; PIECES_PER_WRITE + 2] = [IoSlice::new(&[]); PIECES_PER_WRITE + 2];
    for (slice, part) in slices.iter_mut().zip(parts) {
        *slice = IoSlice::new(part);
    }
    let mut left = &mut slices[..];
    IoSlice::advance_slices(&mut left, 0);
    poll_fn(|context| {
        let _going_on = upload.poll(connection, context);
        write_slices(connection, &mut left, context)
    })
    .await
}

fn write_slices(
    connection: &mut Connection,
    left: &mut &mut [IoSlice<'_>],
    context: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while !left.is_empty() {
        let written = ready!(Pin::new(&mut connection.stream).poll_write_vectored(context, left))?;
        IoSlice::advance_slices(left, advanced(written)?);
    }
    Poll::Ready(Ok(()))
}

/// A write that took nothing will never take anything.
fn advanced(written: usize) -> io::Result<usize> {
    if written == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(written) }
}
