//! A way through a proxy: HTTP CONNECT (RFC 9110 §9.3.6), and nothing else of HTTP, or SOCKS 5 (RFC 1928).

use std::io;

use octoporty_core::secret::Secret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_socks::tcp::Socks5Stream;

use super::target::{Proxy, ProxyKind};

/// Largest head of a proxy's answer in bytes. Proxies say little.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// Why there is no way through a proxy.
#[derive(Debug)]
pub(super) enum ProxyError {
    /// It said no, and why.
    Refused(String),
    /// It went away, or spoke something else.
    Io(io::Error),
}

impl From<io::Error> for ProxyError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Asks a proxy to connect to this host, as it stands in a URL, and port. Afterwards the stream leads there.
///
/// Not cancel-safe: a dropped future leaves the stream in the middle of a message.
pub(super) async fn connect(tcp: &mut TcpStream, proxy: &Proxy, host: &str, port: u16) -> Result<(), ProxyError> {
    match &proxy.kind {
        ProxyKind::Http { authorization } => {
            let authorization = authorization.as_ref().map(http::HeaderValue::as_bytes);
            http_connect(tcp, authorization, &format!("{host}:{port}")).await
        }
        ProxyKind::Socks5 { credentials } => socks_connect(tcp, credentials.as_ref(), host, port).await,
    }
}

/// The proxy looks the name up: that the Gateway's name is known here is not needed.
async fn socks_connect(
    tcp: &mut TcpStream,
    credentials: Option<&(Secret, Secret)>,
    host: &str,
    port: u16,
) -> Result<(), ProxyError> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let connected = match credentials {
        Some((user, password)) => {
            let (user, password) = (user.expose(), password.expose());
            Socks5Stream::connect_with_password_and_socket(tcp, (host, port), user, password).await
        }
        None => Socks5Stream::connect_with_socket(tcp, (host, port)).await,
    };
    match connected {
        Ok(_stream) => Ok(()),
        Err(tokio_socks::Error::Io(error)) => Err(ProxyError::Io(error)),
        Err(refused) => Err(ProxyError::Refused(refused.to_string())),
    }
}

async fn http_connect(stream: &mut TcpStream, authorization: Option<&[u8]>, authority: &str) -> Result<(), ProxyError> {
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n").into_bytes();
    if let Some(authorization) = authorization {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(authorization);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await?;
    stream.flush().await?;
    let head = read_head(stream).await?;
    let status = status(&head).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it does not speak HTTP"))?;
    if (200..300).contains(&status) { Ok(()) } else { Err(ProxyError::Refused(format!("status {status}"))) }
}

/// Reads up to the empty line. The far end speaks only when spoken to, so nothing may follow.
async fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
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
