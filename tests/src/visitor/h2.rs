//! A visitor that speaks HTTP/2 with prior knowledge: streaming both ways, trailers, extended CONNECT.

use std::{fmt, future::Future, io, net::SocketAddr, pin::Pin, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, channel::Channel, combinators::UnsyncBoxBody};
use hyper::{
    body::Incoming,
    client::conn::http2::{Builder, SendRequest},
    ext::Protocol,
    upgrade::Upgraded,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};

use crate::{
    eventually::eventually,
    running::{Running, Tasks},
};

/// How long to wait for a head, a piece of a body, or for room to send.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pieces that [`ExchangeH2::send`] may be ahead of the connection. Few, so that back-pressure is felt.
const PIECES_AHEAD: usize = 4;

/// Most body bytes that [`ExchangeH2::collect`] keeps.
const COLLECTED_BYTES_MAX: usize = 64 << 20;

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
    /// The other side takes no more of the request body.
    #[error("the request body is no longer wanted")]
    BodyRefused,
    /// Nothing came, or could be sent, for longer than a visitor waits.
    #[error("nothing happened within {0:?}")]
    Silent(Duration),
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
    host: String,
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

/// One exchange under way: sends pieces of the request while pieces of the answer come.
///
/// Dropping it resets the stream, unless both sides have ended.
pub struct ExchangeH2 {
    sender: Option<H2Sender>,
    answer: AnswerState,
    trailers: HeaderMap,
}

/// The sending half of an [`ExchangeH2`]. Dropping it ends the request body.
pub type H2Sender = http_body_util::channel::Sender<Bytes, io::Error>;

type Pending = Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>;

enum AnswerState {
    Pending(Pending),
    Streaming(http::response::Parts, Incoming),
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
        tasks.spawn(async move {
            // How the connection ended, each exchange on it tells.
            connection.await.ok();
        });
        Ok(Self {
            requests,
            host: host.to_owned(),
            _running: running,
        })
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
    pub fn open(
        &mut self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<ExchangeH2, H2Error> {
        let (sender, body) = Channel::new(PIECES_AHEAD);
        let request = self.build(method, path, fields, body.boxed_unsync())?;
        Ok(self.exchange(request, Some(sender)))
    }

    /// Opens a tunnel by extended CONNECT (RFC 8441), for `VisitorWebSocket::over` say.
    ///
    /// # Errors
    /// The tunnel was refused, or the connection failed.
    ///
    /// # Panics
    /// When the server does not offer extended CONNECT within a few seconds.
    pub async fn extended_connect(
        &mut self,
        protocol: &'static str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<TokioIo<Upgraded>, H2Error> {
        // The offer is in the server's SETTINGS, which come at any time after the connection.
        let requests = self.requests.clone();
        eventually(PATIENCE, "the server offers extended CONNECT", || {
            requests.is_extended_connect_protocol_enabled()
        })
        .await;
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

    /// Whether the server has offered extended CONNECT up to now.
    #[must_use]
    pub fn may_extended_connect(&self) -> bool {
        self.requests.is_extended_connect_protocol_enabled()
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
            .uri(format!("http://{}{path}", self.host))
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
        ExchangeH2 {
            sender,
            answer: AnswerState::Pending(Box::pin(self.requests.send_request(request))),
            trailers: HeaderMap::new(),
        }
    }
}

impl ExchangeH2 {
    /// Sends a piece of the request body, as soon as there is room.
    ///
    /// # Errors
    /// The other side takes no more, or takes nothing for too long.
    pub async fn send(&mut self, bytes: impl Into<Bytes>) -> Result<(), H2Error> {
        self.send_frame(Frame::data(bytes.into())).await
    }

    /// Ends the request with trailers.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn send_trailers(&mut self, trailers: HeaderMap) -> Result<(), H2Error> {
        self.send_frame(Frame::trailers(trailers)).await?;
        self.finish();
        Ok(())
    }

    /// Ends the request.
    pub fn finish(&mut self) {
        self.sender = None;
    }

    /// Resets the stream from the sending side.
    pub fn abort(&mut self) {
        if let Some(sender) = self.sender.take() {
            sender.abort(io::Error::other("the visitor aborts"));
        }
    }

    /// Takes the sending half out, to send from another future than the one that receives.
    pub fn take_sender(&mut self) -> Option<H2Sender> {
        self.sender.take()
    }

    /// The head of the answer, waiting for it at first. Cancel-safe.
    ///
    /// # Errors
    /// The stream failed, or nothing came.
    pub async fn head(&mut self) -> Result<&http::response::Parts, H2Error> {
        Ok(&*self.streaming().await?.0)
    }

    /// The next piece of the answer's body; `None` at its end. Cancel-safe.
    ///
    /// # Errors
    /// The stream failed, or nothing came.
    pub async fn part(&mut self) -> Result<Option<Bytes>, H2Error> {
        loop {
            let (_, body) = self.streaming().await?;
            let frame = timeout(PATIENCE, body.frame()).await;
            let frame = frame.map_err(|_elapsed| H2Error::Silent(PATIENCE))?;
            let Some(frame) = frame.transpose().map_err(H2Error::Failed)? else {
                return Ok(None);
            };
            match frame.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => return Ok(Some(data)),
                Err(frame) => {
                    if let Ok(trailers) = frame.into_trailers() {
                        self.trailers = trailers;
                    }
                }
            }
        }
    }

    /// The trailers of the answer, once [`Self::part`] gave `None`.
    #[must_use]
    pub fn trailers(&self) -> &HeaderMap {
        &self.trailers
    }

    /// Ends the request and collects the answer.
    ///
    /// # Errors
    /// There was no whole answer.
    pub async fn collect(mut self) -> Result<AnswerH2, H2Error> {
        self.finish();
        let mut body = BytesMut::new();
        while let Some(piece) = self.part().await? {
            body.extend_from_slice(&piece);
            if body.len() > COLLECTED_BYTES_MAX {
                return Err(H2Error::TooLong);
            }
        }
        let head = self.head().await?;
        Ok(AnswerH2 {
            status: head.status.as_u16(),
            fields: head.headers.clone(),
            body: body.freeze(),
            trailers: self.trailers,
        })
    }

    async fn send_frame(&mut self, frame: Frame<Bytes>) -> Result<(), H2Error> {
        let sender = self.sender.as_mut().ok_or(H2Error::BodyRefused)?;
        let sent = timeout(PATIENCE, sender.send(frame)).await;
        let sent = sent.map_err(|_elapsed| H2Error::Silent(PATIENCE))?;
        sent.map_err(|_gone| H2Error::BodyRefused)
    }

    async fn streaming(&mut self) -> Result<(&mut http::response::Parts, &mut Incoming), H2Error> {
        if let AnswerState::Pending(pending) = &mut self.answer {
            let answer = timeout(PATIENCE, pending).await;
            let answer = answer.map_err(|_elapsed| H2Error::Silent(PATIENCE))?;
            let (head, body) = answer.map_err(H2Error::Failed)?.into_parts();
            self.answer = AnswerState::Streaming(head, body);
        }
        match &mut self.answer {
            AnswerState::Streaming(head, body) => Ok((head, body)),
            // A failed answer leaves its future behind, which must not be asked again.
            AnswerState::Pending(_) => Err(H2Error::Silent(Duration::ZERO)),
        }
    }
}

impl fmt::Debug for ExchangeH2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeH2")
            .field("sending", &self.sender.is_some())
            .field("trailers", &self.trailers)
            .finish_non_exhaustive()
    }
}
