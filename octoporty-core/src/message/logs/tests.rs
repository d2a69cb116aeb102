//! Lines stay within their bounds, whoever wrote them.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use super::*;
use crate::{
    id::RequestId,
    message::{MessageError, decode, encode},
};

fn entry(message: &str) -> LogEntry {
    LogEntry {
        id: 7,
        at_ms: 1_790_000_000_000,
        level: LogLevel::Info,
        target: "octoporty_server".to_owned(),
        message: message.to_owned(),
        request: Some(RequestId::from_u128(5)),
        fields: [("error".to_owned(), "refused".to_owned())].into(),
    }
}

#[test]
fn a_line_survives_the_wire() {
    let page = LogPage { entries: vec![entry("connected")], has_more: true };
    assert_eq!(decode::<LogPage>("page", &encode(&page)), Ok(page));
}

#[test]
fn control_characters_of_a_peer_are_escaped() {
    // R36, R50
    let mut hostile = entry("a\u{1b}[2J\nINFO fake\u{202e}\u{2028}");
    hostile.fields.insert("na\nme".to_owned(), "\u{9b}31m".to_owned());
    hostile.target = "t\0".to_owned();
    let line = hostile.bounded();
    assert_eq!(line.message, r"a\u{1b}[2J\nINFO fake\u{202e}\u{2028}");
    assert_eq!(line.target, r"t\u{0}");
    assert_eq!(line.fields[r"na\nme"], r"\u{9b}31m");
    assert_eq!(line.clone().bounded(), line, "what is bounded stays as it is");
}

#[test]
fn a_line_has_at_most_eight_kibibytes() {
    // R36
    for length in [LINE_BYTES_MAX - 3, LINE_BYTES_MAX - 2, LINE_BYTES_MAX, 1 << 20] {
        let line = entry(&"ä\n".repeat(length / 4)).bounded();
        assert!(line.message.len() <= LINE_BYTES_MAX, "{}", line.message.len());
        let line = entry(&"x".repeat(length)).bounded();
        let text: usize = line.message.len() + line.fields.values().map(String::len).sum::<usize>();
        assert!(text <= LINE_BYTES_MAX, "{text}");
        assert_eq!(line.message.ends_with('…'), length > LINE_BYTES_MAX - 3, "{length}");
    }
    let mut many = entry("many");
    many.fields = (0..1000).map(|n| (format!("{n}{}", "n".repeat(500)), "v".repeat(200))).collect();
    let line = many.bounded();
    assert!(line.fields.len() <= FIELDS_MAX);
    assert!(line.fields.keys().all(|name| name.len() <= NAME_BYTES_MAX));
    assert!(line.fields.values().map(String::len).sum::<usize>() <= LINE_BYTES_MAX);
}

#[test]
fn what_is_cut_says_so() {
    let mut line = LineText::new(5);
    line.write_str("ab").unwrap();
    assert!(line.has_room());
    line.write_str("cdef").unwrap();
    assert_eq!(line.take(), "ab…");
    assert!(!line.has_room());
}

#[test]
fn filters_hold_together() {
    let line = entry("Tunnel LOST");
    let filter = |level, text: &str, request| LogFilter { level, text: text.to_owned(), request };
    let wanted = [
        filter(None, "", None),
        filter(Some(LogLevel::Info), "lost", Some(RequestId::from_u128(5))),
        filter(None, "REFUSED", None),
        filter(None, "octoporty_server", None),
        filter(None, "Error=Refused", None),
    ];
    assert!(wanted.iter().all(|filter| filter.matches(&line)));
    let unwanted = [
        filter(Some(LogLevel::Warn), "", None),
        filter(None, "found", None),
        filter(None, "error=lost", None),
        filter(None, "other=refused", None),
        filter(None, "", Some(RequestId::from_u128(6))),
        filter(Some(LogLevel::Warn), "lost", None),
    ];
    assert!(!unwanted.iter().any(|filter| filter.matches(&line)));
}

#[test]
fn questions_are_cut_to_their_bounds() {
    let question = LogsRead {
        before: None,
        count: u32::MAX,
        filter: LogFilter { text: "ä".repeat(FILTER_TEXT_BYTES_MAX), ..LogFilter::default() },
    };
    let question = question.bounded();
    assert_eq!((question.count, question.filter.text.len()), (PAGE_ENTRIES_MAX, FILTER_TEXT_BYTES_MAX));
    assert_eq!(LogsRead::newest(0).bounded().count, 1);
}

#[test]
fn a_page_that_is_too_long_is_refused() {
    // R26
    let most = usize::try_from(PAGE_ENTRIES_MAX).unwrap();
    let page = |lines| LogPage { entries: vec![entry("x"); lines], has_more: false };
    assert!(page(most).bounded().is_ok());
    let refused = Err(MessageError::TooMany { what: "log lines", limit: most, actual: most + 1 });
    assert_eq!(page(most + 1).bounded(), refused);
}

#[expect(clippy::disallowed_methods, reason = "a moment to count from")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn two_hundred_lines_pass_in_a_second() {
    // R36
    let begin = now();
    let mut pace = LinePace::new(begin);
    let passed = (0..1000).filter(|_| pace.admit(begin + Duration::from_millis(999))).count();
    assert_eq!(passed, 200);
    assert_eq!(pace.next(), begin + Duration::from_secs(1));
    assert!(pace.admit(pace.next()));
}

#[test]
fn levels_have_an_order_and_names() {
    assert!(LogLevel::Error > LogLevel::Warn && LogLevel::Info > LogLevel::Debug);
    for (text, level) in [("WARNING", LogLevel::Warn), ("Information", LogLevel::Info), ("trace", LogLevel::Trace)] {
        assert_eq!(text.parse(), Ok(level));
        assert_eq!(level.as_str().parse(), Ok(level));
    }
    assert_eq!("loud".parse::<LogLevel>(), Err(UnknownLevel));
}
