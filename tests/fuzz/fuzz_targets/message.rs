//! Hostile MessagePack: nothing panics or allocates by what is claimed, and what was read survives the wire.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use octoporty_core::{
    limits::{ANSWER_FIELDS_MAX, MAPPINGS_MAX, TARGET_BYTES_MAX},
    message::{
        CallAnswer, CallHead, GatewayStatus, GoAway, Hello, LandingSynced, LogBatch, LogHistogram, LogPage, LogsFollow,
        LogsRead, RecordReader, Refused, RestartComing, RoutesSynced, UpdateAnswer, UpdateRequest, Welcome, decode,
        decode_caddy_config, decode_landing, decode_routes, encode, encode_landing, encode_routes,
        logs::LINE_BYTES_MAX,
    },
    proxy::{RequestHead, ResponseHead, decode_trailers, encode_trailers},
};
use serde::{Serialize, de::DeserializeOwned};

fuzz_target!(|bytes: &[u8]| {
    survives::<Hello>(bytes);
    survives::<Welcome>(bytes);
    survives::<Refused>(bytes);
    survives::<GoAway>(bytes);
    survives::<CallHead>(bytes);
    survives::<CallAnswer>(bytes);
    survives::<RoutesSynced>(bytes);
    survives::<LogsRead>(bytes);
    survives::<LogsFollow>(bytes);
    survives::<LogHistogram>(bytes);
    survives::<LandingSynced>(bytes);
    survives::<UpdateRequest>(bytes);
    survives::<UpdateAnswer>(bytes);
    survives::<GatewayStatus>(bytes);
    survives::<RestartComing>(bytes);
    control(bytes);
    if let Ok(routes) = decode_routes(bytes) {
        assert!(routes.len() <= MAPPINGS_MAX);
        assert_eq!(decode_routes(&encode_routes(&routes)), Ok(routes));
    }
    heads(&Bytes::copy_from_slice(bytes));
});

fn survives<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(message) = decode::<T>("message", bytes) {
        assert_eq!(decode::<T>("message", &encode(&message)), Ok(message));
    }
}

/// What a Gateway sends for people: lines stay within their bounds and without control characters (R36).
fn control(bytes: &[u8]) {
    if let Ok((sync, page)) = decode_landing(bytes) {
        assert_eq!(decode_landing(&encode_landing(&sync, page)), Ok((sync, page)));
    }
    let _head = decode_caddy_config(bytes);
    let page = decode::<LogPage>("message", bytes).ok().and_then(|page| page.bounded().ok());
    let mut records = RecordReader::default();
    records.push(bytes);
    let batch = records.next::<LogBatch>("message").ok().flatten().and_then(|batch| batch.bounded().ok());
    let entries =
        page.into_iter().flat_map(|page| page.entries).chain(batch.into_iter().flat_map(|batch| batch.entries));
    for entry in entries {
        let values: usize = entry.fields.values().map(String::len).sum();
        assert!(entry.message.len() + values <= LINE_BYTES_MAX);
        let texts = entry.fields.iter().flat_map(|(name, value)| [name, value]).chain([&entry.message, &entry.target]);
        assert!(!texts.into_iter().any(|text| text.contains(char::is_control)));
    }
}

fn heads(bytes: &Bytes) {
    if let Ok(head) = RequestHead::decode(bytes) {
        // R32: no target names a host.
        assert!(head.target.starts_with(b"/") || head.target == "*");
        assert!(head.target.len() <= TARGET_BYTES_MAX && head.headers.len() <= ANSWER_FIELDS_MAX);
        let again = RequestHead::decode(&head.encode().into()).expect("our own heads are good");
        assert_eq!((again.mapping, again.request, &again.method), (head.mapping, head.request, &head.method));
        assert_eq!((again.target, again.headers), (head.target, head.headers));
    }
    if let Ok(head) = ResponseHead::decode(bytes) {
        let again = ResponseHead::decode(&head.encode().into()).expect("our own heads are good");
        assert_eq!((again.status, again.headers), (head.status, head.headers));
    }
    if let Ok(trailers) = decode_trailers(bytes) {
        assert_eq!(decode_trailers(&encode_trailers(&trailers)), Ok(trailers));
    }
}
