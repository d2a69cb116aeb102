//! A visitor that speaks HTTP/2 with prior knowledge: streaming both ways, trailers, extended CONNECT.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, channel::Channel, combinators::UnsyncBoxBody};
use hyper::{
    client::conn::http2::{Builder, Connection, SendRequest},
    ext::Protocol,
    upgrade::Upgraded,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use super::h2_exchange::{COLLECTED_BYTES_MAX, ExchangeH2, H2Sender};
use crate::running::{Running, Tasks};

/// Time between two looks for the server's offer of extended CONNECT.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// How long to wait for a head, a piece of a body, or for room to send.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Pieces that [`ExchangeH2::send`] may be ahead of the connection. Few, so that back-pressure is felt.
const PIECES_AHEAD: usize = 4;

/// The body of a request. Its error makes the visitor reset the stream.
pub type H2Body = UnsyncBoxBody<Bytes, io::Error>;

/// Why an HTTP/2 visitor did not get what it waited for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum H2Error {
    /// No connection.
    #[error("no connection")]
    Connect(#[source] io::Error),
    /// The request is not valid HTTP.
    #[error("the request cannot be built")]
    Request(#[source] http::Error),
    /// The connection or the stream failed. `Debug` shows the reason code.
    #[error("the connection or the stream failed")]
    Failed(#[source] hyper::Error),
    /// An error was reported before; there will be no answer.
    #[error("the exchange failed before")]
    FailedBefore,
    /// The other side takes no more of the request body.
    #[error("the request body is no longer wanted")]
    BodyRefused,
    /// Nothing came, or could be sent, for longer than a visitor waits.
    #[error("nothing happened within {0:?}")]
    Silent(Duration),
    /// The server's settings do not allow extended CONNECT.
    #[error("the server does not offer extended CONNECT")]
    NoExtendedConnect,
    /// The extended CONNECT was refused.
    #[error("the tunnel was refused with {0}")]
    Refused(StatusCode),
    /// The body is longer than a visitor collects.
    #[error("the body is above {COLLECTED_BYTES_MAX} bytes")]
    TooLong,
}

/// One HTTP/2 connection. Exchanges run on it side by side. Dropping it ends the connection.
#[derive(Debug)]
pub struct VisitorH2 {
    requests: SendRequest<H2Body>,
    scheme: &'static str,
    host: String,
    tunnels: watch::Receiver<bool>,
    wanted: Arc<Notify>,
    _running: Running,
}

/// An answer with its collected body.
#[derive(Debug, Clone)]
pub struct AnswerH2 {
    /// The status code.
    pub status: u16,
    /// The fields.
    pub fields: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// The trailers; empty when there were none.
    pub trailers: HeaderMap,
}

impl VisitorH2 {
    /// Connects; `host` becomes the `:authority`.
    ///
    /// # Errors
    /// There is no connection.
    pub async fn connect(address: SocketAddr, host: &str) -> Result<Self, H2Error> {
        let stream = TcpStream::connect(address).await;
        let stream = stream.map_err(H2Error::Connect)?;
        stream.set_nodelay(true).map_err(H2Error::Connect)?;
        Self::over(stream, host).await
    }

    /// Uses a connection that is there already.
    ///
    /// # Errors
    /// The connection failed.
    pub async fn over<S>(stream: S, host: &str) -> Result<Self, H2Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let running = Running::default();
        let tasks: Tasks = running.tasks().clone();
        let (requests, connection) = Builder::new(tasks.clone())
            .timer(TokioTimer::new())
            .handshake(TokioIo::new(stream))
            .await
            .map_err(H2Error::Failed)?;
        let (offer, tunnels) = watch::channel(false);
        let wanted = Arc::new(Notify::new());
        tasks.spawn(watch_offer(connection, Arc::clone(&wanted), offer));
        Ok(Self { requests, scheme: "http", host: host.to_owned(), tunnels, wanted, _running: running })
    }

    /// Says `https` as the `:scheme`, for a connection that leads into TLS.
    #[must_use]
    pub fn with_https(mut self) -> Self {
        self.scheme = "https";
        self
    }

    /// Asks for `path` with GET.
    ///
    /// # Errors
    /// There was no whole answer.
    pub async fn get(&mut self, path: &str) -> Result<AnswerH2, H2Error> {
        self.request(Method::GET, path, &[], Bytes::new()).await
    }

    /// Sends a request and collects the answer.
    ///
    /// # Errors
    /// There was no whole answer.
    pub async fn request(
        &mut self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<AnswerH2, H2Error> {
        let body = Full::new(body.into()).map_err(|never| match never {});
        let request = self.build(method, path, fields, body.boxed_unsync())?;
        self.exchange(request, None).collect().await
    }

    /// Sends the head of a request; its body and the answer follow on the exchange.
    ///
    /// # Errors
    /// The request is not valid HTTP.
    pub fn open(&mut self, method: Method, path: &str, fields: &[(&str, &str)]) -> Result<ExchangeH2, H2Error> {
        let (sender, body) = Channel::new(PIECES_AHEAD);
        let request = self.build(method, path, fields, body.boxed_unsync())?;
        Ok(self.exchange(request, Some(sender)))
    }

    /// Opens a tunnel by extended CONNECT (RFC 8441), for `VisitorWebSocket::over` say.
    ///
    /// # Errors
    /// The server does not offer it, the tunnel was refused, or the connection failed.
    pub async fn extended_connect(
        &mut self,
        protocol: &'static str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<TokioIo<Upgraded>, H2Error> {
        self.wanted.notify_one();
        let offered = self.tunnels.wait_for(|offered| *offered);
        let offered = matches!(timeout(PATIENCE, offered).await, Ok(Ok(_)));
        if !offered {
            return Err(H2Error::NoExtendedConnect);
        }
        let body = Full::default().map_err(|never| match never {});
        let mut request = self.build(Method::CONNECT, path, fields, body.boxed_unsync())?;
        let protocol = Protocol::from_static(protocol);
        request.extensions_mut().insert(protocol);
        let answer = timeout(PATIENCE, self.requests.send_request(request)).await;
        let answer = answer.map_err(|_elapsed| H2Error::Silent(PATIENCE))?;
        let answer = answer.map_err(H2Error::Failed)?;
        if answer.status() != StatusCode::OK {
            return Err(H2Error::Refused(answer.status()));
        }
        let upgraded = hyper::upgrade::on(answer).await.map_err(H2Error::Failed)?;
        Ok(TokioIo::new(upgraded))
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.requests.is_closed()
    }

    /// Waits until another stream may be opened.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn ready(&mut self) -> Result<(), H2Error> {
        let ready = timeout(PATIENCE, self.requests.ready()).await;
        let ready = ready.map_err(|_elapsed| H2Error::Silent(PATIENCE))?;
        ready.map_err(H2Error::Failed)
    }

    fn build(
        &self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
        body: H2Body,
    ) -> Result<Request<H2Body>, H2Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}://{}{path}", self.scheme, self.host))
            .body(body)
            .map_err(H2Error::Request)?;
        for (name, value) in fields {
            let name = HeaderName::try_from(*name).map_err(|e| H2Error::Request(e.into()))?;
            let value = HeaderValue::try_from(*value).map_err(|e| H2Error::Request(e.into()))?;
            request.headers_mut().append(name, value);
        }
        Ok(request)
    }

    fn exchange(&mut self, request: Request<H2Body>, sender: Option<H2Sender>) -> ExchangeH2 {
        ExchangeH2::new(self.requests.send_request(request), sender)
    }
}

/// Runs `connection`, and once that is wanted tells whether the server offers extended CONNECT. The offer is in
/// its SETTINGS, which come at any time after the connection, and hyper wakes nobody for them.
async fn watch_offer<S>(
    mut connection: Connection<TokioIo<S>, H2Body, Tasks>,
    wanted: Arc<Notify>,
    offer: watch::Sender<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // How the connection ended, each exchange on it tells.
    tokio::select! {
        _ = &mut connection => return,
        () = wanted.notified() => {}
    }
    while !connection.is_extended_connect_protocol_enabled() {
        tokio::select! {
            _ = &mut connection => return,
            () = sleep(LOOK_INTERVAL) => {}
        }
    }
    offer.send_replace(true);
    connection.await.ok();
}
