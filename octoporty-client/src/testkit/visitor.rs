//! A visitor in memory: it goes through the Gateway's whole edge, as one from a network does.

use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use octoporty_server::Gateway;
use tokio_util::task::TaskTracker;

/// Bytes that wait on a visitor's connection in each direction.
const CONNECTION_BYTES: usize = 64 << 10;

/// Where visitors come from unless a test says otherwise: an address for documentation (RFC 5737).
const VISITOR: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 50_000);

/// A visitor's connection, upgraded: bytes pass both ways.
pub type Upgraded = TokioIo<hyper::upgrade::Upgraded>;

/// Why a visitor got no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VisitError {
    /// The request cannot be made.
    #[error("the request cannot be made")]
    Request(#[from] http::Error),
    /// The connection broke, before the answer or inside it.
    #[error("the connection broke")]
    Connection(#[from] hyper::Error),
    /// The answer was no upgrade.
    #[error("the answer was {0}, not 101")]
    NotUpgraded(StatusCode),
}

/// A visitor. Each request has a connection of its own.
#[derive(Debug, Clone)]
pub struct TestVisitor {
    gateway: Gateway,
    tasks: TaskTracker,
    address: SocketAddr,
}

impl TestVisitor {
    pub(super) const fn new(gateway: Gateway, tasks: TaskTracker) -> Self {
        Self { gateway, tasks, address: VISITOR }
    }

    /// The same visitor at another address.
    #[must_use]
    pub const fn from(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Asks for a URL and reads the whole answer.
    ///
    /// # Errors
    ///
    /// When there is none, or it breaks off.
    pub async fn get(&self, url: &str) -> Result<Answer, VisitError> {
        let request = Request::builder().method(Method::GET).uri(url).body(Full::<Bytes>::default())?;
        Answer::read(self.send(request).await?).await
    }

    /// Sends bytes to a URL and reads the whole answer.
    ///
    /// # Errors
    ///
    /// When there is none, or it breaks off.
    pub async fn post(&self, url: &str, body: impl Into<Bytes>) -> Result<Answer, VisitError> {
        let request = Request::builder().method(Method::POST).uri(url).body(Full::new(body.into()))?;
        Answer::read(self.send(request).await?).await
    }

    /// Sends a request and waits for the head of its answer; the body comes as it is read. The URL names the host, unless
    /// there is a `Host` field.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub async fn send<B>(&self, mut request: Request<B>) -> Result<Response<Incoming>, VisitError>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let authority = request.uri().authority().map(|authority| HeaderValue::from_str(authority.as_str()));
        if let Some(authority) = authority.transpose().map_err(http::Error::from)? {
            request.headers_mut().entry(header::HOST).or_insert(authority);
        }
        if let Some(path) = request.uri().path_and_query().cloned() {
            *request.uri_mut() = Uri::from(path);
        }
        let (ours, theirs) = tokio::io::duplex(CONNECTION_BYTES);
        let (gateway, address) = (self.gateway.clone(), self.address);
        self.tasks.spawn(async move { gateway.serve_stream(theirs, address).await });
        let (mut sender, connection) = http1::handshake(TokioIo::new(ours)).await?;
        self.tasks.spawn(async move {
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%error, "a visitor's connection ended early");
            }
        });
        Ok(sender.send_request(request).await?)
    }

    /// Asks for a WebSocket, and gives the bytes behind the answer of 101: what speaks WebSocket over them is the test's
    /// choice.
    ///
    /// # Errors
    ///
    /// When the answer is another.
    pub async fn upgrade(&self, url: &str) -> Result<Upgraded, VisitError> {
        let request = Request::builder()
            .uri(url)
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==")
            .body(Full::<Bytes>::default())?;
        let answer = self.send(request).await?;
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(VisitError::NotUpgraded(answer.status()));
        }
        Ok(TokioIo::new(hyper::upgrade::on(answer).await?))
    }
}

/// An answer that was read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// Reads an answer to its end.
    ///
    /// # Errors
    ///
    /// When it breaks off.
    pub async fn read(response: Response<Incoming>) -> Result<Self, VisitError> {
        let (parts, body) = response.into_parts();
        Ok(Self { status: parts.status, headers: parts.headers, body: body.collect().await?.to_bytes() })
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The fields.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as text; empty if it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }
}
