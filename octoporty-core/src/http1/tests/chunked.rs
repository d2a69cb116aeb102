//! Chunked bodies: what passes, and each refusal, in one piece and in pieces of one byte.

use crate::{
    http1::{ChunkError, ChunkedScanner, Scan, is_forbidden_trailer},
    limits,
};

/// Scans in one piece and byte by byte, which must agree.
fn scan(body: &[u8]) -> Result<Scan, ChunkError> {
    let whole = ChunkedScanner::new().scan(body);
    let mut scanner = ChunkedScanner::new();
    let mut bytewise = Ok(Scan { used: 0, done: false });
    for byte in body {
        match scanner.scan(std::slice::from_ref(byte)) {
            Ok(Scan { used, done }) => {
                let before = bytewise.as_ref().map_or(0, |scan: &Scan| scan.used);
                bytewise = Ok(Scan { used: before + used, done });
            }
            Err(error) => {
                bytewise = Err(error);
                break;
            }
        }
    }
    assert_eq!(whole, bytewise, "{:?}", String::from_utf8_lossy(body));
    whole
}

#[test]
fn a_body_ends_behind_its_trailers() {
    for body in [
        "0\r\n\r\n",
        "000\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\n",
        "A;x=y\r\n0123456789\r\n00a\r\n0123456789\r\n0;z\r\n\r\n",
        "1;a=\"b c\";d\r\nx\r\n0\r\nA: b\r\nC:\r\n\r\n",
        "0000000000000001\r\nx\r\n0\r\n\r\n",
        "2\r\n\r\n\r\n0\r\n\r\n",
    ] {
        assert_eq!(scan(body.as_bytes()), Ok(Scan { used: body.len(), done: true }), "{body:?}");
        let followed = format!("{body}GET / HTTP/1.1\r\n");
        assert_eq!(scan(followed.as_bytes()), Ok(Scan { used: body.len(), done: true }), "{body:?}");
        let cut = &body[..body.len() - 1];
        assert_eq!(scan(cut.as_bytes()), Ok(Scan { used: cut.len(), done: false }), "{body:?}");
    }
}

#[test]
fn two_cuts_anywhere_change_nothing() {
    let body = b"3;e\r\nabc\r\nb\r\n01234567890\r\n0\r\nT: v\r\n\r\nnext";
    for first in 0..body.len() {
        for second in first..body.len() {
            let mut scanner = ChunkedScanner::new();
            let used: usize = [&body[..first], &body[first..second], &body[second..]]
                .map(|piece| scanner.scan(piece).unwrap().used)
                .iter()
                .sum();
            assert_eq!(used, body.len() - 4);
        }
    }
}

// R04
#[test]
fn malformed_chunks_are_refused() {
    for (body, error) in [
        ("\r\n", ChunkError::Size),
        (" 5\r\nhello", ChunkError::Size),
        ("5 \r\nhello", ChunkError::Size),
        ("5\t;x\r\n", ChunkError::Size),
        ("+5\r\n", ChunkError::Size),
        ("-1\r\n", ChunkError::Size),
        ("0x5\r\n", ChunkError::Size),
        ("g\r\n", ChunkError::Size),
        ("5_0\r\n", ChunkError::Size),
        (";x\r\n", ChunkError::Size),
        ("\n", ChunkError::Size),
        ("00000000000000005\r\n", ChunkError::SizeTooLong),
        ("fffffffffffffffff\r\n", ChunkError::SizeTooLong),
        ("5\nhello", ChunkError::LineEnd),
        ("5\rhello", ChunkError::LineEnd),
        ("5;x\nhello", ChunkError::LineEnd),
        ("5;x\rhello", ChunkError::LineEnd),
        ("5;x\0\r\n", ChunkError::Extension),
        ("5\r\nhello\n0\r\n\r\n", ChunkError::LineEnd),
        ("5\r\nhelloo\r\n", ChunkError::LineEnd),
        ("5\r\nhello\r0\r\n", ChunkError::LineEnd),
        ("0\r\n\n", ChunkError::LineEnd),
        ("0\r\n\rx", ChunkError::LineEnd),
    ] {
        assert_eq!(scan(body.as_bytes()), Err(error), "{body:?}");
    }
}

// R05
#[test]
fn malformed_trailers_are_refused() {
    for (trailers, error) in [
        ("A\r\n", ChunkError::Trailer),
        ("A : b\r\n", ChunkError::Trailer),
        (": b\r\n", ChunkError::Trailer),
        (" A: b\r\n", ChunkError::Trailer),
        ("A: b\r\n c\r\n", ChunkError::Trailer),
        ("A: \0\r\n", ChunkError::Trailer),
        ("A: b\n", ChunkError::LineEnd),
        ("A: b\rc", ChunkError::LineEnd),
        ("A\n", ChunkError::LineEnd),
    ] {
        assert_eq!(scan(format!("0\r\n{trailers}\r\n").as_bytes()), Err(error), "{trailers:?}");
    }
}

// R04
#[test]
fn extensions_have_a_size() {
    let chunk = |bytes: usize| format!("1;{}\r\nx\r\n", "e".repeat(bytes - 1));
    let one = |bytes| scan(format!("{}0\r\n\r\n", chunk(bytes)).as_bytes());
    assert!(one(limits::CHUNK_EXTENSION_BYTES_MAX).is_ok());
    assert_eq!(one(limits::CHUNK_EXTENSION_BYTES_MAX + 1), Err(ChunkError::ExtensionTooLarge));

    let full = limits::BODY_EXTENSION_BYTES_MAX / limits::CHUNK_EXTENSION_BYTES_MAX;
    let mut body = chunk(limits::CHUNK_EXTENSION_BYTES_MAX).repeat(full);
    assert!(scan(format!("{body}0\r\n\r\n").as_bytes()).unwrap().done);
    body.push_str("0;");
    assert_eq!(scan(body.as_bytes()), Err(ChunkError::ExtensionTooLarge));
}

// R05
#[test]
fn trailers_have_a_size() {
    let count = |count| scan(format!("0\r\n{}\r\n", "T: v\r\n".repeat(count)).as_bytes());
    assert!(count(limits::TRAILERS_MAX).unwrap().done);
    assert_eq!(count(limits::TRAILERS_MAX + 1), Err(ChunkError::TrailersTooLarge));
    let bytes = |bytes: usize| scan(format!("0\r\nT: {}\r\n\r\n", "v".repeat(bytes - 5)).as_bytes());
    assert!(bytes(limits::TRAILER_BYTES_MAX).unwrap().done);
    assert_eq!(bytes(limits::TRAILER_BYTES_MAX + 1), Err(ChunkError::TrailersTooLarge));
}

#[test]
fn a_failed_scanner_stays_failed() {
    let mut scanner = ChunkedScanner::new();
    assert_eq!(scanner.scan(b"x"), Err(ChunkError::Size));
    assert_eq!(scanner.scan(b"0\r\n\r\n"), Err(ChunkError::Size));
    assert_eq!(scanner.scan(b""), Err(ChunkError::Size));
}

// R05
#[test]
fn trailers_that_frame_route_or_authenticate_are_forbidden() {
    for name in [
        "Content-Length",
        "transfer-encoding",
        "HOST",
        "authorization",
        "Cookie",
        "set-cookie",
        "connection",
        "te",
        "trailer",
        "content-encoding",
        "X-Forwarded-For",
        "Sec-WebSocket-Key",
        "If-Match",
        "upgrade",
    ] {
        assert!(is_forbidden_trailer(name.as_bytes()), "{name}");
    }
    for name in ["grpc-status", "grpc-message", "server-timing", "digest", "etag", "x-checksum", ""] {
        assert!(!is_forbidden_trailer(name.as_bytes()), "{name}");
    }
}

#[test]
fn content_is_found_however_the_body_is_cut() {
    let body = b"5;x=y\r\nhello\r\n1\r\n,\r\n6\r\n world\r\n0\r\nDigest: abc\r\n\r\nnext";
    for piece in 1..=body.len() {
        let (mut scanner, mut content, mut at, mut done) = (ChunkedScanner::new(), Vec::new(), 0, false);
        while !done {
            let bytes = &body[at..(at + piece).min(body.len())];
            let found = scanner.next_content(bytes).unwrap();
            content.extend_from_slice(&bytes[found.at]);
            at += found.used;
            done = found.done;
        }
        assert_eq!((content.as_slice(), &body[at..]), (&b"hello, world"[..], &b"next"[..]), "in pieces of {piece}");
    }
}

// R04
#[test]
fn content_behind_a_bad_chunk_is_never_given() {
    for bad in [&b"5\nhello\r\n"[..], b"x\r\n", b"-1\r\n", b"\r\n"] {
        assert!(ChunkedScanner::new().next_content(bad).is_err(), "{bad:?}");
    }
    let mut scanner = ChunkedScanner::new();
    assert_eq!(scanner.next_content(b"2\r\nhixx").unwrap().at, 3..5);
    assert_eq!(scanner.next_content(b"xx"), Err(ChunkError::LineEnd));
}
