//! Reading a head in place. Everything is checked once, when it is read; then fields are walked for nothing.

use std::time::Duration;

use http::Version;

use crate::{
    http1::is_token,
    id::{MappingId, RequestId},
    limits::{MESSAGE_PACK_DEPTH_MAX, TARGET_BYTES_MAX},
    proxy::{WireError, wire::FIELD_ENTRIES_MAX},
};

/// The head of a request, as slices of the message that it came in.
#[derive(Debug, Clone, Copy)]
pub struct RawRequestHead<'a> {
    /// The mapping, in the Agent's own set.
    pub mapping: MappingId,
    /// The exchange, in the logs of both sides.
    pub request: RequestId,
    /// The method, a token.
    pub method: &'a str,
    /// Path and query exactly as the visitor sent them, or `*`.
    pub target: &'a [u8],
    /// The fields, `Host` among them.
    pub fields: RawFields<'a>,
    /// How long the request was at the Gateway before it was sent; nothing if the Gateway did not say.
    pub waited: Duration,
    /// Which HTTP the visitor speaks, or the proxy before the Gateway; `None` if the Gateway did not say.
    pub version: Option<Version>,
}

/// The head of an answer, as slices of the message that it came in.
#[derive(Debug, Clone, Copy)]
pub struct RawResponseHead<'a> {
    /// The status, 100 to 999.
    pub status: u16,
    /// The fields.
    pub fields: RawFields<'a>,
}

impl<'a> RawRequestHead<'a> {
    /// Reads the head of an `Open` frame.
    ///
    /// # Errors
    ///
    /// When it is malformed, or a part is none that HTTP allows. A target that does not begin with `/` and is not
    /// `*` is refused (R32).
    pub fn read(head: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader { rest: head };
        let entries = reader.array()?;
        if entries < 5 {
            return Err(malformed("a request head has five parts"));
        }
        let mapping = MappingId::from_u128(reader.id()?);
        let request = RequestId::from_u128(reader.id()?);
        let method = reader.text()?;
        if !is_token(method.as_bytes()) {
            return Err(WireError::NotHttp("method"));
        }
        let target = reader.bytes()?;
        let origin_form = target.first() == Some(&b'/') || target == b"*";
        if !origin_form || target.len() > TARGET_BYTES_MAX || target.iter().any(|byte| !(0x21..0x7f).contains(byte)) {
            return Err(WireError::NotHttp("target"));
        }
        let fields = reader.fields()?;
        let waited = if entries > 5 { reader.number()? } else { 0 };
        let version = if entries > 6 { version_from_number(reader.number()?) } else { None };
        reader.skip_rest(entries.saturating_sub(7))?;
        let waited = Duration::from_micros(u64::try_from(waited).unwrap_or(u64::MAX));
        Ok(Self { mapping, request, method, target, fields, waited, version })
    }
}

impl<'a> RawResponseHead<'a> {
    /// The status alone, with the fields left as they are: to tell an interim answer from the final one.
    ///
    /// # Errors
    ///
    /// When it is malformed, or no status.
    pub fn read_status(head: &'a [u8]) -> Result<u16, WireError> {
        Reader { rest: head }.status().map(|(_entries, status)| status)
    }

    /// Reads the head of a `Head` frame.
    ///
    /// # Errors
    ///
    /// When it is malformed, or a part is none that HTTP allows.
    pub fn read(head: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader { rest: head };
        let (entries, status) = reader.status()?;
        let fields = reader.fields()?;
        reader.skip_rest(entries - 2)?;
        Ok(Self { status, fields })
    }
}

/// What is no version that is known here says nothing.
const fn version_from_number(number: usize) -> Option<Version> {
    match number {
        10 => Some(Version::HTTP_10),
        11 => Some(Version::HTTP_11),
        20 => Some(Version::HTTP_2),
        30 => Some(Version::HTTP_3),
        _ => None,
    }
}

/// The fields of a head, in order; names as they came, which is lower case unless the peer did otherwise.
#[derive(Debug, Clone, Copy)]
pub struct RawFields<'a> {
    reader: Reader<'a>,
    left: usize,
}

impl<'a> RawFields<'a> {
    /// Reads a field list that is alone, as trailers are.
    ///
    /// # Errors
    ///
    /// When it is malformed, or a part is none that HTTP allows.
    pub fn read(block: &'a [u8]) -> Result<Self, WireError> {
        Reader { rest: block }.fields()
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.left / 2
    }
}

impl<'a> Iterator for RawFields<'a> {
    /// Name and value. A name is a token, hence ASCII.
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(2)?;
        // All of it was read before, without an error.
        Some((self.reader.text_bytes().ok()?, self.reader.bytes().ok()?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count(), Some(self.count()))
    }
}

/// The few forms of MessagePack that heads are made of.
#[derive(Debug, Clone, Copy)]
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| malformed("it ends early"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, WireError> {
        self.take(1).map(|byte| byte[0])
    }

    fn uint(&mut self, bytes: usize) -> Result<usize, WireError> {
        let number = self.take(bytes)?.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
        Ok(usize::try_from(number).unwrap_or(usize::MAX))
    }

    fn array(&mut self) -> Result<usize, WireError> {
        match self.byte()? {
            marker @ 0x90..=0x9f => Ok(usize::from(marker & 0x0f)),
            0xdc => self.uint(2),
            0xdd => self.uint(4),
            _ => Err(malformed("a list is missing")),
        }
    }

    fn number(&mut self) -> Result<usize, WireError> {
        match self.byte()? {
            small @ 0..=0x7f => Ok(usize::from(small)),
            0xcc => self.uint(1),
            0xcd => self.uint(2),
            0xce => self.uint(4),
            0xcf => self.uint(8),
            _ => Err(malformed("a number is missing")),
        }
    }

    fn text(&mut self) -> Result<&'a str, WireError> {
        std::str::from_utf8(self.text_bytes()?).map_err(|_not_text| malformed("a text is not UTF-8"))
    }

    /// A text whose bytes are still to be looked at.
    fn text_bytes(&mut self) -> Result<&'a [u8], WireError> {
        let length = match self.byte()? {
            marker @ 0xa0..=0xbf => usize::from(marker & 0x1f),
            0xd9 => self.uint(1)?,
            0xda => self.uint(2)?,
            0xdb => self.uint(4)?,
            _ => return Err(malformed("a text is missing")),
        };
        self.take(length)
    }

    fn bytes(&mut self) -> Result<&'a [u8], WireError> {
        match self.rest.first() {
            Some(0xc4) => self.counted(1),
            Some(0xc5) => self.counted(2),
            Some(0xc6) => self.counted(4),
            _ => self.text_bytes(),
        }
    }

    fn counted(&mut self, length_bytes: usize) -> Result<&'a [u8], WireError> {
        self.take(1)?;
        let length = self.uint(length_bytes)?;
        self.take(length)
    }

    fn id(&mut self) -> Result<u128, WireError> {
        let bytes = self.bytes()?;
        if let Ok(bytes) = <[u8; 16]>::try_from(bytes) {
            return Ok(u128::from_be_bytes(bytes));
        }
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() == 32);
        text.and_then(|text| text.parse::<MappingId>().ok())
            .map(MappingId::as_u128)
            .ok_or_else(|| malformed("an identifier is 16 bytes or 32 hex digits"))
    }

    /// How many parts a response head has, and the first of them.
    fn status(&mut self) -> Result<(usize, u16), WireError> {
        let entries = self.array()?;
        if entries < 2 {
            return Err(malformed("a response head has two parts"));
        }
        let status = u16::try_from(self.number()?).ok().filter(|status| (100..1000).contains(status));
        Ok((entries, status.ok_or(WireError::NotHttp("status"))?))
    }

    fn fields(&mut self) -> Result<RawFields<'a>, WireError> {
        let left = self.array()?;
        if left > FIELD_ENTRIES_MAX || left % 2 != 0 {
            return Err(malformed("a field list is at most 512 names and values"));
        }
        let fields = RawFields { reader: *self, left };
        for _ in 0..left / 2 {
            let name = self.text_bytes()?;
            if !is_token(name) {
                return Err(WireError::NotHttp("field name"));
            }
            if !is_value(self.bytes()?) {
                return Err(WireError::NotHttp("field value"));
            }
        }
        Ok(fields)
    }

    /// Entries that a later version added.
    fn skip_rest(&mut self, entries: usize) -> Result<(), WireError> {
        (0..entries).try_for_each(|_| self.skip(MESSAGE_PACK_DEPTH_MAX))
    }

    fn skip(&mut self, depth: usize) -> Result<(), WireError> {
        let deeper = depth.checked_sub(1).ok_or_else(|| malformed("it is nested too deeply"))?;
        let (bytes, entries) = match self.byte()? {
            0..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => (0, 0),
            marker @ 0x80..=0x8f => (0, 2 * usize::from(marker & 0x0f)),
            marker @ 0x90..=0x9f => (0, usize::from(marker & 0x0f)),
            marker @ 0xa0..=0xbf => (usize::from(marker & 0x1f), 0),
            0xc4 | 0xd9 => (self.uint(1)?, 0),
            0xc5 | 0xda => (self.uint(2)?, 0),
            0xc6 | 0xdb => (self.uint(4)?, 0),
            0xcc | 0xd0 => (1, 0),
            0xcd | 0xd1 => (2, 0),
            0xca | 0xce | 0xd2 => (4, 0),
            0xcb | 0xcf | 0xd3 => (8, 0),
            0xdc => (0, self.uint(2)?),
            0xdd => (0, self.uint(4)?),
            0xde => (0, self.uint(2)?.saturating_mul(2)),
            0xdf => (0, self.uint(4)?.saturating_mul(2)),
            // 0xc1 is never used; extension types have no place here.
            _ => return Err(malformed("an unknown type")),
        };
        self.take(bytes)?;
        // Each entry takes a byte at least, so a false count ends with the bytes.
        (0..entries).try_for_each(|_| self.skip(deeper))
    }
}

fn malformed(what: &str) -> WireError {
    WireError::Malformed(what.to_owned())
}

/// RFC 9110 §5.5: no control character but the tab.
fn is_value(bytes: &[u8]) -> bool {
    // No short cut on purpose: only without one the compiler uses vector instructions.
    bytes.iter().fold(true, |plain, &byte| plain & ((byte >= b' ') & (byte != 0x7f) | (byte == b'\t')))
}
