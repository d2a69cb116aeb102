//! HTTP heads and trailers as MessagePack: arrays whose entries are only ever added to at the end.
//!
//! Field values keep their bytes; on the way in they are slices of the message, not copies.

use std::marker::PhantomData;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeSeq};

use crate::{
    id::{MappingId, RequestId},
    limits::{ANSWER_FIELDS_MAX, FIELDS_MAX, TARGET_BYTES_MAX},
};

/// Most fields of one list: what the edges take ([`FIELDS_MAX`], [`ANSWER_FIELDS_MAX`]), and room for what either side
/// adds, such as forwarding fields.
const WIRE_FIELDS_MAX: usize = 256;

/// Room for what either side adds to a head that it got, so that the map does not grow for it.
const FIELDS_TO_COME: usize = 4;

/// Most entries of a field list: a name and a value for each field.
const FIELD_ENTRIES_MAX: usize = 2 * WIRE_FIELDS_MAX;

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

#[derive(Serialize)]
struct RequestOut<'a>(MappingId, RequestId, &'a str, #[serde(with = "serde_bytes")] &'a [u8], FieldsOut<'a>);

#[derive(Deserialize)]
struct RequestIn<'a>(
    MappingId,
    RequestId,
    &'a str,
    #[serde(with = "serde_bytes")] &'a [u8],
    #[serde(borrow)] FieldsIn<'a>,
);

impl RequestHead {
    /// The head as it goes into an `Open` frame.
    ///
    /// # Panics
    ///
    /// Never: encoding into memory cannot fail.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let out = RequestOut(self.mapping, self.request, self.method.as_str(), &self.target, FieldsOut(&self.headers));
        to_vec(&out, &self.headers)
    }

    /// Reads the head of an `Open` frame.
    ///
    /// # Errors
    ///
    /// When it is malformed, or a part is none that HTTP allows. A target that does not begin with `/` and is not
    /// `*` is refused (R32).
    pub fn decode(head: &Bytes) -> Result<Self, WireError> {
        let Extensible(RequestIn(mapping, request, method, target, fields)) = from_slice(head)?;
        let origin_form = target.first() == Some(&b'/') || target == b"*";
        if !origin_form || target.len() > TARGET_BYTES_MAX || target.iter().any(|byte| !(0x21..0x7f).contains(byte)) {
            return Err(WireError::NotHttp("target"));
        }
        Ok(Self {
            mapping,
            request,
            method: Method::from_bytes(method.as_bytes()).map_err(|_invalid| WireError::NotHttp("method"))?,
            target: head.slice_ref(target),
            headers: fields.into_map(head)?,
        })
    }
}

#[derive(Serialize)]
struct ResponseOut<'a>(u16, FieldsOut<'a>);

#[derive(Deserialize)]
struct ResponseIn<'a>(u16, #[serde(borrow)] FieldsIn<'a>);

impl ResponseHead {
    /// The head as it goes into a `Head` frame.
    ///
    /// # Panics
    ///
    /// Never: encoding into memory cannot fail.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        to_vec(&ResponseOut(self.status.as_u16(), FieldsOut(&self.headers)), &self.headers)
    }

    /// Reads the head of a `Head` frame.
    ///
    /// # Errors
    ///
    /// When it is malformed, or a part is none that HTTP allows.
    pub fn decode(head: &Bytes) -> Result<Self, WireError> {
        let Extensible(ResponseIn(status, fields)) = from_slice(head)?;
        Ok(Self {
            status: StatusCode::from_u16(status).map_err(|_invalid| WireError::NotHttp("status"))?,
            headers: fields.into_map(head)?,
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
    from_slice::<FieldsIn<'_>>(block)?.into_map(block)
}

fn to_vec<T: Serialize>(value: &T, headers: &HeaderMap) -> Vec<u8> {
    // Room for what most heads need, so that encoding allocates once.
    let mut out = Vec::with_capacity(128 + headers.len() * 48);
    value.serialize(&mut rmp_serde::Serializer::new(&mut out)).expect("encoding into memory cannot fail");
    out
}

fn from_slice<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, WireError> {
    let mut decoder = rmp_serde::Deserializer::from_read_ref(bytes);
    decoder.set_max_depth(crate::limits::MESSAGE_PACK_DEPTH_MAX);
    T::deserialize(&mut decoder).map_err(|error| WireError::Malformed(error.to_string()))
}

/// An array whose first entries are a `T`; those that a later version added behind them are skipped.
struct Extensible<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Extensible<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Visitor<T> {
            type Value = Extensible<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let known = T::deserialize(de::value::SeqAccessDeserializer::new(&mut entries))?;
                while entries.next_element::<de::IgnoredAny>()?.is_some() {}
                Ok(Extensible(known))
            }
        }

        deserializer.deserialize_seq(Visitor(PhantomData))
    }
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

struct FieldsIn<'a>(Vec<(&'a str, &'a [u8])>);

impl FieldsIn<'_> {
    fn into_map(self, source: &Bytes) -> Result<HeaderMap, WireError> {
        let mut map = HeaderMap::with_capacity(self.0.len() + FIELDS_TO_COME);
        for (name, value) in self.0 {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_invalid| WireError::NotHttp("field name"))?;
            let value = HeaderValue::from_maybe_shared(source.slice_ref(value))
                .map_err(|_invalid| WireError::NotHttp("field value"))?;
            map.append(name, value);
        }
        Ok(map)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for FieldsIn<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = FieldsIn<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "a list of at most {FIELD_ENTRIES_MAX} names and values")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let announced = list.size_hint().unwrap_or(0);
                if announced > FIELD_ENTRIES_MAX || announced % 2 != 0 {
                    return Err(de::Error::invalid_length(announced, &self));
                }
                let mut fields = Vec::with_capacity(announced / 2);
                while let Some(name) = list.next_element::<&'de str>()? {
                    let value: &'de serde_bytes::Bytes =
                        list.next_element()?.ok_or_else(|| de::Error::invalid_length(fields.len() * 2 + 1, &self))?;
                    fields.push((name, value.as_ref()));
                }
                Ok(FieldsIn(fields))
            }
        }

        deserializer.deserialize_seq(Visitor)
    }
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
