//! A plain request into the tunnel, again on another lane where that is safe, and its answer to the visitor.

use std::{future::poll_fn, io, io::IoSlice, task::Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use octoporty_core::{
    frame::StreamKind,
    proto::{ReadError, Received},
    proxy::{ExchangeError, RawRequestHead, RawResponseHead, WireError, stamp_waited},
    session::{Lane, RecvStream},
};
use tokio::io::AsyncWriteExt;

use super::{
    answer::{Framing, Head, page},
    connection::Connection,
    request::PlainRequest,
};
use crate::{
    gateway::Inner,
    metrics::{Ended, Failure},
    pages::{ErrorPage, Problem},
    visitor::{
        counting::{PlainCounting, failure_of},
        exchange::ATTEMPTS_MAX,
        failure::problem_of,
    },
};

/// Most pieces of a body that go out in one write.
const PIECES_PER_WRITE: usize = 8;

/// Bytes of the body after which no more pieces are gathered for one write.
const BYTES_PER_WRITE: usize = 256 << 10;

/// One request and what it needs on its way.
#[derive(Debug)]
pub(super) struct Exchange<'a> {
    pub(super) gateway: &'a Inner,
    pub(super) shard: usize,
    pub(super) request: &'a mut PlainRequest,
}

/// Why there is no answer to send.
enum Failed {
    /// The visitor has gone; nobody waits for it.
    Gone,
    Problem(Problem),
    Exchange(ExchangeError),
}

/// An answer whose head is there.
struct Answered {
    head: Bytes,
    recv: RecvStream,
}

impl Exchange<'_> {
    /// Runs to the end of the answer; says whether the connection can serve again.
    pub(super) async fn run(mut self, connection: &mut Connection) -> bool {
        let gateway = self.gateway;
        let mut counting = PlainCounting::begin(gateway, self.shard, &self.request.route, self.request.since);
        let ended = &mut counting.ended;
        let written = match self.ask(connection).await {
            Ok(answered) => self.answer(connection, answered, ended).await,
            Err(failed) => self.fail(connection, failed, ended).await,
        };
        written.unwrap_or_else(|error| {
            tracing::trace!(request = %self.request.id, %error, "answer not sent to its end");
            false
        })
    }

    async fn ask(&mut self, connection: &mut Connection) -> Result<Answered, Failed> {
        let mut attempts = 0;
        loop {
            let lane = self.lane(connection).await?;
            attempts += 1;
            stamp_waited(&mut self.request.head, self.request.since.elapsed());
            match self.ask_once(connection, &lane).await {
                Err(Failed::Exchange(error)) if attempts < ATTEMPTS_MAX && self.may_repeat(&error) => {
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
        let down = Failed::Problem(Problem::TunnelDown);
        let Ok(_permit) = self.gateway.waiting.try_acquire() else {
            return Err(down);
        };
        tokio::select! {
            biased;
            lane = Box::pin(agent.lane(self.shard, self.gateway.grace_period)) => lane.ok_or(down),
            () = connection.gone() => Err(Failed::Gone),
        }
    }

    /// What was not taken up may be sent again, whatever it is; what was lost on the way only if doing it twice is as
    /// good as once (RFC 9110 §9.2.2, R31).
    fn may_repeat(&self, error: &ExchangeError) -> bool {
        error.was_not_taken() || (error.was_lost() && self.request.repeatable)
    }

    async fn ask_once(&self, connection: &mut Connection, lane: &Lane) -> Result<Answered, Failed> {
        let opening = lane.open(StreamKind::Http, &self.request.head, &[], true);
        let (send, mut recv) = tokio::select! {
            biased;
            opened = opening => opened.map_err(|error| Failed::Exchange(ExchangeError::NotSent(error)))?,
            () = connection.gone() => return Err(Failed::Gone),
        };
        drop(send);
        loop {
            let head = match next(&mut recv, connection).await? {
                Ok(Some(Received::Head(head))) => head,
                Ok(_) => return Err(Failed::Exchange(ExchangeError::NoAnswer)),
                Err(error) => return Err(Failed::Exchange(error.into())),
            };
            let status = RawResponseHead::read(&head).map_err(|error| Failed::Exchange(error.into()))?.status;
            match status {
                101 => {
                    let unasked = WireError::NotHttp("unasked switch of protocols");
                    return Err(Failed::Exchange(ExchangeError::Malformed(unasked)));
                }
                // Interim answers are passed on only by hops that can (RFC 9110 §15.2).
                100..200 => {}
                _ => return Ok(Answered { head, recv }),
            }
        }
    }

    async fn answer(&self, connection: &mut Connection, answered: Answered, ended: &mut Ended) -> io::Result<bool> {
        let Answered { head, mut recv } = answered;
        let first = match at_hand(&mut recv).await {
            Ok(first) => first,
            Err(error) => return self.fail(connection, Failed::Exchange(error.into()), ended).await,
        };
        let closes = self.gateway.stopping.is_cancelled();
        let whole = recv.is_read_to_end();
        let Some(Head { mut out, framing, status }) = Head::write(&head, self.request, first.len(), whole, closes)
        else {
            let unframed = WireError::NotHttp("content-length");
            return self.fail(connection, Failed::Exchange(ExchangeError::Malformed(unframed)), ended).await;
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
        connection.stream.write_all(&out).await?;
        if done {
            ended.failure = is_short.then_some(Failure::Tunnel);
            return Ok(!closes && !is_short);
        }
        let framing = match framing {
            Framing::Length(length) => Framing::Length(length - length_of(&first)),
            other => other,
        };
        let is_whole = pump(connection, &mut recv, framing, &mut ended.bytes_to_visitor).await?;
        ended.failure = (!is_whole).then_some(Failure::Tunnel);
        Ok(is_whole && !closes)
    }

    /// Answers with a page of ours.
    async fn fail(&self, connection: &mut Connection, failed: Failed, ended: &mut Ended) -> io::Result<bool> {
        let problem = match failed {
            Failed::Gone => {
                ended.failure = Some(Failure::Visitor);
                return Ok(false);
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
        let closes = self.gateway.stopping.is_cancelled();
        let rendered = ErrorPage::new(problem, self.request.id).render(&self.accept());
        ended.status = rendered.status.as_u16();
        connection.stream.write_all(&page(&rendered, self.request.head_only, closes)).await?;
        Ok(!closes)
    }

    /// The fields that decide the form of a page, from the head as it went into the tunnel.
    fn accept(&self) -> HeaderMap {
        let Ok(head) = RawRequestHead::read(&self.request.head) else {
            return HeaderMap::new();
        };
        let wanted = head.fields.filter(|(name, _value)| matches!(*name, "accept" | "content-type"));
        wanted
            .filter_map(|(name, value)| {
                Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value).ok()?))
            })
            .collect()
    }
}

/// The next thing from the tunnel, as long as the visitor is there.
async fn next(
    recv: &mut RecvStream,
    connection: &mut Connection,
) -> Result<Result<Option<Received>, ReadError>, Failed> {
    poll_fn(|context| match recv.poll_read(context) {
        Poll::Ready(received) => Poll::Ready(Ok(received)),
        Poll::Pending if connection.poll_gone(context).is_ready() => Poll::Ready(Err(Failed::Gone)),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// The first bytes of a body that are there already.
async fn at_hand(recv: &mut RecvStream) -> Result<Bytes, ReadError> {
    let polled = poll_fn(|context| Poll::Ready(recv.poll_read(context))).await;
    match polled {
        Poll::Ready(Ok(Some(Received::Data(bytes)))) => Ok(bytes),
        Poll::Ready(Ok(_)) | Poll::Pending => Ok(Bytes::new()),
        Poll::Ready(Err(error)) => Err(error),
    }
}

/// Moves the rest of a body; says whether it came to its end.
async fn pump(
    connection: &mut Connection,
    recv: &mut RecvStream,
    mut framing: Framing,
    sent: &mut u64,
) -> io::Result<bool> {
    let mut pieces = Vec::with_capacity(PIECES_PER_WRITE);
    loop {
        let mut ended = match next(recv, connection).await {
            Ok(Ok(Some(Received::Data(bytes)))) => {
                pieces.push(bytes);
                false
            }
            // The visitor said nothing of trailers (RFC 9110 §6.5.1).
            Ok(Ok(Some(Received::Trailers(_)) | None)) => true,
            Ok(Ok(Some(Received::Head(_))) | Err(_)) | Err(_) => return Ok(false),
        };
        let mut bytes = pieces.iter().map(Bytes::len).sum::<usize>();
        while !ended && pieces.len() < PIECES_PER_WRITE && bytes < BYTES_PER_WRITE {
            match poll_fn(|context| Poll::Ready(recv.poll_read(context))).await {
                Poll::Ready(Ok(Some(Received::Data(piece)))) => {
                    bytes += piece.len();
                    pieces.push(piece);
                }
                Poll::Ready(Ok(Some(Received::Trailers(_)) | None)) => ended = true,
                Poll::Ready(Ok(Some(Received::Head(_))) | Err(_)) => return Ok(false),
                Poll::Pending => break,
            }
        }
        *sent += u64::try_from(bytes).unwrap_or(u64::MAX);
        match &mut framing {
            Framing::None => return Ok(false),
            Framing::Length(left) => {
                let Some(rest) = left.checked_sub(u64::try_from(bytes).unwrap_or(u64::MAX)) else {
                    return Ok(false);
                };
                *left = rest;
                write_pieces(connection, &pieces, &[], &[]).await?;
                if ended {
                    return Ok(rest == 0);
                }
            }
            Framing::Chunked => {
                let mut line = Vec::new();
                if bytes > 0 {
                    put_chunk_head(&mut line, bytes);
                }
                let tail: &[u8] = match (bytes > 0, ended) {
                    (true, false) => b"\r\n",
                    (true, true) => b"\r\n0\r\n\r\n",
                    (false, true) => b"0\r\n\r\n",
                    (false, false) => b"",
                };
                write_pieces(connection, &pieces, &line, tail).await?;
                if ended {
                    return Ok(true);
                }
            }
        }
        pieces.clear();
    }
}

fn put_chunk_head(out: &mut Vec<u8>, bytes: usize) {
    out.extend_from_slice(format!("{bytes:x}\r\n").as_bytes());
}

async fn write_pieces(connection: &mut Connection, pieces: &[Bytes], before: &[u8], behind: &[u8]) -> io::Result<()> {
    let parts = std::iter::once(before).chain(pieces.iter().map(|piece| &piece[..])).chain(std::iter::once(behind));
    let mut slices: [IoSlice<'_>; PIECES_PER_WRITE + 2] = [IoSlice::new(&[]); PIECES_PER_WRITE + 2];
    for (slice, part) in slices.iter_mut().zip(parts) {
        *slice = IoSlice::new(part);
    }
    let mut left = &mut slices[..];
    IoSlice::advance_slices(&mut left, 0);
    while !left.is_empty() {
        let written = connection.stream.write_vectored(left).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        IoSlice::advance_slices(&mut left, written);
    }
    Ok(())
}

fn length_of(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
