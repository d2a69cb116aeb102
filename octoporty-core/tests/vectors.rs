//! The vectors of `docs/vectors`, both ways: what they say is what is read, and what is written is what they say.
#![cfg(feature = "proxy")]
#![expect(clippy::panic, reason = "a vector that is none fails the test")]

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use octoporty_core::{
    frame::{
        Frame, FrameError, Frames, Kind, Reset, ResetCode, Side, StreamKind, decompress, put_credit, put_data,
        put_go_away, put_handshake, put_head, put_open, put_ping, put_pong, put_reset, put_trailers,
    },
    message::{
        CaddyConfigHead, CallAnswer, CallHead, GatewayStatus, GoAway, Hello, LandingSync, LandingSynced, LogBatch,
        LogHistogram, LogPage, LogsFollow, LogsRead, RecordReader, Refused, RestartComing, Route, RoutesSynced,
        UpdateAnswer, UpdateRequest, Welcome, decode, decode_caddy_config, decode_landing, decode_routes, encode,
        encode_caddy_config, encode_landing, encode_record, encode_routes,
    },
    proxy::{RequestHead, ResponseHead, decode_trailers, encode_trailers},
};
use serde_json::Value;

const FRAMES: &str = include_str!("../../docs/vectors/frames.json");
const MESSAGES: &str = include_str!("../../docs/vectors/messages.json");

fn parse(file: &str) -> Value {
    serde_json::from_str(file).expect("vectors are JSON")
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().expect("there is a list of this name")
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().expect("there is a text of this name")
}

fn number<T: TryFrom<u64>>(value: &Value, field: &str) -> T {
    let number = value[field].as_u64().expect("there is a number of this name");
    T::try_from(number).ok().expect("the number fits")
}

fn unhex(text: &str) -> Bytes {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).expect("hex");
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect::<Vec<u8>>().into()
}

fn bytes(value: &Value, field: &str) -> Bytes {
    unhex(text(value, field))
}

/// Whether encoding gives exactly these bytes.
fn encodes(vector: &Value) -> bool {
    vector["encode"] != Value::Bool(false)
}

const CODES: [(&str, ResetCode); 11] = [
    ("no_error", ResetCode::NoError),
    ("cancelled", ResetCode::Cancelled),
    ("refused", ResetCode::Refused),
    ("internal", ResetCode::Internal),
    ("timeout", ResetCode::Timeout),
    ("unreachable", ResetCode::Unreachable),
    ("bad_answer", ResetCode::BadAnswer),
    ("bad_request", ResetCode::BadRequest),
    ("too_large", ResetCode::TooLarge),
    ("no_mapping", ResetCode::NoMapping),
    ("forbidden", ResetCode::Forbidden),
];

const KINDS: [&str; 12] =
    ["hello", "welcome", "refused", "open", "head", "data", "trailers", "credit", "reset", "ping", "pong", "go_away"];

fn reset(value: &Value) -> Reset {
    let code = CODES.iter().find(|(name, _)| *name == text(value, "code")).expect("a code of this version").1;
    let side = [Side::Visitor, Side::Tunnel, Side::Upstream, Side::Internal]
        .into_iter()
        .find(|side| side.as_str() == text(value, "side"))
        .expect("a side");
    Reset::with_detail(code, side, text(value, "detail"))
}

fn stream_kind(value: &Value) -> StreamKind {
    match text(value, "stream_kind") {
        "http" => StreamKind::Http,
        "upgrade" => StreamKind::Upgrade,
        "control" => StreamKind::Control,
        other => panic!("no stream kind: {other}"),
    }
}

fn frame(value: &Value) -> Frame {
    let end = value["end"].as_bool().unwrap_or_default();
    let stream = || number(value, "stream");
    match text(value, "kind") {
        "hello" => Frame::Hello(bytes(value, "payload")),
        "welcome" => Frame::Welcome(bytes(value, "payload")),
        "refused" => Frame::Refused(bytes(value, "payload")),
        "go_away" => Frame::GoAway(bytes(value, "payload")),
        "ping" => Frame::Ping(number(value, "number")),
        "pong" => Frame::Pong(number(value, "number")),
        "open" => Frame::Open {
            stream: stream(),
            end,
            kind: stream_kind(value),
            window: number(value, "window"),
            head: bytes(value, "head"),
            body: bytes(value, "body"),
        },
        "head" => Frame::Head { stream: stream(), end, head: bytes(value, "head"), body: bytes(value, "body") },
        "data" => Frame::Data {
            stream: stream(),
            end,
            payload: bytes(value, "payload"),
            packed: value["plain_length"].is_u64().then(|| number(value, "plain_length")),
        },
        "trailers" => Frame::Trailers { stream: stream(), block: bytes(value, "block") },
        "credit" => Frame::Credit { stream: stream(), bytes: number(value, "bytes") },
        "reset" => Frame::Reset { stream: stream(), reset: reset(value) },
        other => panic!("no frame kind: {other}"),
    }
}

fn put(frame: &Frame, out: &mut BytesMut) {
    match frame {
        Frame::Hello(payload) => put_handshake(out, Kind::Hello, payload),
        Frame::Welcome(payload) => put_handshake(out, Kind::Welcome, payload),
        Frame::Refused(payload) => put_handshake(out, Kind::Refused, payload),
        Frame::GoAway(payload) => put_go_away(out, payload),
        Frame::Ping(number) => put_ping(out, *number),
        Frame::Pong(number) => put_pong(out, *number),
        Frame::Open { stream, end, kind, window, head, body } => {
            put_open(out, *stream, *kind, *window, head, body, *end);
        }
        Frame::Head { stream, end, head, body } => put_head(out, *stream, head, body, *end),
        Frame::Data { stream, end, payload, .. } => put_data(out, *stream, payload, false, *end),
        Frame::Trailers { stream, block } => put_trailers(out, *stream, block),
        Frame::Credit { stream, bytes } => put_credit(out, *stream, *bytes),
        Frame::Reset { stream, reset } => put_reset(out, *stream, reset),
    }
}

fn frames_of(message: Bytes) -> Result<Vec<Frame>, FrameError> {
    Frames::new(message)?.collect()
}

#[test]
fn frames_are_what_the_vectors_say() {
    let file = parse(FRAMES);
    for vector in list(&file, "vectors") {
        let name = text(vector, "name");
        let described: Vec<Frame> = list(vector, "frames").iter().map(frame).collect();
        assert_eq!(frames_of(bytes(vector, "hex")), Ok(described.clone()), "{name}");
        if encodes(vector) {
            let mut out = BytesMut::new();
            described.iter().for_each(|frame| put(frame, &mut out));
            assert_eq!(out, bytes(vector, "hex"), "{name}");
        }
        for described in list(vector, "frames").iter().filter(|frame| frame["plain"].is_string()) {
            let plain = decompress(&bytes(described, "payload"), number(described, "plain_length"));
            assert_eq!(plain, Ok(bytes(described, "plain")), "{name}");
        }
    }
}

#[test]
fn every_kind_of_frame_and_every_reset_code_has_a_vector() {
    let file = parse(FRAMES);
    let all: Vec<&Value> = list(&file, "vectors").iter().flat_map(|vector| list(vector, "frames")).collect();
    for kind in KINDS {
        assert!(all.iter().any(|frame| frame["kind"] == kind), "{kind}");
    }
    for (code, _) in CODES {
        assert!(all.iter().any(|frame| frame["code"] == code), "{code}");
    }
}

#[test]
fn malformed_messages_have_the_error_that_the_vectors_name() {
    let file = parse(FRAMES);
    for vector in list(&file, "malformed") {
        let error = frames_of(bytes(vector, "hex")).expect_err(text(vector, "name"));
        let debug = format!("{error:?}");
        let variant = debug.split([' ', '(', '{']).next().unwrap_or_default();
        assert_eq!(variant, text(vector, "error"), "{}", text(vector, "name"));
    }
}

fn fields(value: &Value) -> HeaderMap {
    let field = |field: &Value| {
        let name = HeaderName::from_bytes(field[0].as_str().expect("a name").as_bytes()).expect("a good name");
        let value = unhex(field[1].as_str().expect("a value"));
        (name, HeaderValue::from_bytes(&value).expect("a good value"))
    };
    let mut map = HeaderMap::new();
    for (name, value) in list(value, "fields").iter().map(field) {
        map.append(name, value);
    }
    map
}

/// Reads a value, compares it with what the vector says, and gives what it would be written as. Identifiers are texts
/// in JSON and bytes in MessagePack; both are read by the same types.
fn reread<T>(packed: &[u8], meaning: &Value) -> Result<Vec<u8>, String>
where
    T: serde::de::DeserializeOwned + serde::Serialize + PartialEq + std::fmt::Debug,
{
    let value: T = decode("vector", packed).map_err(|error| error.to_string())?;
    let described: T = serde_json::from_value(meaning.clone()).expect("the meaning has the shape of its type");
    assert_eq!(value, described);
    Ok(encode(&value))
}

/// As [`reread`], for what the calls of a dashboard carry.
fn reread_control(kind: &str, packed: &Bytes, meaning: &Value) -> Result<Vec<u8>, String> {
    match kind {
        "logs_read" => reread::<LogsRead>(packed, meaning),
        "log_histogram" => reread::<LogHistogram>(packed, meaning),
        "logs_follow" => reread::<LogsFollow>(packed, meaning),
        "landing_synced" => reread::<LandingSynced>(packed, meaning),
        "update_request" => reread::<UpdateRequest>(packed, meaning),
        "update_answer" => reread::<UpdateAnswer>(packed, meaning),
        "restart_coming" => reread::<RestartComing>(packed, meaning),
        "gateway_status" => reread::<GatewayStatus>(packed, meaning),
        "log_page" => {
            let page: LogPage = decode("vector", packed).map_err(|error| error.to_string())?;
            page.bounded().map_err(|error| error.to_string())?;
            reread::<LogPage>(packed, meaning)
        }
        "log_record" => {
            let mut reader = RecordReader::default();
            reader.push(packed);
            let batch: Option<LogBatch> = reader.next("vector").map_err(|error| error.to_string())?;
            assert_eq!(batch, Some(serde_json::from_value(meaning.clone()).expect("a batch")));
            encode_record("vector", &batch).map_err(|error| error.to_string())
        }
        "landing_sync" => {
            let (sync, page) = decode_landing(packed).map_err(|error| error.to_string())?;
            assert_eq!(sync, serde_json::from_value::<LandingSync>(meaning.clone()).expect("a sync"));
            assert_eq!(page, bytes(meaning, "page"));
            Ok(encode_landing(&sync, page))
        }
        "caddy_config" => {
            let (head, json) = decode_caddy_config(packed).map_err(|error| error.to_string())?;
            assert_eq!(head, CaddyConfigHead { read_at_ms: number(meaning, "read_at_ms") });
            assert_eq!(json, text(meaning, "json").as_bytes());
            Ok(encode_caddy_config(head, json))
        }
        other => panic!("no message type: {other}"),
    }
}

fn reread_any(kind: &str, packed: &Bytes, meaning: &Value) -> Result<Vec<u8>, String> {
    match kind {
        "hello" => reread::<Hello>(packed, meaning),
        "welcome" => reread::<Welcome>(packed, meaning),
        "refused" => reread::<Refused>(packed, meaning),
        "go_away" => reread::<GoAway>(packed, meaning),
        "call" => reread::<CallHead>(packed, meaning),
        "call_answer" => reread::<CallAnswer>(packed, meaning),
        "routes_synced" => reread::<RoutesSynced>(packed, meaning),
        "routes" => {
            let routes = decode_routes(packed).map_err(|error| error.to_string())?;
            let described: Vec<Route> = serde_json::from_value(meaning.clone()).expect("a list of routes");
            assert_eq!(routes, described);
            Ok(encode_routes(&routes))
        }
        "request_head" => {
            let head = RequestHead::decode(packed).map_err(|error| error.to_string())?;
            assert_eq!(head.mapping.to_string(), text(meaning, "mapping"));
            assert_eq!(head.request.to_string(), text(meaning, "request"));
            assert_eq!(head.method, Method::from_bytes(text(meaning, "method").as_bytes()).expect("a method"));
            assert_eq!(head.target, text(meaning, "target"));
            assert_eq!(head.headers, fields(meaning));
            let version = head.version.map(|version| format!("{version:?}"));
            assert_eq!(version.as_deref(), meaning.get("version").and_then(Value::as_str));
            Ok(head.encode())
        }
        "response_head" => {
            let head = ResponseHead::decode(packed).map_err(|error| error.to_string())?;
            assert_eq!(head.status, StatusCode::from_u16(number(meaning, "status")).expect("a status"));
            assert_eq!(head.headers, fields(meaning));
            Ok(head.encode())
        }
        "trailers" => {
            let trailers = decode_trailers(packed).map_err(|error| error.to_string())?;
            assert_eq!(trailers, fields(meaning));
            Ok(encode_trailers(&trailers).to_vec())
        }
        other => reread_control(other, packed, meaning),
    }
}

#[test]
fn messages_are_what_the_vectors_say() {
    let file = parse(MESSAGES);
    for vector in list(&file, "vectors") {
        let name = text(vector, "name");
        let packed = bytes(vector, "hex");
        let again = reread_any(text(vector, "type"), &packed, &vector["meaning"]).expect(name);
        if encodes(vector) {
            assert_eq!(Bytes::from(again), packed, "{name}");
        }
    }
}

#[test]
fn malformed_values_are_refused() {
    let file = parse(MESSAGES);
    for vector in list(&file, "malformed") {
        let refused = reread_any(text(vector, "type"), &bytes(vector, "hex"), &Value::Null).is_err();
        assert!(refused, "{}", text(vector, "name"));
    }
}
