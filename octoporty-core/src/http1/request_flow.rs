//! Follows a visitor's requests: heads, bodies, upgrades, refusals. No I/O; the guard feeds it.

use std::task::Context;

use tokio::time::Instant;

use super::{
    chunked::ChunkedScanner,
    error::{BodyError, HeadError},
    facts::{BodyFraming, RequestFacts},
    head, request,
    stash::Flow,
    timer::BodyClock,
    verdict::{Verdict, VerdictQueue},
};
use crate::limits;

/// Where a connection stands.
///
/// ```text
///  ┌──────────────<─────────────┐
/// Head ──good──> Length/Chunked ┘    Head ──bad──> Refused       Length/Chunked ──bad──> BodyFailed
///  └──upgrade──> Held ──101──> Raw;  Held ──other──> Head        Head ──idle──> Closed
/// ```
#[derive(Debug)]
pub(super) enum Phase {
    /// Before or inside a head.
    Head,
    /// So many bytes of a body are to come.
    Length(u64),
    /// Inside a chunked body.
    Chunked(ChunkedScanner),
    /// Behind the head of an upgrade, which the upstream has not answered.
    Held,
    /// Upgraded.
    Raw,
    /// A head was refused. Nothing of this connection is read as HTTP any more.
    Refused,
    /// A body was cut off.
    BodyFailed(BodyError),
    /// A head was too slow.
    HeadTimedOut,
    /// The connection was idle for too long.
    Closed,
}

#[derive(Debug)]
pub(super) struct RequestFlow {
    pub(super) phase: Phase,
    /// When the first byte of an incomplete head came.
    pub(super) head_since: Option<Instant>,
    pub(super) clock: BodyClock,
    /// Bytes of an incomplete head that were searched for its end.
    searched: usize,
    /// The service may not have taken the last verdict yet.
    told: bool,
    verdicts: VerdictQueue,
}

impl RequestFlow {
    pub(super) fn new(verdicts: VerdictQueue) -> Self {
        Self { phase: Phase::Head, head_since: None, clock: BodyClock::default(), searched: 0, told: false, verdicts }
    }

    pub(super) const fn verdicts(&self) -> &VerdictQueue {
        &self.verdicts
    }

    /// Whether the next head must wait until the service takes the last verdict.
    pub(super) fn poll_blocked(&mut self, cx: &mut Context<'_>) -> bool {
        if self.told && matches!(self.phase, Phase::Head) {
            self.told = !self.verdicts.poll_room(cx);
            return self.told;
        }
        false
    }

    /// Ends the body with an error that the service can see.
    pub(super) fn fail_body(&mut self, error: BodyError) {
        self.verdicts.set_body_error(error);
        self.phase = Phase::BodyFailed(error);
    }

    /// Checks a head at the front of `bytes`. Gives its length if it is whole and good.
    fn head(&mut self, bytes: &[u8]) -> usize {
        match self.whole_head(bytes) {
            Ok(Some((end, facts))) => {
                self.accept(facts);
                end
            }
            Ok(None) => {
                self.searched = bytes.len();
                0
            }
            Err(error) => {
                self.phase = Phase::Refused;
                self.verdicts.put(Verdict::Refused(error));
                0
            }
        }
    }

    fn whole_head(&self, bytes: &[u8]) -> Result<Option<(usize, RequestFacts)>, HeadError> {
        // The first piece is parsed at once, since it mostly is the whole head. Later ones are only searched,
        // so that many small pieces do not cost a parse each.
        if self.searched == 0 || bytes.len() >= limits::HEAD_BYTES_MAX {
            return request::parse(bytes);
        }
        match head::find_head_end(bytes, self.searched) {
            Ok(None) => Ok(None),
            Ok(Some(_)) => request::parse(bytes),
            // What is wrong first in the order of the bytes is what counts, however they arrived.
            Err(error) => request::parse(bytes).and(Err(error)),
        }
    }

    fn accept(&mut self, facts: RequestFacts) {
        self.searched = 0;
        self.head_since = None;
        self.told = true;
        self.clock = BodyClock::default();
        self.phase = match facts.body {
            _ if facts.upgrade => Phase::Held,
            BodyFraming::Length(length) => Phase::Length(length),
            BodyFraming::Chunked => Phase::Chunked(ChunkedScanner::new()),
            BodyFraming::None | BodyFraming::UntilClose => Phase::Head,
        };
        self.verdicts.put(Verdict::Accepted(facts));
    }

    /// Follows a body. Gives the bytes at the front that belong to it.
    fn body(&mut self, bytes: &[u8]) -> usize {
        let taken = match &mut self.phase {
            Phase::Length(left) => {
                let here = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left = left.saturating_sub(u64::try_from(here).unwrap_or(u64::MAX));
                if *left == 0 {
                    self.phase = Phase::Head;
                }
                here
            }
            Phase::Chunked(scanner) => match scanner.scan(bytes) {
                Ok(scan) => {
                    if scan.done {
                        self.phase = Phase::Head;
                    }
                    scan.used
                }
                Err(error) => {
                    self.fail_body(BodyError::Chunk(error));
                    0
                }
            },
            _ => 0,
        };
        self.clock.count(taken);
        taken
    }
}

impl Flow for RequestFlow {
    /// Lets at most one head pass, with what is there of its body.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        let mut passed = 0;
        while passed < bytes.len() {
            let rest = &bytes[passed..];
            let taken = match self.phase {
                Phase::Head if self.told => break,
                Phase::Head => self.head(rest),
                Phase::Length(_) | Phase::Chunked(_) => self.body(rest),
                _ => break,
            };
            if taken == 0 {
                break;
            }
            passed += taken;
        }
        passed
    }
}
