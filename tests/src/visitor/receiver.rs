//! The receiving half of a raw visitor: answers, whole or as they stream.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};
use tokio::{
    net::tcp::OwnedReadHalf,
    time::{Instant, timeout},
};

use super::{Answer, AnswerError, AnswerHead, BodyEnd, BodySummary, Part, head};
use crate::wire::{BodyFault, BodyReader, Framing, Gone, RawReader, count, hex, latin1};

/// Most body bytes that [`Receiver::answer`] collects.
const COLLECTED_BYTES_MAX: usize = 64 << 20;

/// Most interim answers before a final one.
const INTERIM_MAX: usize = 1_000;

/// Reads answers. Each wait for the peer ends after the patience of the visitor.
#[derive(Debug)]
pub struct Receiver {
    raw: RawReader<OwnedReadHalf>,
    body: BodyReader,
    pub(super) patience: Duration,
}

impl Receiver {
    pub(super) fn new(half: OwnedReadHalf, patience: Duration) -> Self {
        Self { raw: RawReader::new(half), body: BodyReader::new(Framing::Empty), patience }
    }

    /// Reads the whole answer to a request with `method`. A body that is cut is no error: see [`Answer::end`].
    ///
    /// # Errors
    /// No head came, or it breaks RFC 9112.
    ///
    /// # Cancel safety
    /// Not cancel-safe: what was collected is lost.
    pub async fn answer(&mut self, method: &str) -> Result<Answer, AnswerError> {
        let head = self.head(method).await?;
        let mut body = BytesMut::new();
        let end = loop {
            match self.part().await {
                Ok(Some(part)) => body.extend_from_slice(&part.bytes),
                ended => break end_of(ended.map(drop)),
            }
            if body.len() > COLLECTED_BYTES_MAX {
                break BodyEnd::TooLong;
            }
        };
        Ok(Answer { head, body: body.freeze(), end, trailers: self.body.trailers().clone() })
    }

    /// Reads up to the final head; its body follows by [`Self::part`] or [`Self::summary`].
    ///
    /// # Errors
    /// No head came, or one breaks RFC 9112.
    ///
    /// # Cancel safety
    /// Interim answers read so far are lost, nothing else.
    pub async fn head(&mut self, method: &str) -> Result<AnswerHead, AnswerError> {
        let mut interim = Vec::new();
        loop {
            let mut head = self.next_head(method).await?;
            let is_final = head.status >= 200 || head.status == 101;
            if is_final || interim.len() == INTERIM_MAX {
                head.interim = interim;
                return Ok(head);
            }
            interim.push(head);
        }
    }

    /// Reads one head, interim or final. Cancel-safe.
    ///
    /// # Errors
    /// As [`Self::head`].
    pub async fn next_head(&mut self, method: &str) -> Result<AnswerHead, AnswerError> {
        let patience = self.patience;
        let raw = match timeout(patience, self.raw.head()).await {
            Ok(Ok(Some(raw))) => raw,
            Ok(Ok(None)) => return Err(AnswerError::HeadTooLong),
            Ok(Err(how)) => {
                let received = latin1(self.raw.buffered());
                return Err(AnswerError::Gone { how, received });
            }
            Err(_elapsed) => return Err(AnswerError::Silent { patience }),
        };
        let head = head::parse(&raw, method)?;
        self.body = BodyReader::new(head.framing);
        Ok(head)
    }

    /// The next piece of the body as it comes; `None` at its end. Cancel-safe.
    ///
    /// # Errors
    /// [`AnswerError::Body`] when it is cut or malformed, [`AnswerError::Silent`] when nothing comes.
    pub async fn part(&mut self) -> Result<Option<Part>, AnswerError> {
        self.part_of_at_most(usize::MAX).await
    }

    /// As [`Self::part`], with at most `most` bytes: for a visitor that reads slowly.
    ///
    /// # Errors
    /// As [`Self::part`].
    pub async fn part_of_at_most(&mut self, most: usize) -> Result<Option<Part>, AnswerError> {
        let patience = self.patience;
        match timeout(patience, self.body.next(&mut self.raw, most)).await {
            Ok(Ok(bytes)) => Ok(bytes.map(|bytes| Part { bytes, at: Instant::now() })),
            Ok(Err(fault)) => Err(AnswerError::Body(fault)),
            Err(_elapsed) => Err(AnswerError::Silent { patience }),
        }
    }

    /// Reads the rest of the body, counts and hashes it, and keeps nothing of it.
    pub async fn summary(&mut self) -> BodySummary {
        let (mut bytes, mut digest) = (0_u64, Sha256::new());
        let end = loop {
            match self.part().await {
                Ok(Some(part)) => {
                    digest.update(&part.bytes);
                    bytes += count(part.bytes.len());
                }
                ended => break end_of(ended.map(drop)),
            }
        };
        BodySummary { bytes, sha256: hex(&digest.finalize()), end }
    }

    /// How the peer went away, if it does so within `wait`. Bytes that come before are thrown away. Cancel-safe.
    pub async fn gone_within(&mut self, wait: Duration) -> Option<Gone> {
        timeout(wait, self.raw.until_gone()).await.ok()
    }

    /// Bytes that were read and belong to no answer yet.
    #[must_use]
    pub fn leftover(&self) -> &[u8] {
        self.raw.buffered()
    }

    /// Takes exactly `count` bytes behind the answers read so far, whatever they are. Cancel-safe.
    ///
    /// # Errors
    /// [`AnswerError::Gone`] or [`AnswerError::Silent`].
    pub async fn exact(&mut self, count: usize) -> Result<Bytes, AnswerError> {
        let patience = self.patience;
        match timeout(patience, self.raw.exact(count)).await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(how)) => {
                let received = latin1(self.raw.buffered());
                Err(AnswerError::Gone { how, received })
            }
            Err(_elapsed) => Err(AnswerError::Silent { patience }),
        }
    }

    pub(super) fn into_parts(self) -> (OwnedReadHalf, Bytes) {
        self.raw.into_parts()
    }
}

fn end_of(ended: Result<(), AnswerError>) -> BodyEnd {
    match ended {
        Ok(()) => BodyEnd::Complete,
        Err(AnswerError::Body(fault)) => BodyEnd::Bad(fault),
        Err(AnswerError::Gone { how, .. }) => BodyEnd::Bad(BodyFault::Cut(how)),
        Err(_) => BodyEnd::Silent,
    }
}
