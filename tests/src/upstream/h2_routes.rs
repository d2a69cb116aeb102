//! The behaviours of the HTTP/2 upstream: echo, streaming echo, WebSocket; gRPC is in `h2_grpc`.

use std::{future::Future, io, sync::Arc};

use bytes::{Bytes, BytesMut};
use futures::{SinkExt as _, StreamExt as _};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{
    BodyExt as _, Full,
    channel::{Channel, Sender},
    combinators::UnsyncBoxBody,
};
use hyper::{body::Incoming, ext::Protocol, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tungstenite::protocol::Role;

use super::{
    BodyProgress, RecordH2,
    h2::ConnectionH2,
    h2_grpc::{Call, grpc_answer, send, send_status, trailers_only},
};
use crate::{
    ledger::Ledger,
    wire::{count, hex, latin1},
};

/// Pieces that an answer may be ahead of the connection.
const PIECES_AHEAD: usize = 4;

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Sending failed, or the request was cut: the peer is gone.
pub(super) struct PeerGone;

/// Runs the behaviour of the request's path.
pub(super) async fn route(request: Request<Incoming>, connection: &Arc<ConnectionH2>) -> Response<Body> {
    if request.method() == Method::CONNECT {
        return tunnel(request, connection);
    }
    let (head, body) = request.into_parts();
    let number = connection.record(&head);
    let ledger = connection.ledger.clone();
    let request = RequestBody {
        ledger: ledger.clone(),
        number,
        body,
        digest: Sha256::new(),
        trailers: HeaderMap::new(),
        is_over: false,
    };
    let answer = match head.uri.path() {
        "/hang" => {
            // Dropped with the stream, and so marks the peer as gone.
            let _unanswered = request;
            std::future::pending().await
        }
        "/stream-echo" => {
            let (sender, body) = Channel::new(PIECES_AHEAD);
            spawn(connection, number, stream_echo(request, sender));
            Response::new(body.boxed_unsync())
        }
        "/trailers" => {
            let (sender, body) = Channel::new(PIECES_AHEAD);
            spawn(connection, number, send_hello(request, sender));
            grpc_answer(body)
        }
        "/echo.Echo/Fail" => trailers_only(request).await,
        path => match Call::of(path, &head.headers) {
            Some(call) => {
                let (sender, body) = Channel::new(PIECES_AHEAD);
                spawn(connection, number, call.run(request, sender));
                grpc_answer(body)
            }
            None => echo(&head, request).await,
        },
    };
    ledger.update(number, |record| record.answered = Some(Instant::now()));
    answer
}

/// Answers an extended CONNECT (RFC 8441).
fn tunnel(request: Request<Incoming>, connection: &Arc<ConnectionH2>) -> Response<Body> {
    let protocol = request.extensions().get::<Protocol>();
    let is_websocket = protocol.is_some_and(|protocol| protocol.as_str() == "websocket");
    let (head, body) = request.into_parts();
    let number = connection.record(&head);
    let mut answer = Response::new(Full::default().map_err(|never| match never {}).boxed_unsync());
    if is_websocket {
        let upgrade = hyper::upgrade::on(Request::from_parts(head, body));
        spawn(connection, number, echo_messages(upgrade));
    } else {
        *answer.status_mut() = StatusCode::NOT_IMPLEMENTED;
    }
    answer
}

/// Sends WebSocket messages back until the visitor closes.
async fn echo_messages(upgrade: OnUpgrade) -> Result<(), PeerGone> {
    let upgraded = TokioIo::new(upgrade.await.map_err(|_failed| PeerGone)?);
    let mut socket = WebSocketStream::from_raw_socket(upgraded, Role::Server, None).await;
    while let Some(message) = socket.next().await {
        let message = message.map_err(|_failed| PeerGone)?;
        // Pings and closes are answered by the library.
        if message.is_text() || message.is_binary() {
            socket.send(message).await.map_err(|_failed| PeerGone)?;
        }
    }
    Ok(())
}

/// Sends an answer in a task of its own.
fn spawn(
    connection: &Arc<ConnectionH2>,
    number: u64,
    work: impl Future<Output = Result<(), PeerGone>> + Send + 'static,
) {
    let ledger = connection.ledger.clone();
    connection.tasks.spawn(async move {
        if work.await.is_err() {
            mark_gone(&ledger, number);
        }
        ledger.update(number, |record| record.answered = Some(Instant::now()));
    });
}

fn mark_gone(ledger: &Ledger<RecordH2>, number: u64) {
    ledger.update(number, |record| {
        record.gone.get_or_insert_with(Instant::now);
    });
}

/// A request body that records what is read of it. Dropped before its end, it marks the peer as gone.
pub(super) struct RequestBody {
    ledger: Ledger<RecordH2>,
    number: u64,
    body: Incoming,
    digest: Sha256,
    trailers: HeaderMap,
    is_over: bool,
}

impl RequestBody {
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, PeerGone> {
        loop {
            let Some(frame) = self.body.frame().await else {
                self.end(BodyProgress::Complete);
                return Ok(None);
            };
            let Ok(frame) = frame else {
                self.end(BodyProgress::Broken);
                mark_gone(&self.ledger, self.number);
                return Err(PeerGone);
            };
            match frame.into_data() {
                Ok(data) => {
                    self.digest.update(&data);
                    self.ledger.update(self.number, |record| {
                        record.body = BodyProgress::Reading;
                        record.body_bytes += count(data.len());
                    });
                    if !data.is_empty() {
                        return Ok(Some(data));
                    }
                }
                Err(frame) => self.trailers = frame.into_trailers().unwrap_or_default(),
            }
        }
    }

    pub(super) async fn read_all(&mut self) -> Result<(), PeerGone> {
        while self.next().await?.is_some() {}
        Ok(())
    }

    fn end(&mut self, progress: BodyProgress) {
        self.is_over = true;
        let digest = std::mem::take(&mut self.digest).finalize();
        self.ledger.update(self.number, |record| {
            record.body = progress;
            record.trailers = self.trailers.clone();
            if progress == BodyProgress::Complete {
                record.body_sha256 = hex(&digest);
            }
        });
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if !self.is_over {
            mark_gone(&self.ledger, self.number);
        }
    }
}

async fn echo(head: &http::request::Parts, mut request: RequestBody) -> Response<Body> {
    let mut start = BytesMut::new();
    while let Ok(Some(piece)) = request.next().await {
        let room = (4 << 10) - start.len();
        start.extend_from_slice(&piece[..piece.len().min(room)]);
    }
    let record = request.ledger.record(request.number);
    let answer = json!({
        "method": head.method.as_str(),
        "path": head.uri.path_and_query().map(|path| path.as_str()),
        "authority": head.uri.authority().map(|authority| authority.as_str()),
        "fields": pairs(&head.headers),
        "body_bytes": record.as_ref().map(|record| record.body_bytes),
        "body_sha256": record.as_ref().map(|record| &record.body_sha256),
        "body": latin1(&start),
        "trailers": pairs(&request.trailers),
    });
    let body = Full::from(answer.to_string()).map_err(|never| match never {});
    let mut answer = Response::new(body.boxed_unsync());
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert("content-type", json);
    answer
}

fn pairs(fields: &HeaderMap) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| (name.to_string(), latin1(value.as_bytes()))).collect()
}

async fn stream_echo(mut request: RequestBody, mut sender: Sender<Bytes, io::Error>) -> Result<(), PeerGone> {
    while let Some(piece) = request.next().await? {
        send(&mut sender, piece).await?;
    }
    if !request.trailers.is_empty() {
        let trailers = request.trailers.clone();
        sender.send_trailers(trailers).await.map_err(|_gone| PeerGone)?;
    }
    Ok(())
}

async fn send_hello(mut request: RequestBody, mut sender: Sender<Bytes, io::Error>) -> Result<(), PeerGone> {
    request.read_all().await?;
    send(&mut sender, Bytes::from_static(b"hello")).await?;
    send_status(&mut sender, 0, "fine").await
}
