//! A plain request into the tunnel, again on another lane where that is safe, and its answer to the visitor.

use std::{future::poll_fn, io, task::Poll};

use super::{
    answer::{Framing, Head, interim, page},
    connection::Connection,
    request::PlainRequest,
    upload::{Fault, Upload},
    write::{pump, put_chunk_head, write_all},
};
use crate::{
    gateway::Inner,
    metrics::{Ended, Failure},
    pages::{ErrorPage, Problem},
    visitor::{
        counting::{PlainCounting, failure_of},
        exchange::ATTEMPTS_MAX,
        failure::{problem_of, problem_of_status},
    },
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use octoporty_core::{
    frame::StreamKind,
    http1::BodyError,
    proto::{ReadError, Received},
    proxy::{ExchangeError, RawRequestHead, RawResponseHead, WireError, stamp_waited},
    session::{Lane, RecvStream},
};

/// What lets a body come that was held back (RFC 9110 §15.2.1).
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// One request and what it needs on its way.
#[derive(Debug)]
pub(super) struct Exchange<'a> {
    pub(super) gateway: &'a Inner,
    pub(super) shard: usize,
    pub(super) request: &'a mut PlainRequest,
}

/// Why there is no answer to send, or why it stops.
pub(super) enum Failed {
    /// The visitor has gone; nobody waits for it.
    Gone,
    /// The visitor's own body failed.
    Body(BodyError),
    Problem(Problem),
    Exchange(ExchangeError),
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Gone => Self::Gone,
            Fault::Slow(error) => Self::Body(error),
        }
    }
}

impl From<io::Error> for Failed {
    /// Nothing more can be written to the visitor.
    fn from(_error: io::Error) -> Self {
        Self::Gone
    }
}

/// An answer whose head is there.
struct Answered {
    head: Bytes,
    recv: RecvStream,
    /// What is still on its way in the other direction.
    upload: Upload,
}

impl Exchange<'_> {
    /// Runs to the end of the answer; says whether the connection can serve again.
    pub(super) async fn run(mut self, connection: &mut Connection) -> bool {
        let gateway = self.gateway;
        let mut counting = PlainCounting::begin(gateway, self.shard, &self.request.route, self.request.since);
        let is_admitted = counting.is_admitted();
        let ended = &mut counting.ended;
        let inline = connection.begin_body(self.request.body);
        let asked =
            if is_admitted { self.ask(connection, &inline).await } else { Err(Failed::Problem(Problem::Overloaded)) };
        let written = match asked {
            Ok(answered) => self.answer(connection, answered, ended).await,
            Err(failed) => self.fail(connection, failed, ended).await,
        };
        ended.bytes_from_visitor = self.request.body - connection.body.left;
        let goes_on = written.unwrap_or_else(|error| {
            tracing::trace!(request = %self.request.id, %error, "answer not sent to its end");
            false
        });
        if connection.body.left > 0 {
            // Where the next request would begin cannot be told (R06).
            connection.drain().await;
            return false;
        }
        goes_on
    }

    /// `inline`: the first bytes of the body, which ride with the head.
    async fn ask(&mut self, connection: &mut Connection, inline: &[u8]) -> Result<Answered, Failed> {
        let mut attempts = 0;
        loop {
            let lane = self.lane(connection).await?;
            attempts += 1;
            stamp_waited(&mut self.request.head, self.request.since.elapsed());
            match self.ask_once(connection, &lane, inline).await {
                Err(Failed::Exchange(error)) if attempts < ATTEMPTS_MAX && self.may_repeat(connection, &error) => {
                    tracing::debug!(request = %self.request.id, %error, attempts, "trying another lane");
                }
                outcome => return outcome,
            }
        }
    }

    /// A lane of the route's Agent; when it is away, waits for it through the grace period.
    async fn lane(&self, connection: &mut Connection) -> Result<Lane, Failed> {
        let agent = &self.request.route.agent;
        if let Some(lane) = agent.pick(self.shard) {
            return Ok(lane);
        }
        let Ok(_permit) = self.gateway.waiting.try_acquire() else {
            return Err(Failed::Problem(Problem::Overloaded));
        };
        let down = Failed::Problem(Problem::TunnelDown);
        tokio::select! {
            biased;
            lane = Box::pin(agent.lane(self.shard, self.gateway.grace_period)) => lane.ok_or(down),
            () = connection.gone() => Err(Failed::Gone),
        }
    }

    /// What was not taken up may be sent again, whatever it is; what was lost on the way only if doing it twice is as
    /// good as once (RFC 9110 §9.2.2, R31).
    fn may_repeat(&self, connection: &Connection, error: &ExchangeError) -> bool {
        // What was read of a body and went into a stream is gone.
        (error.was_not_taken() && connection.body.is_untouched) || (error.was_lost() && self.request.repeatable)
    }

    async fn ask_once(&self, connection: &mut Connection, lane: &Lane, inline: &[u8]) -> Result<Answered, Failed> {
        let whole = connection.body.left == 0;
        let opening = lane.open(StreamKind::Http, &self.request.head, inline, whole);
        let (send, mut recv) = tokio::select! {
            biased;
            opened = opening => opened.map_err(|error| Failed::Exchange(ExchangeError::NotSent(error)))?,
            () = connection.gone() => return Err(Failed::Gone),
        };
        let mut upload = if whole {
            drop(send);
            Upload::none()
        } else {
            Upload::new(send, !self.request.expects_continue)
        };
        loop {
            let head = match next(&mut recv, connection, &mut upload).await? {
                Ok(Some(Received::Head(head))) => head,
                Ok(_) => return Err(Failed::Exchange(ExchangeError::NoAnswer)),
                Err(error) => return Err(Failed::Exchange(error.into())),
            };
            let status = RawResponseHead::read_status(&head).map_err(|error| Failed::Exchange(error.into()))?;
            match status {
                101 => {
                    let unasked = WireError::NotHttp("unasked switch of protocols");
                    return Err(Failed::Exchange(ExchangeError::Malformed(unasked)));
                }
                // The upstream decides; it is told once.
                100 if upload.ask() => write_all(connection, &mut upload, CONTINUE).await?,
                100 => {}
                // RFC 9110 §15.2: a proxy passes on what it did not ask for itself.
                102..200 => {
                    let early = interim(&head).map_err(|error| Failed::Exchange(error.into()))?;
                    write_all(connection, &mut upload, &early).await?;
                }
                _ => {
                    // An answer without a 100 before it may still depend on the body, which the visitor decides to send.
                    let _held_back = upload.ask();
                    return Ok(Answered { head, recv, upload });
                }
            }
        }
    }

    async fn answer(&self, connection: &mut Connection, answered: Answered, ended: &mut Ended) -> io::Result<bool> {
        let Answered { head, mut recv, mut upload } = answered;
        let first = match at_hand(&mut recv).await {
            Ok(first) => first,
            Err(error) => return self.fail(connection, Failed::Exchange(error.into()), ended).await,
        };
        let closes = self.gateway.stopping.is_cancelled();
        let whole = recv.is_read_to_end();
        let Head { mut out, framing, status } = match Head::write(&head, self.request, first.len(), whole, closes) {
            Ok(head) => head,
            Err(error) => {
                return self.fail(connection, Failed::Exchange(ExchangeError::Malformed(error)), ended).await;
            }
        };
        ended.status = status;
        ended.bytes_to_visitor = length_of(&first);
        let done = matches!(framing, Framing::None) || whole;
        match framing {
            Framing::None => {}
            Framing::Length(_) => out.extend_from_slice(&first),
            Framing::Chunked if first.is_empty() => {}
            Framing::Chunked => {
                put_chunk_head(&mut out, first.len());
                out.extend_from_slice(&first);
                out.extend_from_slice(b"\r\n");
            }
        }
        let is_short = matches!(framing, Framing::Length(length) if whole && length != length_of(&first));
        write_all(connection, &mut upload, &out).await?;
        if done {
            ended.failure = is_short.then_some(Failure::Tunnel);
            return Ok(!is_short && end_body(connection, &mut upload).await && !closes);
        }
        let framing = match framing {
            Framing::Length(length) => Framing::Length(length - length_of(&first)),
            other => other,
        };
        let is_whole = match pump(connection, &mut upload, &mut recv, framing, &mut ended.bytes_to_visitor).await {
            Ok(is_whole) => is_whole,
            Err(_visitor) => {
                ended.failure = Some(Failure::Visitor);
                return Ok(false);
            }
        };
        ended.failure = (!is_whole).then_some(Failure::Tunnel);
        Ok(is_whole && end_body(connection, &mut upload).await && !closes)
    }

    /// Answers with a page of ours.
    async fn fail(&self, connection: &mut Connection, failed: Failed, ended: &mut Ended) -> io::Result<bool> {
        let problem = match failed {
            Failed::Gone => {
                ended.failure = Some(Failure::Visitor);
                return Ok(false);
            }
            Failed::Body(error) => {
                ended.failure = Some(Failure::Visitor);
                problem_of_status(error.status())
            }
            Failed::Problem(problem) => {
                ended.failure = Some(Failure::Tunnel);
                problem
            }
            Failed::Exchange(error) => {
                let side = error.side().as_str();
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::debug!(request = %self.request.id, side, %error, cause, "exchange failed");
                ended.failure = Some(failure_of(&error));
                problem_of(&error)
            }
        };
        let closes = self.gateway.stopping.is_cancelled() || connection.body.left > 0;
        let rendered = ErrorPage::new(problem, self.request.id).render(&self.accept());
        ended.status = rendered.status.as_u16();
        write_all(connection, &mut Upload::none(), &page(&rendered, self.request.head_only, closes)).await?;
        Ok(!closes)
    }

    /// The fields that decide the form of a page, from the head as it went into the tunnel.
    fn accept(&self) -> HeaderMap {
        let Ok(head) = RawRequestHead::read(&self.request.head) else {
            return HeaderMap::new();
        };
        let wanted = head.fields.filter(|(name, _value)| matches!(*name, b"accept" | b"content-type"));
        wanted
            .filter_map(|(name, value)| {
                Some((HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?))
            })
            .collect()
    }
}

/// The next thing from the tunnel, as long as the visitor is there. The visitor's own body goes on meanwhile.
pub(super) async fn next(
    recv: &mut RecvStream,
    connection: &mut Connection,
    upload: &mut Upload,
) -> Result<Result<Option<Received>, ReadError>, Failed> {
    poll_fn(|context| {
        let uploaded = upload.poll(connection, context);
        if let Poll::Ready(Err(fault)) = uploaded {
            return Poll::Ready(Err(fault.into()));
        }
        match recv.poll_read(context) {
            Poll::Ready(received) => Poll::Ready(Ok(received)),
            // Whoever reads the body notices that the visitor leaves; then and before it, this does.
            Poll::Pending if !upload.reads() && connection.poll_gone(context).is_ready() => {
                Poll::Ready(Err(Failed::Gone))
            }
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// The answer is complete: moves what its upstream still takes of the request's body. Says whether all of it was.
async fn end_body(connection: &mut Connection, upload: &mut Upload) -> bool {
    poll_fn(|context| upload.poll(connection, context)).await.is_ok()
}

/// The first bytes of a body that are there already.
async fn at_hand(recv: &mut RecvStream) -> Result<Bytes, ReadError> {
    let polled = poll_fn(|context| Poll::Ready(recv.poll_read(context))).await;
    match polled {
        Poll::Ready(Ok(Some(Received::Data(bytes)))) => Ok(bytes),
        // Only one head is final.
        Poll::Ready(Ok(Some(Received::Head(_)))) => Err(ReadError::Closed),
        Poll::Ready(Ok(_)) | Poll::Pending => Ok(Bytes::new()),
        Poll::Ready(Err(error)) => Err(error),
    }
}

fn length_of(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
