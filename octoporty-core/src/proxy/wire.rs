//! HTTP heads and trailers as MessagePack: arrays whose entries are only ever added to at the end.
//!
//! Field values keep their bytes; on the way in they are slices of the message, not copies.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use serde::{Serialize, Serializer, ser::SerializeSeq};

use super::raw_head::{HeadWriter, RawFields, RawRequestHead, RawResponseHead};
use crate::{
    id::{MappingId, RequestId},
    limits::{ANSWER_FIELDS_MAX, FIELDS_MAX},
};

/// Most fields of one list: what the edges take ([`FIELDS_MAX`], [`ANSWER_FIELDS_MAX`]), and room for what either side
/// adds, such as forwarding fields.
pub(super) const WIRE_FIELDS_MAX: usize = 256;

/// Room for what either side adds to a head that it got, so that the map does not grow for it.
const FIELDS_TO_COME: usize = 4;

/// Most entries of a field list: a name and a value for each field.
pub(super) const FIELD_ENTRIES_MAX: usize = 2 * WIRE_FIELDS_MAX;

const _: () = assert!(FIELDS_MAX < WIRE_FIELDS_MAX && ANSWER_FIELDS_MAX < WIRE_FIELDS_MAX);

/// The head of a request on its way to an Agent. It names no address: the Agent finds the mapping by its id.
#[derive(Debug, Clone)]
pub struct RequestHead {
    /// The mapping, in the Agent's own set.
    pub mapping: MappingId,
    /// The exchange, in the logs of both sides.
    pub request: RequestId,
    /// The method.
    pub method: Method,
    /// Path and query exactly as the visitor sent them, or `*`.
    pub target: Bytes,
    /// The fields, `Host` among them; hop-by-hop ones are gone.
    pub headers: HeaderMap,
    /// Which HTTP the visitor speaks; `None` if that is not said.
    pub version: Option<Version>,
}

/// The head of an answer on its way to the Gateway; interim ones (1xx) too.
#[derive(Debug, Clone)]
pub struct ResponseHead {
    /// The status.
    pub status: StatusCode,
    /// The fields; hop-by-hop ones are gone.
    pub headers: HeaderMap,
}

/// A head or trailer block that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// Not MessagePack, or not of this shape.
    #[error("malformed head: {0}")]
    Malformed(String),
    /// A part that HTTP does not allow.
    #[error("the head's {0} is not allowed by HTTP")]
    NotHttp(&'static str),
}

impl RequestHead {
    /// The head as it goes into an `Open` frame.
    ///
    /// # Panics
    ///
    /// Never: encoding into memory cannot fail.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut head = HeadWriter::request(self.mapping, self.request, self.method.as_str().as_bytes(), &self.target);
        if let Some(version) = self.version {
            head = head.version(version);
        }
        for (name, value) in &self.headers {
            head.field(name.as_str().as_bytes(), value.as_bytes());
        }
        head.finish()
    }

    /// Reads the head of an `Open` frame.
    ///
    /// # Errors
    ///
    /// When it is malformed, or a part is none that HTTP allows. A target that does not begin with `/` and is not
    /// `*` is refused (R32).
    pub fn decode(head: &Bytes) -> Result<Self, WireError> {
        let raw = RawRequestHead::read(head)?;
        Ok(Self {
            mapping: raw.mapping,
            request: raw.request,
            method: Method::from_bytes(raw.method.as_bytes()).map_err(|_invalid| WireError::NotHttp("method"))?,
            target: head.slice_ref(raw.target),
            headers: into_map(raw.fields, head)?,
            version: raw.version,
        })
    }
}

impl ResponseHead {
    /// The head as it goes into a `Head` frame.
    ///
    /// # Panics
    ///
    /// Never: encoding into memory cannot fail.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut head = HeadWriter::response(self.status.as_u16());
        for (name, value) in &self.headers {
            head.field(name.as_str().as_bytes(), value.as_bytes());
        }
        head.finish()
    }

    /// Reads the head of a `Head` frame.
    ///
    /// # Errors
    ///
    /// When it is malformed, or a part is none that HTTP allows.
    pub fn decode(head: &Bytes) -> Result<Self, WireError> {
        let raw = RawResponseHead::read(head)?;
        Ok(Self {
            status: StatusCode::from_u16(raw.status).map_err(|_invalid| WireError::NotHttp("status"))?,
            headers: into_map(raw.fields, head)?,
        })
    }
}

/// Trailers as they go into a `Trailers` frame.
///
/// # Panics
///
/// Never: encoding into memory cannot fail.
#[must_use]
pub fn encode_trailers(trailers: &HeaderMap) -> Bytes {
    to_vec(&FieldsOut(trailers), trailers).into()
}

/// Reads the block of a `Trailers` frame.
///
/// # Errors
///
/// When it is malformed, or a part is none that HTTP allows.
pub fn decode_trailers(block: &Bytes) -> Result<HeaderMap, WireError> {
    into_map(RawFields::read(block)?, block)
}

fn to_vec<T: Serialize>(value: &T, headers: &HeaderMap) -> Vec<u8> {
    // Room for what most heads need, so that encoding allocates once.
    let mut out = Vec::with_capacity(128 + headers.len() * 48);
    value.serialize(&mut rmp_serde::Serializer::new(&mut out)).expect("encoding into memory cannot fail");
    out
}

/// Fields as one flat list: name, value, name, value.
struct FieldsOut<'a>(&'a HeaderMap);

impl Serialize for FieldsOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len() * 2))?;
        for (name, value) in self.0 {
            list.serialize_element(name.as_str())?;
            list.serialize_element(serde_bytes::Bytes::new(value.as_bytes()))?;
        }
        list.end()
    }
}

fn into_map(fields: RawFields<'_>, source: &Bytes) -> Result<HeaderMap, WireError> {
    let mut map = HeaderMap::with_capacity(fields.count() + FIELDS_TO_COME);
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name).map_err(|_invalid| WireError::NotHttp("field name"))?;
        let value = HeaderValue::from_maybe_shared(source.slice_ref(value))
            .map_err(|_invalid| WireError::NotHttp("field value"))?;
        map.append(name, value);
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> RequestHead {
        let mut headers = HeaderMap::new();
        headers.append("host", HeaderValue::from_static("app.example.com"));
        headers.append("x-twice", HeaderValue::from_static("1"));
        headers.append("x-twice", HeaderValue::from_static("2"));
        headers.append("x-bytes", HeaderValue::from_bytes(b"caf\xe9").unwrap());
        RequestHead {
            mapping: MappingId::from_u128(5),
            request: RequestId::from_u128(6),
            method: Method::GET,
            target: Bytes::from_static(b"/a/../b?q=%2F"),
            headers,
            version: Some(Version::HTTP_2),
        }
    }

    #[test]
    fn a_request_head_survives_the_wire() {
        // R18: the target's bytes are not touched.
        let sent = request();
        let got = RequestHead::decode(&sent.encode().into()).unwrap();
        assert_eq!(got.target, sent.target);
        assert_eq!((got.mapping, got.request, got.method), (sent.mapping, sent.request, sent.method));
        assert_eq!(got.headers, sent.headers);
        assert_eq!(got.version, Some(Version::HTTP_2));
        assert_eq!(got.headers.get_all("x-twice").iter().collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn targets_that_could_name_a_host_are_refused() {
        // R32
        for target in ["http://elsewhere/", "elsewhere:80", "", "/a b", "/a\r\nx: y", "**"] {
            let sent = RequestHead { target: Bytes::copy_from_slice(target.as_bytes()), ..request() };
            assert_eq!(
                RequestHead::decode(&sent.encode().into()).unwrap_err(),
                WireError::NotHttp("target"),
                "{target:?}"
            );
        }
    }

    #[test]
    fn a_response_head_and_trailers_survive_the_wire() {
        let mut headers = HeaderMap::new();
        headers.append("set-cookie", HeaderValue::from_static("a=1"));
        headers.append("set-cookie", HeaderValue::from_static("b=2"));
        let sent = ResponseHead { status: StatusCode::OK, headers: headers.clone() };
        let got = ResponseHead::decode(&sent.encode().into()).unwrap();
        assert_eq!((got.status, got.headers), (sent.status, sent.headers));
        assert_eq!(decode_trailers(&encode_trailers(&headers)).unwrap(), headers);
    }

    #[test]
    fn hostile_heads_are_refused() {
        // R26
        let cut = Bytes::from(request().encode());
        for end in 0..cut.len() {
            assert!(RequestHead::decode(&cut.slice(..end)).is_err(), "cut at {end}");
        }
        let claims_billions = Bytes::from_static(&[0xdd, 0xff, 0xff, 0xff, 0xff]);
        assert!(decode_trailers(&claims_billions).is_err());
        let odd = Bytes::from_static(&[0x91, 0xa1, b'x']);
        assert!(decode_trailers(&odd).is_err());
        let bad_value = Bytes::from_static(&[0x92, 0xa1, b'x', 0xc4, 2, b'\r', b'\n']);
        assert_eq!(decode_trailers(&bad_value), Err(WireError::NotHttp("field value")));
    }
}
