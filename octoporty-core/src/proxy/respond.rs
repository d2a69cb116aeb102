//! The Agent's role: a stream becomes a request for a handler, and the handler's answer goes back.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tracing::Instrument;

use super::{
    Body, BoxedIo, Relayed, RequestHead, ResponseHead, is_compressible,
    pump::{AtHand, BoxError, PumpError, PumpSide, chain, pump, take_at_hand},
    relay,
    wire::WIRE_FIELDS_MAX,
};
use crate::{
    frame::{Reset, ResetCode, Side, StreamKind},
    limits::ENCODED_HEAD_BYTES_MAX,
    proto::WriteError,
    session::{Incoming, InterimSender, RecvStream, SendStream},
};

/// Sends interim answers (RFC 9110 §15.2) ahead of the final one.
#[derive(Debug, Clone)]
pub struct Interim {
    sender: InterimSender,
    /// The final head is on its way; no other may follow it.
    answered: Arc<AtomicBool>,
}

impl Interim {
    /// Sends one; lost without harm when the stream is over.
    pub fn send(&self, status: StatusCode, headers: &HeaderMap) {
        let is_interim = status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS;
        if is_interim && !self.answered.load(Ordering::Relaxed) {
            self.sender.send(&ResponseHead { status, headers: headers.clone() }.encode());
        }
    }
}

/// What a handler answers with.
#[derive(Debug)]
pub enum Reply<B> {
    /// A final answer.
    Response {
        /// Its head.
        head: ResponseHead,
        /// Its body.
        body: B,
        /// How long the body may pause; `None` for no limit, as events need it.
        idle: Option<Duration>,
    },
    /// The upstream switched protocols.
    Upgraded {
        /// The 101's head.
        head: ResponseHead,
        /// The connection.
        io: BoxedIo,
        /// Bytes that were read from it already.
        leftover: Bytes,
        /// How long nothing may pass in either direction.
        idle: Duration,
    },
}

/// Answers requests that come through the tunnel.
pub trait Handler: Send + Sync {
    /// The body of its answers.
    type Body: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send;

    /// Answers one request. Several run at once; one is dropped when the visitor leaves. `upgrade` says that the
    /// request asks for another protocol (RFC 9110 §7.8) and that [`Reply::Upgraded`] is possible. The error
    /// tells the Gateway whose doing it was; the visitor gets a page that follows from it.
    fn handle(
        &self,
        head: RequestHead,
        body: Body,
        upgrade: bool,
        interim: Interim,
    ) -> impl Future<Output = Result<Reply<Self::Body>, Reset>> + Send;
}

/// How an exchange ended, for logs and statistics.
#[derive(Debug)]
pub struct Finished {
    /// The status of the final answer, if its head was sent.
    pub status: Option<StatusCode>,
    /// Bytes towards the visitor: of the answer's body, or of an upgraded connection.
    pub bytes_out: u64,
    /// Bytes from the visitor on an upgraded connection.
    pub bytes_in: u64,
    /// How it ended.
    pub end: End,
}

/// The end of an exchange.
#[derive(Debug)]
#[non_exhaustive]
pub enum End {
    /// The answer was sent to its end, or the upgraded connection ended in good order.
    Complete,
    /// It failed, on this side or the upstream's; the Gateway was told.
    Failed(Reset),
    /// The Gateway ended it: the visitor has gone, or the lane is lost.
    Abandoned(WriteError),
}

impl Finished {
    /// It ended before there was an answer.
    #[must_use]
    pub const fn unanswered(end: End) -> Self {
        Self { status: None, bytes_out: 0, bytes_in: 0, end }
    }

    fn answered(status: StatusCode, bytes_out: u64, end: End) -> Self {
        Self { status: Some(status), bytes_out, bytes_in: 0, end }
    }

    fn upgraded(status: StatusCode, relayed: Relayed) -> Self {
        let Relayed { bytes_in, bytes_out, reset } = relayed;
        Self { status: Some(status), bytes_out, bytes_in, end: reset.map_or(End::Complete, End::Failed) }
    }

    /// Says in the log how it ended; call it inside the span of the exchange.
    pub fn log(&self) {
        let status = self.status.map(|status| status.as_u16());
        let (bytes_in, bytes_out) = (self.bytes_in, self.bytes_out);
        match &self.end {
            End::Complete => tracing::debug!(status, bytes_in, bytes_out, "answered"),
            End::Failed(reset) => {
                let side = reset.side.as_str();
                tracing::debug!(status, bytes_out, side, code = ?reset.code, error = reset.detail, "exchange failed");
            }
            End::Abandoned(error) => tracing::debug!(status, bytes_out, %error, "exchange abandoned"),
        }
    }
}

/// Serves one stream to its end.
///
/// # Cancel safety
///
/// Dropping it resets the stream.
pub async fn respond<H: Handler>(handler: &H, incoming: Incoming) -> Finished {
    let Incoming { kind, head, mut send, recv } = incoming;
    let head = match RequestHead::decode(&head) {
        Ok(head) => head,
        Err(error) => return fail(&mut send, Reset::with_detail(ResetCode::Internal, Side::Internal, chain(&error))),
    };
    let span = tracing::debug_span!("exchange", request = %head.request, mapping = %head.mapping);
    let upgrade = kind == StreamKind::Upgrade;
    async {
        let finished = exchange(handler, head, upgrade, send, recv).await;
        finished.log();
        finished
    }
    .instrument(span)
    .await
}

async fn exchange<H: Handler>(
    handler: &H,
    head: RequestHead,
    upgrade: bool,
    mut send: SendStream,
    recv: RecvStream,
) -> Finished {
    let answered = Arc::new(AtomicBool::new(false));
    let interim = Interim { sender: send.interim(), answered: Arc::clone(&answered) };
    let (body, upgraded_recv) = if upgrade {
        (Body::empty(), Some(recv))
    } else {
        match Body::from_stream(recv).await {
            Ok(body) => (body, None),
            Err(error) => {
                return fail(&mut send, Reset::with_detail(ResetCode::BadRequest, Side::Visitor, chain(&error)));
            }
        }
    };
    let reply = {
        let mut handling = pin!(handler.handle(head, body, upgrade, interim));
        tokio::select! {
            biased;
            reply = &mut handling => reply,
            error = send.stopped() => return Finished::unanswered(End::Abandoned(error)),
        }
    };
    answered.store(true, Ordering::Relaxed);
    match (reply, upgraded_recv) {
        (Ok(Reply::Response { head, body, idle }), recv) => {
            drop(recv);
            respond_with(&mut send, head, body, idle).await
        }
        (Ok(Reply::Upgraded { head, mut io, leftover, idle }), Some(recv)) => {
            if let Err(error) = send.send_head(&head.encode(), &[], false).await {
                return Finished::unanswered(End::Abandoned(error));
            }
            Finished::upgraded(head.status, relay(&mut *io, leftover, send, recv, idle, Side::Upstream).await)
        }
        (Ok(Reply::Upgraded { .. }), None) => {
            let detail = "the upstream switched protocols without being asked";
            fail(&mut send, Reset::with_detail(ResetCode::BadAnswer, Side::Upstream, detail))
        }
        (Err(reset), _) => fail(&mut send, reset),
    }
}

fn fail(send: &mut SendStream, reset: Reset) -> Finished {
    send.reset(reset.clone());
    Finished::unanswered(End::Failed(reset))
}

/// The refusal of a head that is larger than what travels. The check of HTTP/1 lets larger ones pass, and those of HTTP/2
/// and of services in this process pass none (R16).
fn oversized(fields: usize, encoded: &[u8]) -> Option<Reset> {
    let bytes = encoded.len();
    let detail = if fields > WIRE_FIELDS_MAX {
        format!("the answer has {fields} fields, at most {WIRE_FIELDS_MAX} go into the tunnel")
    } else if bytes > ENCODED_HEAD_BYTES_MAX {
        format!("the answer's head has {bytes} bytes, at most {ENCODED_HEAD_BYTES_MAX} go into the tunnel")
    } else {
        return None;
    };
    Some(Reset::with_detail(ResetCode::BadAnswer, Side::Upstream, detail))
}

/// The head of an answer that is encoded already, and what of its body is at hand.
#[derive(Debug)]
pub struct ReadyHead<'a> {
    /// The status.
    pub status: StatusCode,
    /// The encoded head, see [`HeadWriter`](super::HeadWriter).
    pub head: &'a [u8],
    /// The first bytes of the body, at most [`INLINE_BODY_BYTES_MAX`](crate::limits::INLINE_BODY_BYTES_MAX).
    pub inline: &'a [u8],
    /// The rest of the body may shrink.
    pub compressible: bool,
    /// How long the body may pause; `None` for no limit, as events need it.
    pub idle: Option<Duration>,
}

/// Answers with a head that is encoded already. `rest` is what follows the inline bytes; none if nothing does.
///
/// # Cancel safety
///
/// Dropping it leaves the stream unfinished; dropping that resets it.
pub async fn respond_ready<B>(send: &mut SendStream, ready: ReadyHead<'_>, rest: Option<B>) -> Finished
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let status = ready.status;
    if let Some(reset) = oversized(0, ready.head) {
        return fail(send, reset);
    }
    if let Err(error) = send.send_head(ready.head, ready.inline, rest.is_none()).await {
        return Finished::unanswered(End::Abandoned(error));
    }
    let inlined = u64::try_from(ready.inline.len()).unwrap_or(u64::MAX);
    let Some(rest) = rest else {
        return Finished::answered(status, inlined, End::Complete);
    };
    if ready.compressible {
        send.compress();
    }
    let whose = PumpSide { side: Side::Upstream, code: ResetCode::BadAnswer, idle: ready.idle };
    let at_hand = AtHand { inline: Bytes::new(), next: None, trailers: None, end: false };
    let (bytes, ended) = pump(pin!(rest), send, at_hand, whose).await;
    let end = match ended {
        Ok(()) => End::Complete,
        Err(PumpError::Stream(error)) => End::Abandoned(error),
        Err(PumpError::Body(reset)) => End::Failed(reset),
    };
    Finished::answered(status, inlined + bytes, end)
}

async fn respond_with<B>(send: &mut SendStream, head: ResponseHead, body: B, idle: Option<Duration>) -> Finished
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let status = head.status;
    let encoded = head.encode();
    if let Some(reset) = oversized(head.headers.len(), &encoded) {
        return fail(send, reset);
    }
    let mut body = pin!(body);
    let mut at_hand = match take_at_hand(&mut body).await {
        Ok(at_hand) => at_hand,
        Err(error) => {
            return fail(send, Reset::with_detail(ResetCode::BadAnswer, Side::Upstream, chain(error.as_ref())));
        }
    };
    let inline = std::mem::take(&mut at_hand.inline);
    if let Err(error) = send.send_head(&encoded, &inline, at_hand.end).await {
        return Finished::unanswered(End::Abandoned(error));
    }
    // Not kept for as long as the body takes.
    drop(encoded);
    let inlined = u64::try_from(inline.len()).unwrap_or(u64::MAX);
    if at_hand.end {
        return Finished::answered(status, inlined, End::Complete);
    }
    if is_compressible(&head.headers) {
        send.compress();
    }
    let whose = PumpSide { side: Side::Upstream, code: ResetCode::BadAnswer, idle };
    let (bytes, ended) = pump(body, send, AtHand { inline: Bytes::new(), ..at_hand }, whose).await;
    let end = match ended {
        Ok(()) => End::Complete,
        Err(PumpError::Stream(error)) => End::Abandoned(error),
        Err(PumpError::Body(reset)) => End::Failed(reset),
    };
    Finished::answered(status, inlined + bytes, end)
}
