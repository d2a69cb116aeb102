//! The fields of a head: all of them in their order, and those that decide where a message ends, Content-Length and
//! Transfer-Encoding (R01, R02).

use super::{
    error::HeadError,
    grammar::{self, Cursor, Field, TOKEN},
};

/// The fields of a head that was checked: names as they came, values without white space around them.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Fields<'a> {
    /// Those that begin where the cursor stands.
    pub(super) fn behind(cursor: &Cursor<'a>) -> Self {
        Self { cursor: cursor.clone() }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        // Walked once already, without an error.
        let field = self.cursor.field().ok()??;
        Some((field.name, field.value))
    }
}

/// Largest Content-Length: many services keep it in a signed 64-bit number, and all must agree on it.
const LENGTH_MAX: u64 = (1 << 63) - 1;

/// What the framing fields of one head say.
#[derive(Debug, Default)]
pub(super) struct Framing {
    length: Option<u64>,
    chunked: bool,
}

impl Framing {
    /// Takes note of a field. Says whether it was a framing field.
    pub(super) fn note(&mut self, field: Field<'_>, version_minor: u8) -> Result<bool, HeadError> {
        match field.name.len() {
            14 if field.name.eq_ignore_ascii_case(b"content-length") => {
                let length = content_length(field.value)?;
                if self.length.replace(length).is_some() {
                    return Err(HeadError::ContentLengthRepeated);
                }
            }
            17 if field.name.eq_ignore_ascii_case(b"transfer-encoding") => {
                if version_minor == 0 {
                    return Err(HeadError::TransferEncodingVersion);
                }
                transfer_encoding(field.value)?;
                if self.chunked {
                    return Err(HeadError::TransferEncoding);
                }
                self.chunked = true;
            }
            _ => return Ok(false),
        }
        if self.chunked && self.length.is_some() {
            return Err(HeadError::LengthAndCoding);
        }
        Ok(true)
    }

    pub(super) const fn length(&self) -> Option<u64> {
        self.length
    }

    pub(super) const fn is_chunked(&self) -> bool {
        self.chunked
    }
}

fn content_length(value: &[u8]) -> Result<u64, HeadError> {
    if value.is_empty() {
        return Err(HeadError::ContentLength);
    }
    value
        .iter()
        .try_fold(0_u64, |length, &byte| {
            let digit = if byte.is_ascii_digit() {
                u64::from(byte - b'0')
            } else {
                return None;
            };
            length.checked_mul(10)?.checked_add(digit).filter(|&length| length <= LENGTH_MAX)
        })
        .ok_or(HeadError::ContentLength)
}

fn transfer_encoding(value: &[u8]) -> Result<(), HeadError> {
    if value.eq_ignore_ascii_case(b"chunked") {
        return Ok(());
    }
    // An honest message with a coding of its own gets 501, anything doubtful 400 (RFC 9112 §6.1, §6.3).
    let (mut last_chunked, mut times_chunked) = (false, 0);
    for coding in members(value) {
        if coding.is_empty() || !coding.iter().all(|&byte| grammar::is(byte, TOKEN)) {
            return Err(HeadError::TransferEncoding);
        }
        last_chunked = coding.eq_ignore_ascii_case(b"chunked");
        times_chunked += usize::from(last_chunked);
    }
    if last_chunked && times_chunked == 1 {
        return Err(HeadError::TransferCodingUnknown);
    }
    Err(HeadError::TransferEncoding)
}

/// The members of a comma-separated list (RFC 9110 §5.6.1), without white space around them.
fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}

/// Whether a comma-separated list has this member, in any case.
pub(super) fn has_member(value: &[u8], member: &[u8]) -> bool {
    members(value).any(|found| found.eq_ignore_ascii_case(member))
}
