//! A visitor with a WebSocket connection, over any byte stream.

use std::{net::SocketAddr, time::Duration};

use futures::{SinkExt as _, StreamExt as _};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::WebSocketStream;
use tungstenite::{
    Message,
    handshake::client::generate_key,
    protocol::{CloseFrame, Role, frame::coding::CloseCode},
};

/// How long to wait for a message.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a WebSocket visitor did not get what it waited for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WebSocketError {
    /// The upgrade failed, or the protocol was broken. A refusal is `tungstenite::Error::Http`.
    #[error("the WebSocket connection failed")]
    Protocol(#[source] Box<tungstenite::Error>),
    /// The request is not valid HTTP.
    #[error("the upgrade request cannot be built")]
    Request(#[source] http::Error),
    /// No connection.
    #[error("no connection")]
    Connect(#[source] std::io::Error),
    /// The connection ended without a message.
    #[error("the connection ended")]
    Ended,
    /// Nothing came for longer than a visitor waits.
    #[error("no message within {0:?}")]
    Silent(Duration),
}

impl WebSocketError {
    /// The status with which the upgrade was refused, if it was.
    #[must_use]
    pub fn refused_with(&self) -> Option<u16> {
        match self {
            Self::Protocol(error) => match &**error {
                tungstenite::Error::Http(answer) => Some(answer.status().as_u16()),
                _ => None,
            },
            _ => None,
        }
    }
}

impl From<tungstenite::Error> for WebSocketError {
    fn from(error: tungstenite::Error) -> Self {
        Self::Protocol(Box::new(error))
    }
}

/// An open WebSocket connection. Dropping it closes the transport without a close frame.
#[derive(Debug)]
pub struct VisitorWebSocket<S = TcpStream> {
    socket: WebSocketStream<S>,
    head: HeaderMap,
}

impl VisitorWebSocket<TcpStream> {
    /// Connects to `address` and upgrades at `path` of `host`.
    ///
    /// # Errors
    /// No connection, or the upgrade was refused.
    pub async fn connect(address: SocketAddr, host: &str, path: &str) -> Result<Self, WebSocketError> {
        let stream = TcpStream::connect(address).await;
        let stream = stream.map_err(WebSocketError::Connect)?;
        Self::upgrade(stream, host, path, &[]).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> VisitorWebSocket<S> {
    /// Upgrades `stream`, with further `fields`, say `Sec-WebSocket-Protocol`.
    ///
    /// # Errors
    /// The upgrade was refused, or took too long.
    pub async fn upgrade(stream: S, host: &str, path: &str, fields: &[(&str, &str)]) -> Result<Self, WebSocketError> {
        let mut request = Request::get(format!("ws://{host}{path}"))
            .header("Host", host)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", generate_key());
        for (name, value) in fields {
            let name = HeaderName::try_from(*name).map_err(|e| WebSocketError::Request(e.into()))?;
            let value = HeaderValue::try_from(*value);
            request = request.header(name, value.map_err(|e| WebSocketError::Request(e.into()))?);
        }
        let request = request.body(()).map_err(WebSocketError::Request)?;
        let (socket, answer) = timeout(PATIENCE, tokio_tungstenite::client_async(request, stream))
            .await
            .map_err(|_elapsed| WebSocketError::Silent(PATIENCE))??;
        Ok(Self { socket, head: answer.headers().clone() })
    }

    /// Uses `stream` on which an upgrade has been agreed, say by extended CONNECT.
    pub async fn over(stream: S) -> Self {
        Self { socket: WebSocketStream::from_raw_socket(stream, Role::Client, None).await, head: HeaderMap::new() }
    }

    /// The fields of the 101 answer; none for [`Self::over`].
    #[must_use]
    pub fn head(&self) -> &HeaderMap {
        &self.head
    }

    /// Sends a message and flushes it.
    ///
    /// # Errors
    /// The connection failed or is closed.
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), WebSocketError> {
        Ok(self.socket.send(message.into()).await?)
    }

    /// Sends a close frame.
    ///
    /// # Errors
    /// The connection failed or is closed.
    pub async fn close(&mut self, code: u16, reason: &str) -> Result<(), WebSocketError> {
        let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
        Ok(self.socket.close(Some(frame)).await?)
    }

    /// The next message, pings, pongs and closes included. Cancel-safe.
    ///
    /// # Errors
    /// The connection ended or failed, or nothing came.
    pub async fn next(&mut self) -> Result<Message, WebSocketError> {
        match timeout(PATIENCE, self.socket.next()).await {
            Ok(Some(message)) => Ok(message?),
            Ok(None) => Err(WebSocketError::Ended),
            Err(_elapsed) => Err(WebSocketError::Silent(PATIENCE)),
        }
    }

    /// The code and reason of the close frame that comes; other messages before it are thrown away.
    /// `None` for a close frame without code.
    ///
    /// # Errors
    /// The connection ended or failed without a close frame.
    pub async fn next_close(&mut self) -> Result<Option<(u16, String)>, WebSocketError> {
        loop {
            if let Message::Close(frame) = self.next().await? {
                return Ok(frame.map(|frame| (frame.code.into(), frame.reason.to_string())));
            }
        }
    }

    /// The transport itself, say to reset it.
    pub fn transport(&self) -> &S {
        self.socket.get_ref()
    }
}
