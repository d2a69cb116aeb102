//! The gRPC echo service of the HTTP/2 upstream.

use std::io;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body_util::{
    BodyExt as _, Full,
    channel::{Channel, Sender},
};

use super::h2_routes::{Body, PeerGone, RequestBody};
use crate::grpc::{FrameReader, frame};

/// Messages of `/echo.Echo/ServerStream`, unless `x-count` says otherwise.
const COUNT_DEFAULT: u32 = 3;

/// A kind of gRPC call.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    Unary,
    ClientStream,
    ServerStream { count: u32 },
    Bidi,
    FailLate,
}

impl Call {
    pub(super) fn of(path: &str, fields: &HeaderMap) -> Option<Self> {
        Some(match path.strip_prefix("/echo.Echo/")? {
            "Unary" => Self::Unary,
            "ClientStream" => Self::ClientStream,
            "ServerStream" => {
                let count = fields.get("x-count").and_then(|count| count.to_str().ok());
                Self::ServerStream { count: count.and_then(|count| count.parse().ok()).unwrap_or(COUNT_DEFAULT) }
            }
            "Bidi" => Self::Bidi,
            "FailLate" => Self::FailLate,
            _ => return None,
        })
    }

    pub(super) async fn run(self, request: RequestBody, mut sender: Sender<Bytes, io::Error>) -> Result<(), PeerGone> {
        let mut messages = Messages { request, frames: FrameReader::default() };
        match self {
            Self::Unary => repeat(&mut messages, &mut sender, 1).await?,
            Self::ServerStream { count } => repeat(&mut messages, &mut sender, count).await?,
            Self::ClientStream => {
                let mut joined = BytesMut::new();
                while let Some(message) = messages.next().await? {
                    joined.extend_from_slice(&message);
                }
                send(&mut sender, frame(&joined)).await?;
            }
            Self::Bidi => {
                while let Some(message) = messages.next().await? {
                    send(&mut sender, frame(&message)).await?;
                }
            }
            Self::FailLate => {
                repeat(&mut messages, &mut sender, 1).await?;
                return send_status(&mut sender, 13, "failed late").await;
            }
        }
        send_status(&mut sender, 0, "fine").await
    }
}

/// Reads the request, and sends its first message `count` times.
async fn repeat(messages: &mut Messages, sender: &mut Sender<Bytes, io::Error>, count: u32) -> Result<(), PeerGone> {
    let message = messages.next().await?.unwrap_or_default();
    messages.request.read_all().await?;
    for _ in 0..count {
        send(sender, frame(&message)).await?;
    }
    Ok(())
}

/// The messages of a request.
struct Messages {
    request: RequestBody,
    frames: FrameReader,
}

impl Messages {
    async fn next(&mut self) -> Result<Option<Bytes>, PeerGone> {
        loop {
            // A caller that sends bad frames is treated like one that left.
            if let Some(message) = self.frames.next().map_err(|_bad| PeerGone)? {
                return Ok(Some(message));
            }
            match self.request.next().await? {
                Some(piece) => self.frames.push(&piece),
                None => return Ok(None),
            }
        }
    }
}

/// An answer whose trailers are in its head, as gRPC sends it when a call fails at once.
pub(super) async fn trailers_only(mut request: RequestBody) -> Response<Body> {
    // Whether the body was whole is in the record.
    request.read_all().await.ok();
    let empty = Full::default().map_err(|never| match never {});
    let mut answer = Response::new(empty.boxed_unsync());
    let fields = answer.headers_mut();
    fields.extend(status(5, "no such thing"));
    let grpc = HeaderValue::from_static("application/grpc");
    fields.insert("content-type", grpc);
    answer
}

pub(super) async fn send(sender: &mut Sender<Bytes, io::Error>, data: Bytes) -> Result<(), PeerGone> {
    sender.send_data(data).await.map_err(|_gone| PeerGone)
}

pub(super) async fn send_status(
    sender: &mut Sender<Bytes, io::Error>,
    code: u16,
    message: &'static str,
) -> Result<(), PeerGone> {
    let trailers = status(code, message);
    sender.send_trailers(trailers).await.map_err(|_gone| PeerGone)
}

fn status(code: u16, message: &'static str) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert(HeaderName::from_static("grpc-status"), HeaderValue::from(code));
    let message = HeaderValue::from_static(message);
    trailers.insert(HeaderName::from_static("grpc-message"), message);
    trailers
}

pub(super) fn grpc_answer(body: Channel<Bytes, io::Error>) -> Response<Body> {
    let mut answer = Response::new(body.boxed_unsync());
    let grpc = HeaderValue::from_static("application/grpc");
    answer.headers_mut().insert("content-type", grpc);
    answer
}
