//! Reads the head of an answer strictly (RFC 9112). Lenient where only a request could be smuggled: nowhere.

use bytes::Bytes;
use tokio::time::Instant;

use super::{AnswerError, AnswerHead};
use crate::wire::{Fields, Framing, latin1};

/// Bytes of a bad head that its error shows.
const SHOWN_BYTES_MAX: usize = 1_000;

/// Parses `raw`, a head with its blank line, as the answer to a request with `method`.
pub(super) fn parse(raw: &Bytes, method: &str) -> Result<AnswerHead, AnswerError> {
    parse_strict(raw, method)
        .map_err(|what| AnswerError::BadHead { what, head: latin1(&raw[..raw.len().min(SHOWN_BYTES_MAX)]) })
}

fn parse_strict(raw: &Bytes, method: &str) -> Result<AnswerHead, &'static str> {
    let text = raw.strip_suffix(b"\r\n\r\n").ok_or("the head does not end in CRLF CRLF")?;
    let text = latin1(text);
    let mut lines = text.split("\r\n");
    let (version, status, reason) = status_line(lines.next().unwrap_or_default())?;
    let mut fields = Fields::default();
    for line in lines {
        let (name, value) = field_line(line)?;
        fields.push(name, value);
    }
    Ok(AnswerHead {
        framing: framing(method, status, &fields)?,
        version,
        status,
        reason,
        fields,
        raw: raw.clone(),
        arrived: Instant::now(),
        interim: Vec::new(),
    })
}

fn status_line(line: &str) -> Result<(String, u16, String), &'static str> {
    if line.contains(is_forbidden) {
        return Err("a control character in the status line");
    }
    let mut words = line.splitn(3, ' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().unwrap_or_default();
    // The space before the reason is not optional (RFC 9112, section 4).
    let reason = words.next().ok_or("the status line has not three parts")?;
    if !matches!(version, "HTTP/1.1" | "HTTP/1.0") {
        return Err("not a version of HTTP/1");
    }
    if status.len() != 3 || !status.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the status is not three digits");
    }
    let status = status.parse().map_err(|_number| "the status is not a number")?;
    if status < 100 {
        return Err("the status is below 100");
    }
    Ok((version.to_owned(), status, reason.to_owned()))
}

fn field_line(line: &str) -> Result<(String, String), &'static str> {
    if line.starts_with([' ', '\t']) {
        return Err("a folded line");
    }
    let (name, value) = line.split_once(':').ok_or("a field line without colon")?;
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err("a field name that is not a token");
    }
    if value.contains(is_forbidden) {
        return Err("a control character in a field value");
    }
    let value = value.trim_matches([' ', '\t']);
    Ok((name.to_owned(), value.to_owned()))
}

/// RFC 9112, section 6.3.
fn framing(method: &str, status: u16, fields: &Fields) -> Result<Framing, &'static str> {
    let lengths = fields.all("content-length");
    let codings = fields.all("transfer-encoding");
    if !codings.is_empty() && !lengths.is_empty() {
        return Err("both Content-Length and Transfer-Encoding");
    }
    if lengths.len() > 1 {
        return Err("more than one Content-Length");
    }
    if !codings.is_empty() && fields.members("transfer-encoding") != ["chunked"] {
        return Err("a transfer coding other than chunked");
    }
    let length = lengths.first().map(|length| content_length(length)).transpose()?;
    let bodyless = matches!(status, 100..=199 | 204 | 304)
        || method.eq_ignore_ascii_case("HEAD")
        || (method.eq_ignore_ascii_case("CONNECT") && (200..300).contains(&status));
    Ok(match length {
        _ if bodyless => Framing::Empty,
        Some(length) => Framing::Length(length),
        None if codings.is_empty() => Framing::UntilClose,
        None => Framing::Chunked,
    })
}

fn content_length(value: &str) -> Result<u64, &'static str> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("a Content-Length that is not digits");
    }
    value.parse().map_err(|_number| "a Content-Length above 2^64")
}

/// Control characters but the tab (RFC 9110, section 5.5).
fn is_forbidden(character: char) -> bool {
    matches!(character, '\0'..='\x08' | '\x0a'..='\x1f' | '\x7f')
}

/// `tchar` of RFC 9110, section 5.6.2.
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
