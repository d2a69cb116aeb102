//! Writing a head field by field, straight from the bytes of another protocol.

use std::time::Duration;

use http::Version;

use crate::id::{MappingId, RequestId};

const STR_8: u8 = 0xd9;
const STR_16: u8 = 0xda;
const STR_32: u8 = 0xdb;
const BIN_8: u8 = 0xc4;
const BIN_16: u8 = 0xc5;
const BIN_32: u8 = 0xc6;
const ARRAY_16: u8 = 0xdc;
const FIX_ARRAY: u8 = 0x90;
const FIX_STR: u8 = 0xa0;
const UINT_16: u8 = 0xcd;
const UINT_32: u8 = 0xce;

/// An hour: nothing waits for longer at a Gateway.
const WAITED_MICROS_MAX: u32 = 3_600_000_000;

/// Room for the fields of most heads, in bytes, so that writing one allocates once.
const FIELDS_BYTES_COMMON: usize = 512;

/// Builds the encoded head of a request or an answer.
///
/// Names and values must be those of a head that was checked; names may be in any case and go out in lower case.
#[derive(Debug)]
pub struct HeadWriter {
    out: Vec<u8>,
    /// Where the length of the field list stands.
    count_at: usize,
    entries: u16,
    /// A request's head ends with the time that it has waited and the visitor's version; an answer's does not.
    version: Option<u8>,
}

/// Says in an encoded request head how long the request has been at the Gateway: before it goes into a lane, and again
/// for each further one that it is tried on. Up to an hour, in microseconds.
pub fn stamp_waited(head: &mut [u8], waited: Duration) {
    let micros = u32::try_from(waited.as_micros()).unwrap_or(u32::MAX).min(WAITED_MICROS_MAX);
    if let Some((_version, before)) = head.split_last_mut()
        && let Some(stamp) = before.last_chunk_mut()
    {
        *stamp = micros.to_be_bytes();
    }
}

impl HeadWriter {
    /// Begins the head of a request; see [`RequestHead`](crate::proxy::RequestHead) for its parts.
    #[must_use]
    pub fn request(mapping: MappingId, request: RequestId, method: &[u8], target: &[u8]) -> Self {
        let mut out = Vec::with_capacity(48 + method.len() + target.len() + FIELDS_BYTES_COMMON);
        out.push(FIX_ARRAY | 7);
        put_bytes(&mut out, &mapping.as_u128().to_be_bytes());
        put_bytes(&mut out, &request.as_u128().to_be_bytes());
        put_text_head(&mut out, method.len());
        out.extend_from_slice(method);
        put_bytes(&mut out, target);
        Self::fields(out, Some(version_to_number(None)))
    }

    /// Begins the head of an answer.
    #[must_use]
    pub fn response(status: u16) -> Self {
        let mut out = Vec::with_capacity(8 + FIELDS_BYTES_COMMON);
        out.push(FIX_ARRAY | 2);
        out.push(UINT_16);
        out.extend_from_slice(&status.to_be_bytes());
        Self::fields(out, None)
    }

    /// Says which HTTP the visitor speaks. For requests alone; without it nothing is said of that.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.version = self.version.map(|_unsaid| version_to_number(Some(version)));
        self
    }

    fn fields(mut out: Vec<u8>, version: Option<u8>) -> Self {
        out.push(ARRAY_16);
        let count_at = out.len();
        out.extend_from_slice(&[0; 2]);
        Self { out, count_at, entries: 0, version }
    }

    /// Adds a field line. Whoever sends the head answers for its size: a reader takes 256 fields.
    pub fn field(&mut self, name: &[u8], value: &[u8]) {
        self.entries = self.entries.saturating_add(2);
        put_text_head(&mut self.out, name.len());
        let at = self.out.len();
        self.out.extend_from_slice(name);
        self.out[at..].make_ascii_lowercase();
        put_bytes(&mut self.out, value);
    }

    /// The encoded head.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.out[self.count_at..self.count_at + 2].copy_from_slice(&self.entries.to_be_bytes());
        if let Some(version) = self.version {
            // Waited for nothing yet; see `stamp_waited`.
            self.out.extend_from_slice(&[UINT_32, 0, 0, 0, 0, version]);
        }
        self.out
    }
}

/// A version as it travels, in one byte of MessagePack: ten times its number, and 0 for what is not said.
const fn version_to_number(version: Option<Version>) -> u8 {
    match version {
        Some(Version::HTTP_10) => 10,
        Some(Version::HTTP_11) => 11,
        Some(Version::HTTP_2) => 20,
        Some(Version::HTTP_3) => 30,
        _ => 0,
    }
}

fn put_text_head(out: &mut Vec<u8>, length: usize) {
    match u8::try_from(length) {
        Ok(length @ 0..32) => out.push(FIX_STR | length),
        Ok(length) => out.extend_from_slice(&[STR_8, length]),
        Err(_) => put_long(out, [STR_16, STR_32], length),
    }
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    match u8::try_from(bytes.len()) {
        Ok(length) => out.extend_from_slice(&[BIN_8, length]),
        Err(_) => put_long(out, [BIN_16, BIN_32], bytes.len()),
    }
    out.extend_from_slice(bytes);
}

fn put_long(out: &mut Vec<u8>, [short, long]: [u8; 2], length: usize) {
    if let Ok(length) = u16::try_from(length) {
        out.push(short);
        out.extend_from_slice(&length.to_be_bytes());
    } else {
        // HTTP/2 and services in this process have values that HTTP/1 would refuse.
        out.push(long);
        out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    }
}
