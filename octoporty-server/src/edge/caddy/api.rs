//! Requests to Caddy's admin API: one connection each, bounded in time and size.
//!
//! Caddy starts its admin API anew on each change, so connections are not worth keeping.

use std::{convert::Infallible, io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};

use super::AdminAddress;
use crate::edge::{EdgeError, network};

/// Largest answer that is read, in bytes: the configuration of 10,000 mappings has about 7 MiB.
const ANSWER_BYTES_MAX: usize = 8 << 20;

/// How long a look-up and a connection may take: the API is near.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long reading the configuration may take.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a change may take: Caddy provisions the whole new configuration before it answers.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);

/// Characters of Caddy's error message that are kept. What is wrong stands at its end, behind the way to it.
const MESSAGE_CHARACTERS_MAX: usize = 1000;

/// Whether a write replaces something or makes something new; Caddy refuses the one in place of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteKind {
    /// `PATCH`: what is there is replaced.
    Replace,
    /// `PUT`: it is made, with what is missing above it.
    Create,
}

/// A change of the configuration.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Write {
    pub(super) kind: WriteKind,
    /// Below `/config/`.
    pub(super) path: String,
    pub(super) value: Value,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// It is in effect.
    Yes,
    /// The configuration is no longer the one that was read.
    Stale,
}

/// The configuration, and the tag of this version of it.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) config: Value,
    etag: HeaderValue,
}

/// Reads the whole configuration; `null` where Caddy has none.
pub(super) async fn read(address: &AdminAddress) -> Result<Snapshot, EdgeError> {
    let request = builder(address, Method::GET, "/config/").body(Full::default()).map_err(|error| malformed(&error))?;
    let answer = within(READ_TIMEOUT, exchange(address, request)).await?;
    if answer.status != StatusCode::OK {
        return Err(answer.refusal());
    }
    let config = serde_json::from_slice(&answer.body)
        .map_err(|error| EdgeError::NotUnderstood { what: format!("the configuration is no JSON: {error}") })?;
    let etag = answer.etag.ok_or_else(|| EdgeError::NotUnderstood { what: "there is no Etag".to_owned() })?;
    Ok(Snapshot { config, etag })
}

/// Makes a change, if the configuration is still that of `snapshot`.
pub(super) async fn write(address: &AdminAddress, snapshot: &Snapshot, write: &Write) -> Result<Written, EdgeError> {
    let method = match write.kind {
        WriteKind::Replace => Method::PATCH,
        WriteKind::Create => Method::PUT,
    };
    let request = builder(address, method, &format!("/config/{}", write.path))
        .header(header::IF_MATCH, &snapshot.etag)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::from(write.value.to_string()))
        .map_err(|error| malformed(&error))?;
    let answer = within(WRITE_TIMEOUT, exchange(address, request)).await?;
    match answer.status {
        StatusCode::OK => Ok(Written::Yes),
        StatusCode::PRECONDITION_FAILED => Ok(Written::Stale),
        _ => Err(answer.refusal()),
    }
}

fn builder(address: &AdminAddress, method: Method, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, address.authority())
}

fn malformed(error: &http::Error) -> EdgeError {
    EdgeError::NotUnderstood { what: format!("the request cannot be made: {error}") }
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    etag: Option<HeaderValue>,
    body: Bytes,
}

impl Answer {
    /// Caddy says what is wrong as `{"error": "…"}`.
    fn refusal(&self) -> EdgeError {
        let told = serde_json::from_slice::<Value>(&self.body).ok();
        let told = told.as_ref().and_then(|body| body.get("error")?.as_str()).unwrap_or("no reason given");
        let message = told.chars().filter(|c| !c.is_control()).take(MESSAGE_CHARACTERS_MAX).collect();
        EdgeError::Refused { status: self.status.as_u16(), message }
    }
}

async fn within<T>(after: Duration, work: impl Future<Output = Result<T, EdgeError>>) -> Result<T, EdgeError> {
    tokio::time::timeout(after, work).await.map_err(|_elapsed| EdgeError::TimedOut { after })?
}

async fn exchange(address: &AdminAddress, request: Request<Full<Bytes>>) -> Result<Answer, EdgeError> {
    let unreachable = |source| EdgeError::Unreachable { address: address.to_string(), source };
    match address {
        AdminAddress::Tcp { host, port } => {
            let near = within(CONNECT_TIMEOUT, resolve(address, host, *port)).await?;
            let connect = async { TcpStream::connect(near.as_slice()).await.map_err(unreachable) };
            let stream = within(CONNECT_TIMEOUT, connect).await?;
            converse(address, stream, request).await
        }
        AdminAddress::Unix(path) => {
            let stream = UnixStream::connect(path).await.map_err(unreachable)?;
            converse(address, stream, request).await
        }
    }
}

/// The addresses behind a name, all of them near, so that the request and what it carries stays there too (R63).
async fn resolve(address: &AdminAddress, host: &str, port: u16) -> Result<Vec<SocketAddr>, EdgeError> {
    let unreachable = |source| EdgeError::Unreachable { address: address.to_string(), source };
    let found: Vec<_> = tokio::net::lookup_host((host, port)).await.map_err(unreachable)?.collect();
    match found.iter().find(|found| !network::is_near(found.ip())) {
        Some(far) => Err(EdgeError::NotPrivate { address: address.to_string(), found: far.ip() }),
        None => Ok(found),
    }
}

async fn converse<Io>(address: &AdminAddress, io: Io, request: Request<Full<Bytes>>) -> Result<Answer, EdgeError>
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    let broken = |error: hyper::Error| broken(address, error);
    let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await.map_err(broken)?;
    let work = async {
        let answer = sender.send_request(request).await.map_err(broken)?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|error| {
            match error.downcast::<hyper::Error>() {
                Ok(error) => broken(*error),
                Err(other) if other.is::<LengthLimitError>() => EdgeError::TooLarge { limit: ANSWER_BYTES_MAX },
                Err(other) => EdgeError::NotUnderstood { what: other.to_string() },
            }
        })?;
        // Caddy 2.6 counts it while it writes, and sends it behind the body.
        let trailer = body.trailers().and_then(|trailers| trailers.get(header::ETAG));
        let etag = head.headers.get(header::ETAG).or(trailer).cloned();
        Ok(Answer { status: head.status, etag, body: body.to_bytes() })
    };
    let drive = async {
        // How it ended, the exchange on it tells.
        connection.await.ok();
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        answer = work => answer,
        never = drive => match never {},
    }
}

/// A connection that broke, or an answer that is no HTTP.
fn broken(address: &AdminAddress, error: hyper::Error) -> EdgeError {
    if error.is_parse() {
        return EdgeError::NotUnderstood { what: error.to_string() };
    }
    EdgeError::Unreachable { address: address.to_string(), source: io::Error::other(error) }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// What is made of these bytes as the answer to a request.
    async fn answer_to(bytes: &'static [u8]) -> Answer {
        let address = AdminAddress::Tcp { host: "127.0.0.1".to_owned(), port: 2019 };
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let caddy = async move {
            let mut request = [0; 1024];
            assert_ne!(theirs.read(&mut request).await.unwrap(), 0);
            theirs.write_all(bytes).await.unwrap();
            theirs
        };
        let request = builder(&address, Method::GET, "/config/").body(Full::default()).unwrap();
        let (answer, _open) = tokio::join!(converse(&address, ours, request), caddy);
        answer.unwrap()
    }

    #[tokio::test]
    async fn tag_is_a_header_or_a_trailer() {
        for bytes in [
            &b"HTTP/1.1 200 OK\r\nEtag: \"/config/ 1a\"\r\nContent-Length: 5\r\n\r\nnull\n"[..],
            // Caddy 2.6.
            b"HTTP/1.1 200 OK\r\nTrailer: ETag\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nnull\n\r\n0\r\nEtag: \"/config/ 1a\"\r\n\r\n",
        ] {
            let answer = answer_to(bytes).await;
            assert_eq!(answer.etag.as_ref().map(HeaderValue::as_bytes), Some(&b"\"/config/ 1a\""[..]));
            assert_eq!(answer.body, "null\n");
        }
        assert_eq!(answer_to(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.etag, None);
    }
}
