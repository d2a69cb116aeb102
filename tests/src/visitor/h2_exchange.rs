//! One HTTP/2 exchange under way: pieces of the request go while pieces of the answer come.

use std::{fmt, future::Future, io, pin::Pin};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response};
use http_body::Frame;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::timeout;

use super::h2::{AnswerH2, H2Error, PATIENCE};

/// Most body bytes that [`ExchangeH2::collect`] keeps.
pub(super) const COLLECTED_BYTES_MAX: usize = 64 << 20;

/// One exchange under way: sends pieces of the request while pieces of the answer come.
///
/// Dropping it cancels the stream, unless the answer has ended.
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
    Streaming(Box<http::response::Parts>, Incoming),
    Failed,
}

impl ExchangeH2 {
    /// An exchange whose answer is `pending`; without `sender` the request is whole already.
    pub(super) fn new(
        pending: impl Future<Output = hyper::Result<Response<Incoming>>> + Send + 'static,
        sender: Option<H2Sender>,
    ) -> Self {
        Self { sender, answer: AnswerState::Pending(Box::pin(pending)), trailers: HeaderMap::new() }
    }

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
        Ok(self.streaming().await?.0)
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
            match answer {
                Ok(answer) => {
                    let (head, body) = answer.into_parts();
                    self.answer = AnswerState::Streaming(Box::new(head), body);
                }
                Err(error) => {
                    // A future that has ended must not be asked again.
                    self.answer = AnswerState::Failed;
                    return Err(H2Error::Failed(error));
                }
            }
        }
        match &mut self.answer {
            AnswerState::Streaming(head, body) => Ok((head, body)),
            AnswerState::Pending(_) | AnswerState::Failed => Err(H2Error::FailedBefore),
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
