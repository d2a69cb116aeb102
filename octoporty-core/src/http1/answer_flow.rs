//! Follows the answers of an upstream: heads, bodies, upgrades, and what must not be there. No I/O.

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    answer,
    chunked::ChunkedScanner,
    error::HeadError,
    facts::{AnswerFacts, BodyFraming, RequestKind},
    head,
    stash::Flow,
};
use crate::limits;

/// Tells a guard what request the next answer belongs to. A clone refers to the same connection.
#[derive(Clone, Debug, Default)]
pub struct AnswerExpect {
    kind: Arc<Mutex<Option<RequestKind>>>,
}

impl AnswerExpect {
    /// Expects nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Expects the answer to one request. Call it before the request is sent, and not before the answer to the
    /// last one has ended.
    pub fn request(&self, kind: RequestKind) {
        *self.kind.lock().unwrap_or_else(PoisonError::into_inner) = Some(kind);
    }

    fn current(&self) -> Option<RequestKind> {
        *self.kind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn done(&self) {
        *self.kind.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[derive(Debug)]
pub(super) enum Phase {
    /// Before or inside a head, or between answers.
    Head,
    /// So many bytes of a body are to come.
    Length(u64),
    /// Inside a chunked body.
    Chunked(ChunkedScanner),
    /// A body until the connection ends, or a connection that was upgraded.
    Open,
    /// The upstream broke the rules. Nothing more of it is used.
    Failed(HeadError),
}

#[derive(Debug)]
pub(super) struct AnswerFlow {
    pub(super) phase: Phase,
    expect: AnswerExpect,
    /// Bytes of an incomplete head that were searched for its end.
    searched: usize,
    /// Interim answers to the present request.
    interim: u8,
}

impl AnswerFlow {
    pub(super) const fn new(expect: AnswerExpect) -> Self {
        Self { phase: Phase::Head, expect, searched: 0, interim: 0 }
    }

    fn head(&mut self, bytes: &[u8]) -> Result<usize, HeadError> {
        let request = self.expect.current().ok_or(HeadError::Tail)?;
        let Some((end, facts)) = self.whole_head(bytes, request)? else {
            self.searched = bytes.len();
            return Ok(0);
        };
        self.searched = 0;
        self.accept(facts)?;
        Ok(end)
    }

    fn whole_head(&self, bytes: &[u8], request: RequestKind) -> Result<Option<(usize, AnswerFacts)>, HeadError> {
        // A first piece of a byte or two tells too little to wait for the rest: a TLS alert has no lines.
        if self.searched <= 2 || bytes.len() >= limits::ANSWER_HEAD_BYTES_MAX {
            return answer::parse(bytes, request);
        }
        match head::find_head_end(bytes, self.searched) {
            Ok(None) => Ok(None),
            Ok(Some(_)) => answer::parse(bytes, request),
            // What is wrong first in the order of the bytes is what counts, however they arrived.
            Err(error) => answer::parse(bytes, request).and(Err(error)),
        }
    }

    fn accept(&mut self, facts: AnswerFacts) -> Result<(), HeadError> {
        if facts.is_interim() {
            self.interim += 1;
            // The final head counts too.
            if self.interim >= limits::HEADS_PER_STREAM_MAX {
                return Err(HeadError::TooManyInterim);
            }
            return Ok(());
        }
        self.interim = 0;
        self.expect.done();
        self.phase = match facts.body {
            _ if facts.is_upgrade() => Phase::Open,
            BodyFraming::None => Phase::Head,
            BodyFraming::Length(length) => Phase::Length(length),
            BodyFraming::Chunked => Phase::Chunked(ChunkedScanner::new()),
            BodyFraming::UntilClose => Phase::Open,
        };
        Ok(())
    }

    /// Follows one part of an answer. 0 means that more is needed.
    fn part(&mut self, bytes: &[u8]) -> Result<usize, HeadError> {
        match &mut self.phase {
            Phase::Head => self.head(bytes),
            Phase::Length(left) => {
                let here = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left = left.saturating_sub(u64::try_from(here).unwrap_or(u64::MAX));
                if *left == 0 {
                    self.phase = Phase::Head;
                }
                Ok(here)
            }
            Phase::Chunked(scanner) => {
                let scan = scanner.scan(bytes).map_err(HeadError::Body)?;
                if scan.done {
                    self.phase = Phase::Head;
                }
                Ok(scan.used)
            }
            Phase::Open => Ok(bytes.len()),
            Phase::Failed(error) => Err(*error),
        }
    }
}

impl Flow for AnswerFlow {
    fn pass(&mut self, bytes: &[u8]) -> usize {
        let mut passed = 0;
        while passed < bytes.len() {
            match self.part(&bytes[passed..]) {
                Ok(0) => break,
                Ok(taken) => passed += taken,
                Err(error) => {
                    self.phase = Phase::Failed(error);
                    break;
                }
            }
        }
        passed
    }
}
