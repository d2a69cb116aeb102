//! The Gateway's role: a request goes into a lane, its answer comes back.

use std::pin::Pin;

use bytes::Bytes;
use http::StatusCode;
use http_body::Body as HttpBody;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use super::{
    Body, BodyError, ExchangeError, ResponseHead, WireError,
    pump::{AtHand, BoxError, PumpSide, pump, take_at_hand},
};
use crate::{
    frame::{ResetCode, Side, StreamKind},
    proto::Received,
    session::{Lane, RecvStream, SendStream},
};

/// A request's body on its way out: what was at hand, and the rest.
#[derive(Debug)]
pub struct Outgoing<B> {
    at_hand: Option<AtHand>,
    rest: Option<Pin<Box<B>>>,
    expects_continue: bool,
}

impl<B> Outgoing<B>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    /// Takes what the body has at once, without waiting. A body whose sender waits for `100 Continue`
    /// (RFC 9110 §10.1.1) is not touched before the upstream has asked for it.
    ///
    /// # Errors
    ///
    /// What the body says when it fails at once.
    pub async fn new(body: B, expects_continue: bool) -> Result<Self, BoxError> {
        if body.is_end_stream() {
            let at_hand = AtHand { inline: Bytes::new(), next: None, trailers: None, end: true };
            return Ok(Self { at_hand: Some(at_hand), rest: None, expects_continue: false });
        }
        let mut body = Box::pin(body);
        let at_hand = if expects_continue {
            AtHand { inline: Bytes::new(), next: None, trailers: None, end: false }
        } else {
            take_at_hand(&mut body.as_mut()).await?
        };
        let rest = (!at_hand.end).then_some(body);
        Ok(Self { at_hand: Some(at_hand), rest, expects_continue })
    }

    /// All of the body is at hand, so that the request can be sent again. Once the rest was handed to a stream, it is not.
    #[must_use]
    pub const fn is_repeatable(&self) -> bool {
        self.rest.is_none() && self.at_hand.is_some()
    }

    /// The body is empty, and always was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_none() && self.at_hand.as_ref().is_some_and(|at_hand| at_hand.inline.is_empty())
    }
}

/// What came back.
#[derive(Debug)]
pub enum Answer {
    /// A final answer.
    Response {
        /// Its head.
        head: ResponseHead,
        /// Its body.
        body: Body,
    },
    /// The upstream switched protocols; bytes pass both ways from here on.
    Upgraded {
        /// The 101's head.
        head: ResponseHead,
        /// Towards the upstream.
        send: SendStream,
        /// From the upstream.
        recv: RecvStream,
    },
}

/// Sends a request into `lane` and waits for the head of its answer. The rest of a body that was not at hand is
/// moved by a task on `tracker`, for as long as the stream lives. A visitor may pause in the middle of it for as long as
/// the body itself allows.
///
/// # Errors
///
/// When there is no answer; see [`ExchangeError`] for whose doing that was. While [`Outgoing::is_repeatable`], the
/// same `outgoing` can be sent again.
///
/// # Cancel safety
///
/// Dropping it cancels the exchange, at the upstream too.
pub async fn initiate<B>(
    lane: &Lane,
    kind: StreamKind,
    head: &[u8],
    outgoing: &mut Outgoing<B>,
    tracker: &TaskTracker,
) -> Result<Answer, ExchangeError>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let whole = outgoing.is_repeatable() && kind != StreamKind::Upgrade;
    let inline = outgoing.at_hand.as_ref().map(|at_hand| at_hand.inline.clone()).unwrap_or_default();
    let (send, recv) = lane.open(kind, head, &inline, whole).await.map_err(ExchangeError::NotSent)?;
    if whole {
        return answer(None, recv, None).await;
    }
    if kind == StreamKind::Upgrade {
        return answer(Some(send), recv, None).await;
    }
    let (ask, asked) = oneshot::channel();
    let asked = outgoing.expects_continue.then_some(asked);
    if let (Some(at_hand), Some(rest)) = (outgoing.at_hand.take(), outgoing.rest.take()) {
        tracker.spawn(move_rest(send, rest, at_hand, asked));
    }
    answer(None, recv, Some(ask)).await
}

/// Moves the rest of a request's body, once the upstream has asked for it where it must ask.
async fn move_rest<B>(
    mut send: SendStream,
    mut rest: Pin<Box<B>>,
    at_hand: AtHand,
    asked: Option<oneshot::Receiver<()>>,
) where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    if let Some(asked) = asked {
        tokio::select! {
            // Without an answer nobody wants the body, and the stream is over.
            asked = asked => if asked.is_err() { return },
            _stopped = send.stopped() => return,
        }
    }
    let whose = PumpSide { side: Side::Visitor, code: ResetCode::BadRequest, idle: None };
    if let (_bytes, Err(error)) = pump(rest.as_mut(), &mut send, at_hand, whose).await {
        tracing::trace!(stream = %send.id(), ?error, "request body not sent to its end");
    }
}

/// Waits for the final head, past interim ones.
async fn answer(
    mut send: Option<SendStream>,
    mut recv: RecvStream,
    mut ask: Option<oneshot::Sender<()>>,
) -> Result<Answer, ExchangeError> {
    loop {
        let head = match recv.read().await? {
            Some(Received::Head(head)) => ResponseHead::decode(&head)?,
            Some(Received::Data(_) | Received::Trailers(_)) | None => return Err(ExchangeError::NoAnswer),
        };
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            let unasked = ExchangeError::Malformed(WireError::NotHttp("unasked switch of protocols"));
            let send = send.take().ok_or(unasked)?;
            return Ok(Answer::Upgraded { head, send, recv });
        }
        // A final answer that was not preceded by 100 may still depend on the body, which the visitor decides to send.
        let asks = head.status == StatusCode::CONTINUE || !head.status.is_informational();
        if asks && let Some(ask) = ask.take() {
            let _listener_gone = ask.send(());
        }
        // Other interim answers are passed on only by hops that can (RFC 9110 §15.2).
        if head.status.is_informational() {
            continue;
        }
        if let Some(send) = &mut send {
            let _already_over = send.finish(None);
        }
        let body = Body::from_stream(recv).await.map_err(|error| match error {
            BodyError::Cut(error) => error.into(),
            BodyError::Trailers(error) => ExchangeError::Malformed(error),
            BodyError::OutOfPlace => ExchangeError::NoAnswer,
        })?;
        return Ok(Answer::Response { head, body });
    }
}
