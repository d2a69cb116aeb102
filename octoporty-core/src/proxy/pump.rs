//! From an HTTP body into a stream: what is at hand rides with the head, the rest follows as credit allows.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http_body::Body;
use tokio::time::Sleep;

use super::{encode_trailers, headers::strip_trailers};
use crate::{
    frame::{Reset, ResetCode, Side},
    http1::BodyError,
    limits::INLINE_BODY_BYTES_MAX,
    proto::WriteError,
    session::SendStream,
};

/// An error of any body.
pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What of a body was at hand when its head was sent.
#[derive(Debug)]
pub(super) struct AtHand {
    /// The first bytes, to ride with the head.
    pub(super) inline: Bytes,
    /// A chunk that was too large for that, to go first.
    pub(super) next: Option<Bytes>,
    /// Trailers that were at hand too.
    pub(super) trailers: Option<Bytes>,
    /// Nothing follows.
    pub(super) end: bool,
}

/// Takes what the body has at once, without waiting: up to [`INLINE_BODY_BYTES_MAX`], or one larger chunk.
pub(super) async fn take_at_hand<B>(body: &mut Pin<&mut B>) -> Result<AtHand, BoxError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    poll_fn(|context| Poll::Ready(poll_at_hand(body, context))).await
}

fn poll_at_hand<B>(body: &mut Pin<&mut B>, context: &mut Context<'_>) -> Result<AtHand, BoxError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let mut taken = AtHand { inline: Bytes::new(), next: None, trailers: None, end: false };
    loop {
        if body.is_end_stream() {
            taken.end = true;
            return Ok(taken);
        }
        match body.as_mut().poll_frame(context) {
            Poll::Pending => return Ok(taken),
            Poll::Ready(None) => {
                taken.end = true;
                return Ok(taken);
            }
            Poll::Ready(Some(Err(error))) => return Err(error.into()),
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(bytes) if taken.inline.len() + bytes.len() > INLINE_BODY_BYTES_MAX => {
                    taken.next = Some(bytes);
                    return Ok(taken);
                }
                Ok(bytes) if taken.inline.is_empty() => taken.inline = bytes,
                Ok(bytes) => {
                    let mut joined = BytesMut::with_capacity(taken.inline.len() + bytes.len());
                    joined.extend_from_slice(&taken.inline);
                    joined.extend_from_slice(&bytes);
                    taken.inline = joined.freeze();
                }
                Err(frame) => {
                    if let Ok(mut trailers) = frame.into_trailers() {
                        strip_trailers(&mut trailers);
                        taken.trailers = Some(encode_trailers(&trailers));
                        return Ok(taken);
                    }
                }
            },
        }
    }
}

/// Why a pump ended before the body did.
#[derive(Debug)]
pub(super) enum PumpError {
    /// The stream takes no more.
    Stream(WriteError),
    /// The body failed; the stream was reset.
    Body(Reset),
}

/// How a pump tells a failing body apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct PumpSide {
    /// Whose body it is.
    pub(super) side: Side,
    /// The code when it fails.
    pub(super) code: ResetCode,
    /// How long it may pause, if there is a limit.
    pub(super) idle: Option<Duration>,
}

/// Moves the rest of a body into the stream and ends it; resets it when the body fails or pauses too long. Stops
/// at once when the stream is reset. Gives the number of bytes that were taken, and why it ended early if it did.
pub(super) async fn pump<B>(
    body: Pin<&mut B>,
    send: &mut SendStream,
    at_hand: AtHand,
    whose: PumpSide,
) -> (u64, Result<(), PumpError>)
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let mut pump = Pump { body, next: at_hand.next, trailers: at_hand.trailers, whose, timer: None, bytes: 0 };
    let ended = poll_fn(|context| pump.poll(send, context)).await;
    (pump.bytes, ended)
}

struct Pump<'a, B> {
    body: Pin<&'a mut B>,
    next: Option<Bytes>,
    trailers: Option<Bytes>,
    whose: PumpSide,
    timer: Option<Pin<Box<Sleep>>>,
    bytes: u64,
}

impl<B> Pump<'_, B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    fn poll(&mut self, send: &mut SendStream, context: &mut Context<'_>) -> Poll<Result<(), PumpError>> {
        loop {
            if let Some(bytes) = &self.next {
                match send.poll_write(context, bytes) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(PumpError::Stream(error))),
                    Poll::Ready(Ok(())) => {
                        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                        self.next = None;
                    }
                }
            }
            if self.trailers.is_some() || self.body.is_end_stream() {
                return Poll::Ready(send.finish(self.trailers.take()).map_err(PumpError::Stream));
            }
            match send.poll_ready(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(PumpError::Stream(error))),
                Poll::Pending => return Poll::Pending,
            }
            match self.body.as_mut().poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.timer = None;
                    self.take(frame);
                }
                Poll::Ready(Some(Err(error))) => {
                    let error = error.into();
                    let code = if is_timeout(error.as_ref()) { ResetCode::Timeout } else { self.whose.code };
                    return Poll::Ready(Err(self.fail(send, code, chain(error.as_ref()))));
                }
                Poll::Ready(None) => {
                    return Poll::Ready(send.finish(None).map_err(PumpError::Stream));
                }
                Poll::Pending => return self.wait(send, context),
            }
        }
    }

    fn take(&mut self, frame: http_body::Frame<Bytes>) {
        match frame.into_data() {
            Ok(bytes) => self.next = Some(bytes),
            Err(frame) => {
                if let Ok(mut trailers) = frame.into_trailers() {
                    strip_trailers(&mut trailers);
                    self.trailers = Some(encode_trailers(&trailers));
                }
            }
        }
    }

    /// The body has nothing at the moment: wait for it, for the stream's end, or for its patience to run out.
    fn wait(&mut self, send: &mut SendStream, context: &mut Context<'_>) -> Poll<Result<(), PumpError>> {
        if let Poll::Ready(error) = send.poll_stopped(context) {
            return Poll::Ready(Err(PumpError::Stream(error)));
        }
        let Some(idle) = self.whose.idle else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(idle)));
        if Future::poll(timer.as_mut(), context).is_pending() {
            return Poll::Pending;
        }
        let detail = format!("the body paused for more than {} s", idle.as_secs());
        Poll::Ready(Err(self.fail(send, ResetCode::Timeout, detail)))
    }

    fn fail(&self, send: &mut SendStream, code: ResetCode, detail: String) -> PumpError {
        let reset = Reset::with_detail(code, self.whose.side, detail);
        send.reset(reset.clone());
        PumpError::Body(reset)
    }
}

/// Whether a body failed by its sender's slowness.
fn is_timeout(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(BodyError::Idle | BodyError::TooSlow))
}

/// An error and what caused it, on one line.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
