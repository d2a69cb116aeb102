//! Hostile MessagePack: nothing panics or allocates by what is claimed, and what was read survives the wire.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use octoporty_core::{
    limits::{ANSWER_FIELDS_MAX, MAPPINGS_MAX, TARGET_BYTES_MAX},
    message::{
        CallAnswer, CallHead, GoAway, Hello, Refused, RoutesSynced, Welcome, decode, decode_routes, encode,
        encode_routes,
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
