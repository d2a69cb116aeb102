//! The head of an answer, checked and turned into the tunnel's form in place.

use std::time::Duration;

use bytes::Bytes;
use octoporty_core::{
    http1::{AnswerFacts, BodyFraming, ChunkedScanner, HeadError, RequestKind, read_answer_head},
    limits,
    proxy::{HeadWriter, headers::end_to_end, is_compressible_type},
};

use super::body::{Framing, PlainBody};

/// The answer to a plain request.
#[derive(Debug)]
pub(crate) struct PlainAnswer {
    pub(crate) head: PlainHead,
    /// The first bytes of the body, those that came with the head.
    pub(crate) inline: Bytes,
    /// The rest; none if nothing follows.
    pub(crate) rest: Option<PlainBody>,
    /// How long opening the connection took; none when it was open already.
    pub(crate) connect: Option<Duration>,
}

/// A head as it goes into the tunnel.
#[derive(Debug)]
pub(crate) struct PlainHead {
    pub(crate) status: u16,
    pub(crate) encoded: Vec<u8>,
    /// The body may shrink.
    pub(crate) compressible: bool,
}

/// What was found at the front of a connection.
#[derive(Debug)]
pub(super) struct ReadHead {
    pub(super) head: PlainHead,
    pub(super) framing: Framing,
    pub(super) inline: Bytes,
    /// The connection may serve again once the body has ended.
    pub(super) reusable: bool,
}

/// Is given the heads of interim answers in the tunnel's form, as they come.
pub(crate) type TellInterim<'a> = &'a (dyn Fn(&[u8]) + Send + Sync);

/// The interim answers on the way to the final one.
pub(super) struct Interims<'a> {
    tell: TellInterim<'a>,
    /// So many were seen.
    seen: u8,
    /// A 100 was among them.
    pub(super) continued: bool,
}

impl<'a> Interims<'a> {
    /// Tells of all but a 100, which is for whoever holds a body back.
    pub(super) const fn telling(tell: TellInterim<'a>) -> Self {
        Self { tell, seen: 0, continued: false }
    }

    /// The one at `place`, which may have been seen before.
    fn see<'h>(&mut self, place: u8, status: u16, fields: impl Iterator<Item = (&'h [u8], &'h [u8])> + Clone) {
        if place < self.seen {
            return;
        }
        self.seen = place + 1;
        if status == 100 {
            self.continued = true;
        } else {
            (self.tell)(&encode(status, fields));
        }
    }
}

/// A head in the tunnel's form.
fn encode<'h>(status: u16, fields: impl Iterator<Item = (&'h [u8], &'h [u8])> + Clone) -> Vec<u8> {
    let mut head = HeadWriter::response(status);
    for (name, value) in end_to_end(fields) {
        head.field(name, value);
    }
    head.finish()
}

/// Reads the final head past interim ones, and as much of the body as may ride with it; says how many bytes that was.
/// `None`: the head is not whole yet.
pub(super) fn read_head(
    bytes: &[u8],
    kind: RequestKind,
    interims: &mut Interims<'_>,
) -> Result<Option<(ReadHead, usize)>, HeadError> {
    let mut at = 0;
    for place in 0..limits::HEADS_PER_STREAM_MAX {
        let Some(checked) = read_answer_head(&bytes[at..], kind)? else {
            return Ok(None);
        };
        at += checked.bytes;
        if checked.facts.is_interim() {
            interims.see(place, checked.facts.status, checked.fields);
            continue;
        }
        let mut compressible = false;
        let mut encoded = false;
        let mut closes = checked.facts.version_minor == 0;
        for (name, value) in checked.fields.clone() {
            match name.len() {
                10 if name.eq_ignore_ascii_case(b"connection") => {
                    closes |= value
                        .split(|byte| *byte == b',')
                        .any(|token| token.trim_ascii().eq_ignore_ascii_case(b"close"));
                }
                12 if name.eq_ignore_ascii_case(b"content-type") => {
                    compressible = std::str::from_utf8(value).is_ok_and(is_compressible_type);
                }
                16 if name.eq_ignore_ascii_case(b"content-encoding") => encoded = true,
                _ => {}
            }
        }
        let status = checked.facts.status;
        let head =
            PlainHead { status, encoded: encode(status, checked.fields), compressible: compressible && !encoded };
        let reusable = !closes && checked.facts.body != BodyFraming::UntilClose;
        let (framing, inline, used) = first_content(checked.facts, &bytes[at..])?;
        return Ok(Some((ReadHead { head, framing, inline, reusable }, at + used)));
    }
    Err(HeadError::TooManyInterim)
}

/// What of the body came with its head, and how the rest of it will be found.
fn first_content(facts: AnswerFacts, behind: &[u8]) -> Result<(Framing, Bytes, usize), HeadError> {
    let most = behind.len().min(limits::INLINE_BODY_BYTES_MAX);
    Ok(match facts.body {
        BodyFraming::None => (Framing::Length(0), Bytes::new(), 0),
        BodyFraming::Length(length) => {
            let here = usize::try_from(length).map_or(most, |length| length.min(most));
            let left = length - u64::try_from(here).unwrap_or(length);
            (Framing::Length(left), Bytes::copy_from_slice(&behind[..here]), here)
        }
        BodyFraming::Chunked => {
            let mut scanner = ChunkedScanner::new();
            let (mut inline, mut used) = (Vec::new(), 0);
            loop {
                let found = scanner.next_content(&behind[used..most]).map_err(HeadError::Body)?;
                inline.extend_from_slice(&behind[used..most][found.at]);
                used += found.used;
                if found.done || used == most {
                    let framing = if found.done { Framing::Length(0) } else { Framing::Chunked(scanner) };
                    return Ok((framing, inline.into(), used));
                }
            }
        }
        BodyFraming::UntilClose => (Framing::UntilClose, Bytes::copy_from_slice(&behind[..most]), most),
    })
}
