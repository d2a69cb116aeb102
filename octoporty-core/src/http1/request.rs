//! The strict check of a request head (R01-R03, R07, R08, R14, RFC 9112 §2-§6). Does not route.

use super::{
    error::HeadError,
    facts::{BodyFraming, RequestFacts},
    fields::{Fields, Framing},
    grammar::{Cursor, Field, Stop, TARGET, TOKEN},
    target,
    websocket::Upgrade,
};
use crate::limits;

/// Checks one whole request head, from its first byte to the empty line.
///
/// One empty line before it is allowed (RFC 9112 §2.2). Nothing is decoded, folded or changed.
///
/// # Errors
/// The first thing that is wrong, in the order of the bytes; [`HeadError::Incomplete`] if the head ends before
/// or behind the end of the input.
pub fn check_request_head(head: &[u8]) -> Result<RequestFacts, HeadError> {
    match parse(head)? {
        Some((end, facts)) if end == head.len() => Ok(facts),
        _ => Err(HeadError::Incomplete),
    }
}

/// A request head that was checked, in place.
#[derive(Debug)]
#[non_exhaustive]
pub struct CheckedRequest<'a> {
    /// What it says about the bytes behind it.
    pub facts: RequestFacts,
    /// The method, a token.
    pub method: &'a [u8],
    /// The target as the visitor sent it.
    pub target: &'a [u8],
    /// The only `Host`; HTTP/1.0 may come without.
    pub host: Option<&'a [u8]>,
    /// All fields in their order.
    pub fields: Fields<'a>,
    /// Bytes of the head; its body begins behind them.
    pub bytes: usize,
}

/// Checks the request head at the front of `bytes`, or gives `None` if they end before it does.
///
/// # Errors
/// As [`check_request_head`].
pub fn read_request_head(bytes: &[u8]) -> Result<Option<CheckedRequest<'_>>, HeadError> {
    let window = &bytes[..bytes.len().min(limits::HEAD_BYTES_MAX)];
    let mut cursor = Cursor::new(window);
    match walk(&mut cursor) {
        Ok(checked) => Ok(Some(checked)),
        Err(Stop::Bad(error)) => Err(error),
        Err(Stop::Partial) if window.len() == limits::HEAD_BYTES_MAX => {
            Err(HeadError::HeadTooLarge { limit: limits::HEAD_BYTES_MAX })
        }
        Err(Stop::Partial) => Ok(None),
    }
}

/// Walks a head once. Gives its length and its facts, or `None` if the bytes end before the head does.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(usize, RequestFacts)>, HeadError> {
    Ok(read_request_head(bytes)?.map(|checked| (checked.bytes, checked.facts)))
}

fn walk<'a>(cursor: &mut Cursor<'a>) -> Result<CheckedRequest<'a>, Stop> {
    let line = request_line(cursor)?;
    let fields = Fields::behind(cursor);
    let mut seen = Seen::default();
    let mut count = 0;
    while let Some(field) = cursor.field()? {
        count += 1;
        if count > limits::FIELDS_MAX {
            return Err(HeadError::TooManyFields { limit: limits::FIELDS_MAX }.into());
        }
        check_size(field)?;
        seen.note(field, line.version_minor)?;
    }
    let facts = seen.facts(&line)?;
    Ok(CheckedRequest { facts, method: line.method, target: line.target, host: seen.host, fields, bytes: cursor.at() })
}

/// Checks one field against [`limits::FIELD_BYTES_MAX`].
pub(super) fn check_size(field: Field<'_>) -> Result<(), HeadError> {
    let bytes = field.name.len() + field.value.len();
    if bytes > limits::FIELD_BYTES_MAX { Err(HeadError::FieldTooLarge { bytes }) } else { Ok(()) }
}

struct RequestLine<'a> {
    method: &'a [u8],
    target: &'a [u8],
    version_minor: u8,
}

/// `method SP target SP version CRLF` with exactly these spaces (R07).
fn request_line<'a>(cursor: &mut Cursor<'a>) -> Result<RequestLine<'a>, Stop> {
    if cursor.peek()? == b'\r' {
        cursor.crlf(HeadError::RequestLine)?;
    }
    let method = cursor.run(TOKEN);
    if method.len() > limits::METHOD_BYTES_MAX {
        return Err(HeadError::MethodTooLong.into());
    }
    if cursor.peek()? != b' ' || method.is_empty() {
        cursor.crlf(HeadError::RequestLine)?;
        return Err(HeadError::RequestLine.into());
    }
    cursor.step();
    let target = cursor.run(TARGET);
    if target.len() > limits::TARGET_BYTES_MAX {
        return Err(HeadError::TargetTooLong.into());
    }
    match cursor.peek()? {
        b' ' if target.is_empty() => return Err(HeadError::RequestLine.into()),
        b' ' => cursor.step(),
        _ => {
            cursor.crlf(HeadError::TargetByte)?;
            return Err(HeadError::RequestLine.into());
        }
    }
    let version_minor = version(cursor, HeadError::RequestLine)?;
    cursor.crlf(HeadError::RequestLine)?;
    if method.eq_ignore_ascii_case(b"CONNECT") || method.eq_ignore_ascii_case(b"TRACE") {
        return Err(HeadError::MethodNotAllowed.into());
    }
    Ok(RequestLine { method, target, version_minor })
}

/// Takes `HTTP/1.0` or `HTTP/1.1`; says `otherwise` to what is no version at all.
pub(super) fn version(cursor: &mut Cursor<'_>, otherwise: HeadError) -> Result<u8, Stop> {
    cursor.literal(b"HTTP/", otherwise)?;
    let major = cursor.digit(otherwise)?;
    cursor.literal(b".", otherwise)?;
    let minor = cursor.digit(otherwise)?;
    if major == 1 && minor <= 1 { Ok(minor) } else { Err(HeadError::Version.into()) }
}

/// The fields that matter here.
#[derive(Debug, Default)]
struct Seen<'a> {
    framing: Framing,
    host: Option<&'a [u8]>,
    upgrade: Upgrade<'a>,
    expects_continue: bool,
}

impl<'a> Seen<'a> {
    fn note(&mut self, field: Field<'a>, version_minor: u8) -> Result<(), HeadError> {
        if self.framing.note(field, version_minor)? {
            return Ok(());
        }
        match field.name.len() {
            4 if field.name.eq_ignore_ascii_case(b"host") => {
                if self.host.replace(field.value).is_some() {
                    return Err(HeadError::HostRepeated);
                }
                if !target::is_valid_host_header(field.value) {
                    return Err(HeadError::Host);
                }
            }
            6 if field.name.eq_ignore_ascii_case(b"expect") => {
                if !field.value.eq_ignore_ascii_case(b"100-continue") {
                    return Err(HeadError::Expectation);
                }
                self.expects_continue = true;
            }
            _ => self.upgrade.note(field),
        }
        Ok(())
    }

    fn facts(&self, line: &RequestLine<'_>) -> Result<RequestFacts, HeadError> {
        if line.version_minor == 1 && self.host.is_none() {
            return Err(HeadError::HostMissing);
        }
        target::check(line.method, line.target, self.host)?;
        let body = match self.framing.length() {
            _ if self.framing.is_chunked() => BodyFraming::Chunked,
            None | Some(0) => BodyFraming::None,
            Some(length) => BodyFraming::Length(length),
        };
        // An upgrade that is not allowed here is ignored, not refused (RFC 9110 §7.8).
        let upgrade = line.version_minor == 1 && line.method == b"GET" && self.upgrade.is_websocket();
        if upgrade {
            self.upgrade.check()?;
            if body != BodyFraming::None {
                return Err(HeadError::UpgradeBody);
            }
        }
        Ok(RequestFacts {
            version_minor: line.version_minor,
            body,
            upgrade,
            expects_continue: self.expects_continue && line.version_minor == 1 && body != BodyFraming::None,
            head_only: line.method == b"HEAD",
        })
    }
}
