//! Calls of all four kinds, over an HTTP/2 visitor.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method};
use thiserror::Error;

use super::{FrameReader, frame};
use crate::visitor::{ExchangeH2, H2Error, VisitorH2};

/// Fields of every gRPC request.
const REQUEST_FIELDS: [(&str, &str); 2] = [("content-type", "application/grpc"), ("te", "trailers")];

/// Why a call has no result.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GrpcError {
    /// The HTTP/2 exchange failed.
    #[error("the exchange failed")]
    Exchange(#[from] H2Error),
    /// The answer is HTTP, not gRPC.
    #[error("the answer is no gRPC: status {status}, content-type {content_type:?}")]
    NotGrpc {
        /// The HTTP status.
        status: u16,
        /// The content type, empty when there is none.
        content_type: String,
    },
    /// The frames in the body are wrong.
    #[error("bad frame: {0}")]
    BadFrame(&'static str),
    /// The answer ended without `grpc-status`.
    #[error("the answer has no grpc-status")]
    NoStatus,
}

/// `grpc-status` and `grpc-message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrpcStatus {
    /// 0 is OK.
    pub code: u32,
    /// As it was sent, percent-encoding and all; may be empty.
    pub message: String,
}

/// All that came back from a call.
#[derive(Debug, Clone)]
pub struct GrpcAnswer {
    /// The fields of the head.
    pub fields: HeaderMap,
    /// The messages in order.
    pub messages: Vec<Bytes>,
    /// How it ended.
    pub status: GrpcStatus,
    /// All trailers, or the fields of an answer that has nothing but a head.
    pub trailers: HeaderMap,
}

/// A gRPC caller on one HTTP/2 connection.
#[derive(Debug)]
pub struct GrpcVisitor {
    h2: VisitorH2,
}

/// A call under way. Dropping it resets its stream.
#[derive(Debug)]
pub struct GrpcCall {
    exchange: ExchangeH2,
    frames: FrameReader,
    is_checked: bool,
}

impl GrpcVisitor {
    /// Connects; `host` becomes the `:authority`.
    ///
    /// # Errors
    /// There is no connection.
    pub async fn connect(address: SocketAddr, host: &str) -> Result<Self, GrpcError> {
        let h2 = VisitorH2::connect(address, host).await?;
        Ok(Self { h2 })
    }

    /// One message there, and what comes back.
    ///
    /// # Errors
    /// There was no gRPC answer; a status other than 0 is no error.
    pub async fn unary(&mut self, path: &str, message: &[u8]) -> Result<GrpcAnswer, GrpcError> {
        self.client_streaming(path, &[message]).await
    }

    /// Several messages there, and what comes back.
    ///
    /// # Errors
    /// As [`Self::unary`].
    pub async fn client_streaming(&mut self, path: &str, messages: &[&[u8]]) -> Result<GrpcAnswer, GrpcError> {
        let mut call = self.call(path, &[])?;
        for message in messages {
            call.send(message).await?;
        }
        call.finish();
        call.answer().await
    }

    /// One message there; the call gives the messages as they come.
    ///
    /// # Errors
    /// The call cannot be made.
    pub async fn server_streaming(&mut self, path: &str, message: &[u8]) -> Result<GrpcCall, GrpcError> {
        let mut call = self.call(path, &[])?;
        call.send(message).await?;
        call.finish();
        Ok(call)
    }

    /// A call that sends and receives at will, with further `fields`.
    ///
    /// # Errors
    /// The call cannot be made.
    pub fn call(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<GrpcCall, GrpcError> {
        let fields: Vec<_> = REQUEST_FIELDS.iter().chain(fields).copied().collect();
        Ok(GrpcCall {
            exchange: self.h2.open(Method::POST, path, &fields)?,
            frames: FrameReader::default(),
            is_checked: false,
        })
    }
}

impl GrpcCall {
    /// Sends one message.
    ///
    /// # Errors
    /// The other side takes no more.
    pub async fn send(&mut self, message: &[u8]) -> Result<(), GrpcError> {
        Ok(self.exchange.send(frame(message)).await?)
    }

    /// Ends the sending side.
    pub fn finish(&mut self) {
        self.exchange.finish();
    }

    /// The next message; `None` when there are no more. Cancel-safe.
    ///
    /// # Errors
    /// The exchange failed, or is no gRPC.
    pub async fn next(&mut self) -> Result<Option<Bytes>, GrpcError> {
        self.check_head().await?;
        loop {
            if let Some(message) = self.frames.next().map_err(GrpcError::BadFrame)? {
                return Ok(Some(message));
            }
            match self.exchange.part().await? {
                Some(piece) => self.frames.push(&piece),
                None if self.frames.is_empty() => return Ok(None),
                None => return Err(GrpcError::BadFrame("the body ends within a message")),
            }
        }
    }

    /// Reads all messages that are left, and the status.
    ///
    /// # Errors
    /// The exchange failed, is no gRPC, or ended without a status.
    pub async fn answer(mut self) -> Result<GrpcAnswer, GrpcError> {
        let mut messages = Vec::new();
        while let Some(message) = self.next().await? {
            messages.push(message);
        }
        let fields = self.exchange.head().await?.headers.clone();
        let trailers = match self.exchange.trailers() {
            // An answer that fails at once has its trailers in the head ("Trailers-Only").
            none if none.is_empty() => fields.clone(),
            trailers => trailers.clone(),
        };
        let text = |name| trailers.get(name)?.to_str().ok();
        let code = text("grpc-status").and_then(|code| code.parse().ok());
        let status = GrpcStatus {
            code: code.ok_or(GrpcError::NoStatus)?,
            message: text("grpc-message").unwrap_or_default().to_owned(),
        };
        Ok(GrpcAnswer { fields, messages, status, trailers })
    }

    /// The exchange below, say to look at its head or to abort it.
    pub fn exchange(&mut self) -> &mut ExchangeH2 {
        &mut self.exchange
    }

    async fn check_head(&mut self) -> Result<(), GrpcError> {
        if self.is_checked {
            return Ok(());
        }
        let head = self.exchange.head().await?;
        let content_type = head.headers.get("content-type");
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default();
        if head.status != 200 || !content_type.starts_with("application/grpc") {
            return Err(GrpcError::NotGrpc { status: head.status.as_u16(), content_type: content_type.to_owned() });
        }
        self.is_checked = true;
        Ok(())
    }
}
