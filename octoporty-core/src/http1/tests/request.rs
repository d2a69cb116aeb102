//! Request heads: what passes, and each refusal.

use crate::{
    http1::{BodyFraming, HeadError, RequestFacts, check_request_head},
    limits,
};

pub(super) fn check(head: &str) -> Result<RequestFacts, HeadError> {
    check_request_head(head.as_bytes())
}

fn fields(fields: &str) -> Result<RequestFacts, HeadError> {
    check(&format!("POST /path HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n"))
}

fn line(line: &str) -> Result<RequestFacts, HeadError> {
    check(&format!("{line}\r\nHost: a.example\r\n\r\n"))
}

#[test]
fn an_ordinary_head_passes() {
    let facts = line("GET /a?b=c HTTP/1.1").unwrap();
    assert_eq!((facts.version_minor, facts.body), (1, BodyFraming::None));
    assert!(!facts.upgrade && !facts.expects_continue && !facts.head_only);
    assert!(line("HEAD / HTTP/1.1").unwrap().head_only);
}

#[test]
fn lengths_and_chunks_are_told_apart() {
    assert_eq!(fields("Content-Length: 5\r\n").unwrap().body, BodyFraming::Length(5));
    assert_eq!(fields("content-length:\t007 \r\n").unwrap().body, BodyFraming::Length(7));
    assert_eq!(fields("Content-Length: 0\r\n").unwrap().body, BodyFraming::None);
    assert_eq!(fields("Content-Length: 9223372036854775807\r\n").unwrap().body, BodyFraming::Length((1 << 63) - 1));
    for value in ["chunked", "Chunked", "CHUNKED", " chunked\t"] {
        assert_eq!(fields(&format!("Transfer-Encoding:{value}\r\n")).unwrap().body, BodyFraming::Chunked);
    }
}

// R01
#[test]
fn doubtful_lengths_are_refused() {
    for value in
        ["", "+5", "-5", "5,5", "5, 5", "5 5", "0x5", "5a", "5.0", "9223372036854775808", "18446744073709551616"]
    {
        assert_eq!(fields(&format!("Content-Length: {value}\r\n")), Err(HeadError::ContentLength), "{value}");
    }
    for second in ["5", "6"] {
        let twice = format!("Content-Length: 5\r\nContent-Length: {second}\r\n");
        assert_eq!(fields(&twice), Err(HeadError::ContentLengthRepeated));
    }
    assert_eq!(fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), Err(HeadError::LengthAndCoding));
    assert_eq!(fields("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), Err(HeadError::LengthAndCoding));
}

// R02
#[test]
fn codings_other_than_one_chunked_are_refused() {
    for value in [
        "",
        "chunked, chunked",
        "chunked,",
        ",chunked",
        "identity",
        "gzip",
        "chunked, gzip",
        "xchunked",
        "chunked;a=b",
        "\"chunked\"",
    ] {
        let error = fields(&format!("Transfer-Encoding: {value}\r\n")).unwrap_err();
        assert_eq!((error, error.status()), (HeadError::TransferEncoding, 400), "{value}");
    }
    let error = fields("Transfer-Encoding: gzip, chunked\r\n").unwrap_err();
    assert_eq!((error, error.status()), (HeadError::TransferCodingUnknown, 501));
    let twice = "Transfer-Encoding: chunked\r\ntransfer-encoding: chunked\r\n";
    assert_eq!(fields(twice), Err(HeadError::TransferEncoding));
    assert_eq!(fields("Transfer-Encoding: \x0bchunked\r\n"), Err(HeadError::Control));
    let old = "POST / HTTP/1.0\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(check(old), Err(HeadError::TransferEncodingVersion));
}

// R03
#[test]
fn lines_and_names_out_of_order_are_refused() {
    for (head, error) in [
        ("GET / HTTP/1.1\nHost: a\r\n\r\n", HeadError::BareLf),
        ("GET / HTTP/1.1\r\nHost: a\n\r\n", HeadError::BareLf),
        ("GET / HTTP/1.1\r\nHost: a\r\n\n", HeadError::BareLf),
        ("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", HeadError::BareCr),
        ("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", HeadError::BareCr),
        ("GET / HTTP/1.1\r\nHost\r: a\r\n\r\n", HeadError::BareCr),
        ("GET / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n", HeadError::BareCr),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", HeadError::Control),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\x7fb\r\n\r\n", HeadError::Control),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", HeadError::ObsFold),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n", HeadError::ObsFold),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", HeadError::ObsFold),
        ("GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n", HeadError::SpaceBeforeColon),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\t: a\r\n\r\n", HeadError::SpaceBeforeColon),
        ("GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n", HeadError::FieldName),
        ("GET / HTTP/1.1\r\nHost: a\r\nX(: a\r\n\r\n", HeadError::FieldName),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\0: a\r\n\r\n", HeadError::FieldName),
        ("GET / HTTP/1.1\r\nHost: a\r\nÄ: a\r\n\r\n", HeadError::FieldName),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", HeadError::MissingColon),
        ("GET / HTTP/1.1\r\nHost: a\r\nX y\r\n\r\n", HeadError::MissingColon),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\n\r\n", HeadError::BareLf),
    ] {
        assert_eq!(check(head), Err(error), "{head:?}");
        assert_eq!(error.status(), 400);
    }
}

// R07
#[test]
fn request_lines_out_of_order_are_refused() {
    for text in [
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        " GET / HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET\t/ HTTP/1.1",
        "GET",
        "GET /",
        "GET / ",
        "GET / http/1.1",
        "GET / HTTP/11",
        "GET / HTTP/1.1x",
        "G(T / HTTP/1.1",
        "GET / HTTPS/1.1",
        "",
    ] {
        assert_eq!(line(text), Err(HeadError::RequestLine), "{text:?}");
    }
    assert_eq!(line("GET /a b HTTP/1.1"), Err(HeadError::RequestLine));
    for text in ["GET / HTTP/2.0", "GET / HTTP/1.2", "GET / HTTP/0.9", "PRI * HTTP/2.0"] {
        assert_eq!(line(text).unwrap_err().status(), 505, "{text}");
    }
    for text in ["CONNECT a.example:443 HTTP/1.1", "CONNECT / HTTP/1.1", "TRACE / HTTP/1.1", "trace / HTTP/1.1"] {
        assert_eq!(line(text).unwrap_err().status(), 405, "{text}");
    }
    for text in [
        "GET a.example:80 HTTP/1.1",
        "GET * HTTP/1.1",
        "GET ftp://a.example/ HTTP/1.1",
        "GET path HTTP/1.1",
        "OPTIONS ** HTTP/1.1",
        "GET http:/a HTTP/1.1",
    ] {
        assert_eq!(line(text), Err(HeadError::TargetForm), "{text}");
    }
    for text in
        ["GET /#a HTTP/1.1", "GET /\u{e4} HTTP/1.1", "GET /\x7f HTTP/1.1", "GET /\0 HTTP/1.1", "GET /\t HTTP/1.1"]
    {
        assert_eq!(line(text), Err(HeadError::TargetByte), "{text:?}");
    }
    assert!(line("OPTIONS * HTTP/1.1").is_ok());
    assert!(line("Custom-Method /%2e%2E/a//..?x=%00 HTTP/1.1").is_ok());
}

// R07
#[test]
fn methods_and_targets_have_a_length() {
    let method = |bytes| line(&format!("{} / HTTP/1.1", "M".repeat(bytes)));
    assert!(method(limits::METHOD_BYTES_MAX).is_ok());
    assert_eq!(method(limits::METHOD_BYTES_MAX + 1), Err(HeadError::MethodTooLong));
    let target = |bytes: usize| line(&format!("GET /{} HTTP/1.1", "t".repeat(bytes - 1)));
    assert!(target(limits::TARGET_BYTES_MAX).is_ok());
    assert_eq!(target(limits::TARGET_BYTES_MAX + 1).unwrap_err().status(), 414);
}

// R08
#[test]
fn exactly_one_host_names_the_service() {
    let hosts = |text: &str| check(&format!("GET / HTTP/1.1\r\n{text}\r\n"));
    assert_eq!(hosts(""), Err(HeadError::HostMissing));
    assert_eq!(hosts("Host: a\r\nHost: a\r\n"), Err(HeadError::HostRepeated));
    assert_eq!(hosts("Host: a\r\nX: y\r\nhOST: b\r\n"), Err(HeadError::HostRepeated));
    assert_eq!(hosts("Host:\r\n"), Err(HeadError::Host));
    assert_eq!(hosts("Host: a:0\r\n"), Err(HeadError::Host));
    assert!(check("GET / HTTP/1.0\r\n\r\n").is_ok());
    assert_eq!(check("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), Err(HeadError::HostRepeated));
}

// R08
#[test]
fn an_absolute_target_names_the_host() {
    let absolute = |target: &str, host: &str| check(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    for (target, host) in [
        ("http://a.example/x", "a.example"),
        ("http://a.example", "a.example"),
        ("http://a.example?q", "a.example"),
        ("HTTP://A.example:80/x", "a.EXAMPLE"),
        ("https://a.example/x", "a.example:443"),
        ("http://a.example:8080/", "a.example:8080"),
        ("http://[::1]:8080/", "[::1]:8080"),
    ] {
        assert!(absolute(target, host).is_ok(), "{target} {host}");
    }
    for (target, host) in [
        ("http://b.example/x", "a.example"),
        ("http://a.example:81/x", "a.example"),
        ("https://a.example:80/x", "a.example"),
        ("https://a.example/x", "a.example:80"),
    ] {
        assert_eq!(absolute(target, host), Err(HeadError::AuthorityMismatch), "{target} {host}");
    }
    for target in ["http://u@a.example/x", "http:///x", "http://", "http://a.example:x/"] {
        assert_eq!(absolute(target, "a.example"), Err(HeadError::TargetForm), "{target}");
    }
    assert_eq!(check("GET http://a.example/ HTTP/1.0\r\n\r\n"), Err(HeadError::AuthorityMismatch));
}

const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const V13: &str = "Sec-WebSocket-Version: 13\r\n";

fn upgrade(method: &str, minor: u8, fields: &str) -> Result<RequestFacts, HeadError> {
    check(&format!("{method} /ws HTTP/1.{minor}\r\nHost: a.example\r\n{fields}\r\n"))
}

// R14
#[test]
fn only_websocket_is_an_upgrade() {
    let ask = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n";
    assert!(upgrade("GET", 1, &format!("{ask}{V13}{KEY}")).unwrap().upgrade);
    assert!(upgrade("GET", 1, &format!("{ask}{V13}{KEY}Content-Length: 0\r\n")).unwrap().upgrade);
    for (method, minor, fields) in [
        ("POST", 1, ask),
        ("GET", 0, ask),
        ("GET", 1, "Connection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n"),
        ("GET", 1, "Connection: upgrade\r\nUpgrade: websocket, h2c\r\n"),
        ("GET", 1, "Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n"),
        ("GET", 1, "Connection: close\r\nUpgrade: websocket\r\n"),
        ("GET", 1, "Upgrade: websocket\r\n"),
    ] {
        assert!(!upgrade(method, minor, fields).unwrap().upgrade, "{fields}");
    }
}

// R14
#[test]
fn a_websocket_needs_version_and_key() {
    let ask = "Connection: upgrade\r\nUpgrade: websocket\r\n";
    for version in ["", "Sec-WebSocket-Version: 8\r\n", "Sec-WebSocket-Version: 13, 8\r\n", &V13.repeat(2)] {
        let error = upgrade("GET", 1, &format!("{ask}{version}{KEY}")).unwrap_err();
        assert_eq!((error, error.status()), (HeadError::UpgradeVersion, 426));
    }
    for key in ["", "Sec-WebSocket-Key: short\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!!==\r\n", &KEY.repeat(2)] {
        assert_eq!(upgrade("GET", 1, &format!("{ask}{V13}{key}")), Err(HeadError::UpgradeKey), "{key}");
    }
    for body in ["Content-Length: 1\r\n", "Transfer-Encoding: chunked\r\n"] {
        assert_eq!(upgrade("GET", 1, &format!("{ask}{V13}{KEY}{body}")), Err(HeadError::UpgradeBody));
    }
}

// R17
#[test]
fn expectations_are_told_where_there_is_a_body() {
    assert!(fields("Expect: 100-Continue\r\nContent-Length: 1\r\n").unwrap().expects_continue);
    assert!(!fields("Expect: 100-continue\r\n").unwrap().expects_continue);
    assert_eq!(fields("Expect: more\r\n").unwrap_err().status(), 417);
    let old = "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
    assert!(!check(old).unwrap().expects_continue);
}

// R15
#[test]
fn heads_have_a_size() {
    let count = |count: usize| fields(&"X: y\r\n".repeat(count - 1));
    assert!(count(limits::FIELDS_MAX).is_ok());
    assert_eq!(count(limits::FIELDS_MAX + 1).unwrap_err().status(), 431);

    let one = |bytes: usize| fields(&format!("X: {}\r\n", "v".repeat(bytes - 1)));
    assert!(one(limits::FIELD_BYTES_MAX).is_ok());
    assert_eq!(one(limits::FIELD_BYTES_MAX + 1), Err(HeadError::FieldTooLarge { bytes: limits::FIELD_BYTES_MAX + 1 }));

    let whole = |bytes: usize| {
        let (start, filler) = ("GET / HTTP/1.1\r\nHost: a\r\n", format!("X: {}\r\n", "v".repeat(30_000)));
        let rest = bytes - start.len() - filler.len() * 2 - "Y: \r\n\r\n".len();
        check(&format!("{start}{filler}{filler}Y: {}\r\n\r\n", "v".repeat(rest)))
    };
    assert!(whole(limits::HEAD_BYTES_MAX).is_ok());
    let error = whole(limits::HEAD_BYTES_MAX + 1).unwrap_err();
    assert_eq!((error, error.status()), (HeadError::HeadTooLarge { limit: limits::HEAD_BYTES_MAX }, 431));
}

#[test]
fn honest_heads_pass() {
    let large: String = (0..16).map(|n| format!("X-More-{n}: {}\r\n", "b".repeat(1000))).collect();
    assert!(fields(&large).is_ok());
    assert!(line(&format!("GET /?q={} HTTP/1.1", "u".repeat(limits::TARGET_BYTES_MAX - 4))).is_ok());
    assert!(check_request_head(b"GET / HTTP/1.1\r\nHost: a\r\nX: caf\xe9 \xff\r\nEmpty:\r\n\r\n").is_ok());
    assert!(check("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").is_ok());
    // RFC 9112 §2.2: at least one empty line before a request line should be ignored.
    assert!(check("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").is_ok());
    assert!(check("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").is_err());
}

#[test]
fn a_whole_head_is_one_head_and_nothing_else() {
    assert_eq!(check("GET / HTTP/1.1\r\nHost: a\r\n"), Err(HeadError::Incomplete));
    assert_eq!(check("GET / HTTP/1.1\r\nHost: a\r\n\r\nx"), Err(HeadError::Incomplete));
    assert_eq!(check(""), Err(HeadError::Incomplete));
}

#[test]
fn a_tls_record_is_refused_at_its_first_byte() {
    assert_eq!(check_request_head(b"\x16\x03\x01"), Err(HeadError::RequestLine));
}
