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

/// Reads the final head past interim ones, and as much of the body as may ride with it; says how many bytes that was.
/// `None`: the head is not whole yet. A 100 on the way is noted in `continued`.
pub(super) fn read_head(
    bytes: &[u8],
    kind: RequestKind,
    continued: &mut bool,
) -> Result<Option<(ReadHead, usize)>, HeadError> {
    let mut at = 0;
    for _ in 0..limits::HEADS_PER_STREAM_MAX {
        let Some(checked) = read_answer_head(&bytes[at..], kind)? else {
            return Ok(None);
        };
        at += checked.bytes;
        // Interim answers but 100 are for hops that can pass them on (RFC 9110 §15.2).
        if checked.facts.is_interim() {
            *continued |= checked.facts.status == 100;
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
        let mut head = HeadWriter::response(checked.facts.status);
        for (name, value) in end_to_end(checked.fields) {
            head.field(name, value);
        }
        let head =
            PlainHead { status: checked.facts.status, encoded: head.finish(), compressible: compressible && !encoded };
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
