//! A way through an HTTP proxy: CONNECT, and nothing else of HTTP (RFC 9110 §9.3.6).

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::target::Proxy;

/// Largest head of a proxy's answer in bytes. Proxies say little.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// Asks a proxy to connect to `authority`. Afterwards the stream leads there. Gives the status if it is not 2xx.
///
/// Not cancel-safe: a dropped future leaves the stream in the middle of a message.
pub(super) async fn connect<S>(stream: &mut S, proxy: &Proxy, authority: &str) -> io::Result<Result<(), u16>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n").into_bytes();
    if let Some(authorization) = &proxy.authorization {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(authorization.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await?;
    stream.flush().await?;
    let head = read_head(stream).await?;
    let status = status(&head).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it does not speak HTTP"))?;
    Ok(if (200..300).contains(&status) { Ok(()) } else { Err(status) })
}

/// Reads up to the empty line. The far end speaks only when spoken to, so nothing may follow.
async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(512);
    loop {
        if let Some(at) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            let is_refusal = !status(&head).is_some_and(|status| (200..300).contains(&status));
            if at + 4 == head.len() || is_refusal {
                return Ok(head);
            }
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it sent more than its answer"));
        }
        if head.len() >= HEAD_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its answer is too long"));
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The status of `HTTP/1.x NNN …`.
fn status(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/1.")?;
    let (version, digits) = (rest.get(..2)?, rest.get(2..5)?);
    if !matches!(version, b"0 " | b"1 ") || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}
