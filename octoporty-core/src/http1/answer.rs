//! The strict check of an answer head from an upstream (R16, RFC 9112 §4-§6).

use super::{
    error::HeadError,
    facts::{AnswerFacts, BodyFraming, RequestKind},
    fields::{Fields, Framing},
    grammar::{Cursor, Stop},
    request,
    websocket::Upgrade,
};
use crate::limits;

/// Checks one whole answer head, from its first byte to the empty line.
///
/// # Errors
/// The first thing that is wrong, in the order of the bytes; [`HeadError::Incomplete`] if the head ends before
/// or behind the end of the input.
pub fn check_answer_head(head: &[u8], request: RequestKind) -> Result<AnswerFacts, HeadError> {
    match parse(head, request)? {
        Some((end, facts)) if end == head.len() => Ok(facts),
        _ => Err(HeadError::Incomplete),
    }
}

/// An answer head that was checked, in place.
#[derive(Debug)]
#[non_exhaustive]
pub struct CheckedAnswer<'a> {
    /// What it says about the bytes behind it.
    pub facts: AnswerFacts,
    /// All fields in their order.
    pub fields: Fields<'a>,
    /// Bytes of the head; its body begins behind them.
    pub bytes: usize,
}

/// Checks the answer head at the front of `bytes`, or gives `None` if they end before it does.
///
/// # Errors
/// As [`check_answer_head`].
pub fn read_answer_head(bytes: &[u8], request: RequestKind) -> Result<Option<CheckedAnswer<'_>>, HeadError> {
    let window = &bytes[..bytes.len().min(limits::ANSWER_HEAD_BYTES_MAX)];
    let mut cursor = Cursor::new(window);
    match walk(&mut cursor, request) {
        Ok(checked) => Ok(Some(checked)),
        Err(Stop::Bad(HeadError::NotHttp)) => not_http(window),
        Err(Stop::Bad(error)) => Err(error),
        Err(Stop::Partial) if window.len() == limits::ANSWER_HEAD_BYTES_MAX => {
            Err(HeadError::HeadTooLarge { limit: limits::ANSWER_HEAD_BYTES_MAX })
        }
        Err(Stop::Partial) => Ok(None),
    }
}

/// Walks a head once. Gives its length and its facts, or `None` if the bytes end before the head does.
pub(super) fn parse(bytes: &[u8], request: RequestKind) -> Result<Option<(usize, AnswerFacts)>, HeadError> {
    Ok(read_answer_head(bytes, request)?.map(|checked| (checked.bytes, checked.facts)))
}

/// Tells a TLS record, alert or handshake (RFC 8446 §5.1), from other protocols. It takes two bytes to see.
fn not_http<T>(bytes: &[u8]) -> Result<Option<T>, HeadError> {
    match bytes {
        [0x15 | 0x16] => Ok(None),
        [0x15 | 0x16, 0x03, ..] => Err(HeadError::TlsInstead),
        _ => Err(HeadError::NotHttp),
    }
}

fn walk<'a>(cursor: &mut Cursor<'a>, request: RequestKind) -> Result<CheckedAnswer<'a>, Stop> {
    let (version_minor, status) = status_line(cursor)?;
    let fields = Fields::behind(cursor);
    let mut framing = Framing::default();
    let mut upgrade = Upgrade::default();
    let mut count = 0;
    while let Some(field) = cursor.field()? {
        count += 1;
        if count > limits::ANSWER_FIELDS_MAX {
            return Err(HeadError::TooManyFields { limit: limits::ANSWER_FIELDS_MAX }.into());
        }
        request::check_size(field)?;
        if !framing.note(field, version_minor)? {
            upgrade.note(field);
        }
    }
    if status == 101 && !(request == RequestKind::Upgrade && upgrade.is_websocket()) {
        return Err(HeadError::UpgradeUnasked.into());
    }
    let facts = AnswerFacts { version_minor, status, body: body(status, request, &framing) };
    Ok(CheckedAnswer { facts, fields, bytes: cursor.at() })
}

/// `version SP 3DIGIT [SP reason] CRLF`. Many services leave out the reason, some the space before it.
fn status_line(cursor: &mut Cursor<'_>) -> Result<(u8, u16), Stop> {
    let version_minor = request::version(cursor, HeadError::NotHttp)?;
    cursor.literal(b" ", HeadError::StatusLine)?;
    let mut status = 0;
    for _ in 0..3 {
        status = status * 10 + u16::from(cursor.digit(HeadError::StatusLine)?);
    }
    if cursor.peek()? == b' ' {
        let _reason = cursor.value_run();
    }
    cursor.crlf(HeadError::StatusLine)?;
    if !(100..=599).contains(&status) {
        return Err(HeadError::StatusLine.into());
    }
    Ok((version_minor, status))
}

/// The rules of RFC 9112 §6.3, in its order.
const fn body(status: u16, request: RequestKind, framing: &Framing) -> BodyFraming {
    if matches!(request, RequestKind::Head) || matches!(status, 100..=199 | 204 | 304) {
        return BodyFraming::None;
    }
    if framing.is_chunked() {
        return BodyFraming::Chunked;
    }
    match framing.length() {
        Some(0) => BodyFraming::None,
        Some(length) => BodyFraming::Length(length),
        None => BodyFraming::UntilClose,
    }
}
