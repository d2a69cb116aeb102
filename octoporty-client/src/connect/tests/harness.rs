//! Nouns for the tests: a server that runs one script, and targets for it.

use std::{future::Future, time::Duration};

use octoporty_core::{secret::Secret, transport::WebSocket};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::connect::{DialError, DialTarget, GatewayIo, dial};

pub(super) const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Awaits what must happen soon.
pub(super) async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), work).await.expect("it did not happen in time")
}

/// A server on loopback; it stops with its value.
pub(super) struct Server {
    pub(super) port: u16,
    stop: CancellationToken,
}

impl Server {
    pub(super) async fn start<S, F>(script: S) -> Self
    where
        S: Fn(TcpStream) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let (spawner, stopped) = (tasks.clone(), stop.clone());
        tasks.spawn(stop.clone().run_until_cancelled_owned(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                spawner.spawn(stopped.clone().run_until_cancelled_owned(script(tcp)));
            }
        }));
        Self { port, stop }
    }

    /// Reads a head, shows it, answers with these bytes, and hangs up.
    pub(super) async fn answering(answer: &'static str) -> (Self, mpsc::Receiver<String>) {
        let (heads, seen) = mpsc::channel(4);
        let server = Self::start(move |mut tcp| {
            let heads = heads.clone();
            async move {
                heads.send(head(&mut tcp).await).await.expect("the test is there");
                tcp.write_all(answer.as_bytes()).await.expect("the client is there");
            }
        })
        .await;
        (server, seen)
    }

    /// A Gateway that agrees to everything and says each message back.
    pub(super) async fn gateway() -> Self {
        Self::start(|tcp| async move { echo(tcp).await }).await
    }

    pub(super) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}/tunnel", self.port)
    }

    pub(super) async fn dial(&self) -> Result<WebSocket<GatewayIo>, DialError> {
        soon(dial(&target(&self.url())?)).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Accepts a WebSocket with whatever subprotocol is asked for, and says each message back.
pub(super) async fn echo<S>(io: S)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    use futures::{SinkExt, StreamExt};
    use tungstenite::handshake::server::{ErrorResponse, Request, Response};

    #[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
    fn agree(request: &Request, mut answer: Response) -> Result<Response, ErrorResponse> {
        let wanted = request.headers()["sec-websocket-protocol"].clone();
        answer.headers_mut().insert("sec-websocket-protocol", wanted);
        Ok(answer)
    }

    let mut socket = tokio_tungstenite::accept_hdr_async(io, agree).await.expect("the client asks properly");
    while let Some(Ok(message)) = socket.next().await {
        if message.is_binary() {
            socket.send(message).await.expect("the client is there");
        }
    }
}

/// Sends a message and waits until it is said back.
pub(super) async fn check_echo(mut socket: WebSocket<GatewayIo>) {
    use futures::{SinkExt, StreamExt};

    let message = bytes::Bytes::from(vec![7; 300 << 10]);
    soon(socket.send(message.clone().into())).await.expect("the Gateway is there");
    assert_eq!(soon(socket.next()).await.expect("it answers").expect("in full"), message);
}

pub(super) async fn head(tcp: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && tcp.read_buf(&mut head).await.is_ok_and(|read| read > 0) {}
    String::from_utf8_lossy(&head).into_owned()
}

pub(super) fn key() -> Secret {
    Secret::new(KEY.to_owned())
}

pub(super) fn target(url: &str) -> Result<DialTarget, DialError> {
    DialTarget::builder(url, &key()).build()
}
