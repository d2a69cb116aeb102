//! Messages survive the wire; fields of later versions do no harm; hostile ones are refused.

use super::*;
use crate::{
    host::HostPattern,
    id::{AgentId, MappingId},
    limits::MESSAGE_PACK_ENTRIES_MAX,
};

fn hello() -> Hello {
    Hello {
        wire: 1,
        capabilities: vec![CAPABILITY_LZ4.to_owned()],
        window: 262_144,
        streams: 16,
        agent: AgentId::from_u128(1),
        instance: 2,
        session: None,
        name: "nas".to_owned(),
        version: "0.1.0".to_owned(),
    }
}

#[test]
fn a_hello_survives_the_wire() {
    assert_eq!(decode::<Hello>("hello", &encode(&hello())), Ok(hello()));
}

#[test]
fn fields_of_a_later_version_are_skipped() {
    #[derive(serde::Serialize)]
    struct Later {
        #[serde(flatten)]
        hello: Hello,
        colour: &'static str,
    }
    let bytes = rmp_serde::to_vec_named(&Later { hello: hello(), colour: "teal" }).unwrap();
    assert_eq!(decode::<Hello>("hello", &bytes), Ok(hello()));
}

#[test]
fn codes_of_a_later_version_are_read_as_other() {
    let later = rmp_serde::to_vec_named(&std::collections::BTreeMap::from([("code", "moon-phase")])).unwrap();
    assert_eq!(decode::<Refused>("refused", &later).unwrap().code, RefusalCode::Other);
}

#[test]
fn deep_nesting_is_refused_without_recursion_trouble() {
    // R26
    let deep = vec![0x91; 100_000];
    assert!(matches!(decode::<Hello>("hello", &deep), Err(MessageError::Malformed { .. })));
}

#[test]
fn a_list_that_claims_billions_allocates_nothing() {
    // R26: array 32 with 2^32 - 1 entries, of which none follows.
    let body = [0xdd, 0xff, 0xff, 0xff, 0xff];
    assert!(decode_routes(&body).is_err());
}

#[test]
fn routes_travel_in_bounded_batches() {
    let routes: Vec<Route> = (0..2500_u128)
        .map(|n| Route {
            id: MappingId::from_u128(n),
            domain: HostPattern::parse(&format!("h{n}.example.com")).unwrap(),
        })
        .collect();
    let body = encode_routes(&routes);
    assert_eq!(decode_routes(&body), Ok(routes.clone()));
    let one_batch = encode(&&routes[..=MESSAGE_PACK_ENTRIES_MAX]);
    assert!(matches!(decode_routes(&one_batch), Err(MessageError::TooMany { .. })));
}

#[test]
fn bytes_behind_a_message_are_refused() {
    let mut bytes = encode(&hello());
    bytes.push(0xc0);
    assert_eq!(decode::<Hello>("hello", &bytes), Err(MessageError::TrailingBytes { what: "hello", bytes: 1 }));
}
