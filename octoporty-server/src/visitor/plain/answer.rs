//! The head of an answer as HTTP/1.1 has it, from the bytes that came through the tunnel or from a page of ours.

use http::StatusCode;
use octoporty_core::proxy::{RawResponseHead, WireError, headers::end_to_end};

use super::request::PlainRequest;
use crate::pages::Rendered;

/// How the visitor finds the end of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none.
    None,
    /// So many bytes.
    Length(u64),
    Chunked,
}

/// A head that is ready to be written.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) out: Vec<u8>,
    pub(super) framing: Framing,
    pub(super) status: u16,
}

impl Head {
    /// Writes the head of an answer of which `at_hand` bytes are here, and all if `whole`.
    ///
    /// # Errors
    ///
    /// When it is malformed, or its length is no length, or less than what is here: such an answer must not reach the
    /// visitor.
    pub(super) fn write(
        encoded: &[u8],
        request: &PlainRequest,
        at_hand: usize,
        whole: bool,
        closes: bool,
    ) -> Result<Self, WireError> {
        const UNFRAMED: WireError = WireError::NotHttp("content-length");
        let head = RawResponseHead::read(encoded)?;
        let mut out = Vec::with_capacity(encoded.len() + at_hand + 256);
        put_status(&mut out, head.status);
        let bodiless = request.head_only || matches!(head.status, 204 | 304);
        let mut length = None;
        for (name, value) in end_to_end(head.fields) {
            match name.len() {
                14 if name.eq_ignore_ascii_case(b"content-length") => {
                    let parsed = parse_length(value).ok_or(UNFRAMED)?;
                    if length.replace(parsed).is_some() {
                        return Err(UNFRAMED);
                    }
                    // RFC 9110 §8.6.
                    if head.status == 204 {
                        continue;
                    }
                }
                22 if name.eq_ignore_ascii_case(b"x-octoporty-request-id") => continue,
                _ => {}
            }
            put_field(&mut out, name, value);
        }
        put_field(&mut out, b"x-octoporty-request-id", &request.id.to_hex());
        let here = u64::try_from(at_hand).map_err(|_no_length| UNFRAMED)?;
        let framing = match length {
            _ if bodiless => Framing::None,
            Some(length) if length < here => return Err(UNFRAMED),
            Some(length) => Framing::Length(length),
            None if whole => {
                put_field(&mut out, b"content-length", at_hand.to_string().as_bytes());
                Framing::Length(here)
            }
            None => {
                put_field(&mut out, b"transfer-encoding", b"chunked");
                Framing::Chunked
            }
        };
        end(&mut out, closes);
        Ok(Self { out, framing, status: head.status })
    }
}

/// The head of an interim answer as it goes out.
pub(super) fn interim(encoded: &[u8]) -> Result<Vec<u8>, WireError> {
    let head = RawResponseHead::read(encoded)?;
    let mut out = Vec::with_capacity(encoded.len() + 64);
    put_status(&mut out, head.status);
    for (name, value) in end_to_end(head.fields) {
        // RFC 9110 §8.6, and RFC 9112 §6.3: it has no body.
        if !name.eq_ignore_ascii_case(b"content-length") {
            put_field(&mut out, name, value);
        }
    }
    end(&mut out, false);
    Ok(out)
}

/// A page of ours as it goes out.
pub(super) fn page(rendered: &Rendered, head_only: bool, closes: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(512 + rendered.body.len());
    put_status(&mut out, rendered.status.as_u16());
    for (name, value) in &rendered.headers {
        put_field(&mut out, name.as_str().as_bytes(), value.as_bytes());
    }
    put_field(&mut out, b"content-length", rendered.body.len().to_string().as_bytes());
    end(&mut out, closes);
    if !head_only {
        out.extend_from_slice(&rendered.body);
    }
    out
}

fn put_status(out: &mut Vec<u8>, status: u16) {
    let digits = [status / 100 % 10, status / 10 % 10, status % 10];
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend(digits.iter().filter_map(|digit| u8::try_from(*digit).ok()).map(|digit| b'0' + digit));
    out.push(b' ');
    // The reason means nothing (RFC 9112 §4), but people read it.
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    out.extend_from_slice(reason.unwrap_or_default().as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn put_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    for part in [name, b": ", value, b"\r\n"] {
        out.extend_from_slice(part);
    }
}

fn end(out: &mut Vec<u8>, closes: bool) {
    if closes {
        put_field(out, b"connection", b"close");
    }
    out.extend_from_slice(b"\r\n");
}

fn parse_length(value: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(value).ok()?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}
