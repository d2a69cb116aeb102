//! Heads in place against heads in maps: both read what either writes.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Version};
use proptest::prelude::*;

use super::{HeadWriter, RawFields, RawRequestHead, RawResponseHead, stamp_waited};
use crate::{
    id::{MappingId, RequestId},
    proxy::{RequestHead, ResponseHead, WireError, encode_trailers},
};

fn written() -> Vec<u8> {
    let mut head = HeadWriter::request(MappingId::from_u128(5), RequestId::from_u128(6), b"GET", b"/a/../b?q=%2F")
        .version(Version::HTTP_10);
    head.field(b"Host", b"app.example.com");
    head.field(b"X-Twice", b"1");
    head.field(b"X-Twice", b"2");
    head.field(b"X-Bytes", b"caf\xe9");
    head.finish()
}

#[test]
fn a_written_head_is_read_by_both_readers() {
    // R18: the target's bytes are not touched.
    let written = written();
    let raw = RawRequestHead::read(&written).unwrap();
    assert_eq!((raw.mapping, raw.request), (MappingId::from_u128(5), RequestId::from_u128(6)));
    assert_eq!((raw.method, raw.target), ("GET", &b"/a/../b?q=%2F"[..]));
    assert_eq!(raw.version, Some(Version::HTTP_10));
    let fields: Vec<_> = raw.fields.collect();
    let expected: [(&[u8], &[u8]); 4] =
        [(b"host", b"app.example.com"), (b"x-twice", b"1"), (b"x-twice", b"2"), (b"x-bytes", b"caf\xe9")];
    assert_eq!(fields, expected);
    let mapped = RequestHead::decode(&Bytes::from(written)).unwrap();
    assert_eq!(mapped.headers.len(), 4);
    assert_eq!(mapped.target, raw_target());
}

fn raw_target() -> Bytes {
    Bytes::from_static(b"/a/../b?q=%2F")
}

#[test]
fn hostile_heads_are_refused() {
    // R26, R32
    let whole = written();
    for end in 0..whole.len() {
        assert!(RawRequestHead::read(&whole[..end]).is_err(), "cut at {end}");
    }
    for target in [&b"http://elsewhere/"[..], b"", b"/a b", b"**"] {
        let head = HeadWriter::request(MappingId::from_u128(1), RequestId::from_u128(1), b"GET", target).finish();
        assert_eq!(RawRequestHead::read(&head).unwrap_err(), WireError::NotHttp("target"), "{target:?}");
    }
    assert!(RawFields::read(&[0xdd, 0xff, 0xff, 0xff, 0xff]).is_err());
    assert!(RawFields::read(&[0x91, 0xa1, b'x']).is_err());
    let bad_value = [0x92, 0xa1, b'x', 0xc4, 2, b'\r', b'\n'];
    assert_eq!(RawFields::read(&bad_value).unwrap_err(), WireError::NotHttp("field value"));
    let bad_name = [0x92, 0xa1, b':', 0xc4, 0];
    assert_eq!(RawFields::read(&bad_name).unwrap_err(), WireError::NotHttp("field name"));
    // Seventeen lists, one inside the other, behind what is known.
    let nested = [&[0x93, 0x64, 0x90][..], &[0x91; 17], &[0x00]].concat();
    assert!(RawResponseHead::read(&nested).is_err());
}

#[test]
fn entries_of_later_versions_are_skipped() {
    let mut later = vec![0x94, 0xcc, 200, 0x90];
    later.extend_from_slice(&[0x82, 0xa1, b'a', 0x01, 0xa1, b'b', 0x91, 0xc0, 0xcb, 0, 0, 0, 0, 0, 0, 0, 0]);
    let head = RawResponseHead::read(&later).unwrap();
    assert_eq!((head.status, head.fields.count()), (200, 0));
    assert_eq!(ResponseHead::decode(&Bytes::from(later)).unwrap().status, 200);
}

#[test]
fn values_of_any_length_survive() {
    for bytes in [0, 31, 32, 255, 256, 65_535, 65_536, 90_000] {
        let value = vec![b'v'; bytes];
        let mut head = HeadWriter::response(200);
        head.field(b"x-long", &value);
        let head = head.finish();
        let read: Vec<_> = RawResponseHead::read(&head).unwrap().fields.collect();
        assert_eq!(read, [(&b"x-long"[..], value.as_slice())]);
    }
}

fn any_fields() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let value = proptest::collection::vec(prop_oneof![0x20_u8..0x7f, 0x80_u8.., Just(b'\t')], 0..60);
    proptest::collection::vec(("[a-z0-9!#$%&'*+.^_`|~-]{1,20}", value), 0..12)
}

proptest! {
    #[test]
    fn maps_and_places_agree(status in 100_u16..1000, fields in any_fields()) {
        let mut headers = HeaderMap::new();
        let mut written = HeadWriter::response(status);
        for (name, value) in &fields {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(value).unwrap());
            written.field(name.to_ascii_uppercase().as_bytes(), value);
        }
        let written = Bytes::from(written.finish());
        let raw = RawResponseHead::read(&written).unwrap();
        prop_assert_eq!(raw.status, status);
        prop_assert_eq!(RawResponseHead::read_status(&written), Ok(status));
        let same: Vec<_> = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_slice())).collect();
        prop_assert_eq!(raw.fields.collect::<Vec<_>>(), same);
        prop_assert_eq!(&ResponseHead::decode(&written).unwrap().headers, &headers);
        let block = encode_trailers(&headers);
        prop_assert_eq!(RawFields::read(&block).unwrap().count(), headers.len());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let request = RawRequestHead::read(&bytes).is_ok();
        prop_assert!(!request || RequestHead::decode(&Bytes::from(bytes.clone())).is_ok());
        let _checked = RawResponseHead::read(&bytes).map(|head| head.fields.count());
    }
}

#[test]
fn a_stamp_changes_the_time_alone() {
    let mut head = written();
    for waited in [Duration::from_micros(7), Duration::from_secs(3600), Duration::ZERO] {
        stamp_waited(&mut head, waited);
        let raw = RawRequestHead::read(&head).unwrap();
        assert_eq!((raw.waited, raw.version), (waited, Some(Version::HTTP_10)));
    }
    assert_eq!(head, written());
}
