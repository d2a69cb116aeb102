//! Answer heads: what passes, and each refusal.

use crate::{
    http1::{AnswerFacts, BodyFraming, HeadError, RequestKind, check_answer_head},
    limits,
};

fn check(head: &str) -> Result<AnswerFacts, HeadError> {
    check_answer_head(head.as_bytes(), RequestKind::Other)
}

fn framing(status: u16, fields: &str, kind: RequestKind) -> BodyFraming {
    let head = format!("HTTP/1.1 {status} Fine\r\n{fields}\r\n");
    check_answer_head(head.as_bytes(), kind).unwrap().body
}

// R17, RFC 9112 §6.3
#[test]
fn framing_follows_status_and_request() {
    use RequestKind::{Head, Other};
    let (length, chunked) = ("Content-Length: 5\r\n", "Transfer-Encoding: Chunked\r\n");
    assert_eq!(framing(200, length, Other), BodyFraming::Length(5));
    assert_eq!(framing(200, "Content-Length: 0\r\n", Other), BodyFraming::None);
    assert_eq!(framing(200, chunked, Other), BodyFraming::Chunked);
    assert_eq!(framing(200, "", Other), BodyFraming::UntilClose);
    assert_eq!(framing(205, chunked, Other), BodyFraming::Chunked);
    for fields in ["", length, chunked] {
        assert_eq!(framing(200, fields, Head), BodyFraming::None);
        for status in [100, 103, 204, 304] {
            assert_eq!(framing(status, fields, Other), BodyFraming::None);
        }
    }
}

#[test]
fn status_lines_may_lack_a_reason() {
    for (line, status) in
        [("HTTP/1.1 200 OK", 200), ("HTTP/1.1 200 ", 200), ("HTTP/1.0 599", 599), ("HTTP/1.1 404 Näh", 404)]
    {
        assert_eq!(check(&format!("{line}\r\n\r\n")).unwrap().status, status, "{line}");
    }
}

// R16
#[test]
fn status_lines_out_of_order_are_refused() {
    for (line, error) in [
        ("HTTP/1.1  200 OK", HeadError::StatusLine),
        ("HTTP/1.1 20 OK", HeadError::StatusLine),
        ("HTTP/1.1 2000 OK", HeadError::StatusLine),
        ("HTTP/1.1 099 OK", HeadError::StatusLine),
        ("HTTP/1.1 600 OK", HeadError::StatusLine),
        ("HTTP/1.1", HeadError::StatusLine),
        ("HTTP/1.1 200 O\0K", HeadError::StatusLine),
        ("HTTP/1.2 200 OK", HeadError::Version),
        ("HTTP/2.0 200 OK", HeadError::Version),
        ("http/1.1 200 OK", HeadError::NotHttp),
        ("BANANA", HeadError::NotHttp),
        ("ICY 200 OK", HeadError::NotHttp),
        ("", HeadError::NotHttp),
        ("SSH-2.0-OpenSSH_9", HeadError::NotHttp),
        ("\x15\x03\x01", HeadError::TlsInstead),
        ("\x16\x03\x03", HeadError::TlsInstead),
        ("\x16\x04\x03", HeadError::NotHttp),
    ] {
        assert_eq!(check(&format!("{line}\r\n\r\n")), Err(error), "{line:?}");
    }
}

// R16
#[test]
fn answers_are_checked_as_strictly_as_requests() {
    for (fields, error) in [
        ("Content-Length: 5\r\nContent-Length: 5\r\n", HeadError::ContentLengthRepeated),
        ("Content-Length: 5, 5\r\n", HeadError::ContentLength),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", HeadError::LengthAndCoding),
        ("Transfer-Encoding: chunked, chunked\r\n", HeadError::TransferEncoding),
        ("Transfer-Encoding: gzip, chunked\r\n", HeadError::TransferCodingUnknown),
        ("X-A: b\rX-Inject: 1\r\n", HeadError::BareCr),
        ("X-A: b\nX-Inject: 1\r\n", HeadError::BareLf),
        ("X-A: b\r\n folded\r\n", HeadError::ObsFold),
        ("X-A : b\r\n", HeadError::SpaceBeforeColon),
        ("X-A\r\n", HeadError::MissingColon),
        ("X-A: \0\r\n", HeadError::Control),
    ] {
        assert_eq!(check(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n")), Err(error), "{fields:?}");
    }
    let old = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(check(old), Err(HeadError::TransferEncodingVersion));
}

// R16
#[test]
fn answers_have_a_size() {
    let count = |count| check(&format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(count)));
    assert!(count(limits::ANSWER_FIELDS_MAX).is_ok());
    assert_eq!(
        count(limits::ANSWER_FIELDS_MAX + 1),
        Err(HeadError::TooManyFields { limit: limits::ANSWER_FIELDS_MAX })
    );
    let whole = |bytes: usize| {
        let (start, filler) = ("HTTP/1.1 200 OK\r\n", format!("X: {}\r\n", "v".repeat(32_000)));
        let rest = bytes - start.len() - filler.len() * 4 - "Y: \r\n\r\n".len();
        check(&format!("{start}{}Y: {}\r\n\r\n", filler.repeat(4), "v".repeat(rest)))
    };
    assert!(whole(limits::ANSWER_HEAD_BYTES_MAX).is_ok());
    let error = Err(HeadError::HeadTooLarge { limit: limits::ANSWER_HEAD_BYTES_MAX });
    assert_eq!(whole(limits::ANSWER_HEAD_BYTES_MAX + 1), error);
}

// R14
#[test]
fn an_upgrade_must_be_asked_for_and_be_websocket() {
    let head = |fields: &str| format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n");
    let good = head("Connection: Upgrade\r\nUpgrade: websocket\r\n");
    assert!(check_answer_head(good.as_bytes(), RequestKind::Upgrade).unwrap().is_upgrade());
    assert_eq!(check(&good), Err(HeadError::UpgradeUnasked));
    for fields in ["", "Connection: upgrade\r\nUpgrade: h2c\r\n", "Upgrade: websocket\r\n"] {
        let error = check_answer_head(head(fields).as_bytes(), RequestKind::Upgrade);
        assert_eq!(error, Err(HeadError::UpgradeUnasked), "{fields}");
    }
}
