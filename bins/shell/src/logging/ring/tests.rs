//! The ring: bounds, pages, filters, followers, counts, and lines made of events.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use octoporty_core::message::{LogEntry, LogFilter, LogLevel, LogsRead, logs::LINE_BYTES_MAX};
use tracing_subscriber::layer::SubscriberExt;

use super::LogRing;

const START_MS: u64 = 1_790_000_000_000;
const REQUEST: &str = "0123456789abcdef0123456789abcdef";

fn line(level: LogLevel, message: &str) -> LogEntry {
    LogEntry {
        id: 0,
        at_ms: 0,
        level,
        target: "t".to_owned(),
        message: message.to_owned(),
        request: None,
        fields: BTreeMap::new(),
    }
}

fn ring_of(lines: usize) -> LogRing {
    let ring = LogRing::with(10, 1 << 20, || START_MS);
    (0..lines).for_each(|n| ring.push(line(LogLevel::Info, &format!("line {n}"))));
    ring
}

fn messages(entries: &[LogEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.message.as_str()).collect()
}

fn logged(log: impl FnOnce()) -> Vec<LogEntry> {
    let ring = LogRing::new();
    let subscriber = tracing_subscriber::registry().with(vec![ring.layer()]);
    tracing::subscriber::with_default(subscriber, log);
    let mut entries = ring.page(&LogsRead::newest(1000)).entries;
    entries.reverse();
    entries
}

#[test]
fn pages_go_back_from_the_newest_without_gap_or_repeat() {
    let ring = ring_of(25);
    let mut query = LogsRead::newest(4);
    let mut read = Vec::new();
    loop {
        let page = ring.page(&query);
        assert_eq!(page.has_more, read.len() + page.entries.len() < 10);
        query.before = page.entries.last().map(|entry| entry.id);
        read.extend(page.entries);
        if !page.has_more {
            break;
        }
    }
    let expected: Vec<String> = (15..25).rev().map(|n| format!("line {n}")).collect();
    assert_eq!(messages(&read), expected);
    assert!(read.windows(2).all(|pair| pair[0].id == pair[1].id + 1));
}

#[test]
fn ids_grow_over_restarts_and_fit_into_json() {
    let first = ring_of(3).page(&LogsRead::newest(1)).entries[0].id;
    assert_eq!(first, START_MS * 1000 + 2);
    assert!(first < 1 << 53);
}

#[test]
fn the_byte_bound_holds_too() {
    let ring = LogRing::with(100, 1000, || START_MS);
    for _ in 0..100 {
        ring.push(line(LogLevel::Info, &"x".repeat(199)));
    }
    assert_eq!(ring.page(&LogsRead::newest(100)).entries.len(), 5);
}

#[test]
fn a_large_page_ends_early_and_says_so() {
    let ring = LogRing::with(1000, 8 << 20, || START_MS);
    for _ in 0..500 {
        ring.push(line(LogLevel::Info, &"x".repeat(LINE_BYTES_MAX)));
    }
    let page = ring.page(&LogsRead::newest(1000));
    assert!(page.has_more && page.entries.len() < 200, "{}", page.entries.len());
}

#[test]
fn filters_look_behind_what_they_leave_out() {
    let ring = LogRing::with(1000, 1 << 20, || START_MS);
    ring.push(LogEntry { request: REQUEST.parse().ok(), ..line(LogLevel::Error, "the one") });
    (0..900).for_each(|n| ring.push(line(LogLevel::Info, &format!("line {n}"))));
    let request = LogFilter { request: REQUEST.parse().ok(), ..LogFilter::default() };
    let level = LogFilter { level: Some(LogLevel::Warn), ..LogFilter::default() };
    let text = LogFilter { text: "THE ONE".to_owned(), ..LogFilter::default() };
    for filter in [request, level, text] {
        let page = ring.page(&LogsRead { before: None, count: 10, filter });
        assert_eq!((messages(&page.entries), page.has_more), (vec!["the one"], false));
    }
}

#[tokio::test]
async fn a_follower_gets_what_comes_and_is_told_what_it_missed() {
    let ring = ring_of(5);
    let mut follower = ring.follow(None);
    ring.push(line(LogLevel::Info, "new"));
    let batch = follower.next().await;
    assert_eq!((messages(&batch.entries), batch.skipped), (vec!["new"], 0));

    (0..14).for_each(|n| ring.push(line(LogLevel::Info, &format!("flood {n}"))));
    let batch = follower.next().await;
    assert_eq!((batch.entries.len(), batch.skipped), (10, 4));
    assert_eq!(batch.entries[0].message, "flood 4");
}

#[tokio::test]
async fn a_follower_wakes_for_a_line_of_another_thread() {
    let ring = ring_of(0);
    let mut follower = ring.follow(None);
    let writer = ring.clone();
    let waiting = follower.next();
    let pushing = std::thread::spawn(move || writer.push(line(LogLevel::Info, "from afar")));
    assert_eq!(messages(&waiting.await.entries), ["from afar"]);
    pushing.join().unwrap();
}

#[tokio::test]
async fn following_begins_behind_a_line_that_is_known() {
    let ring = ring_of(8);
    let known = ring.page(&LogsRead::newest(3)).entries[2].id;
    let batch = ring.follow(Some(known)).next().await;
    assert_eq!((messages(&batch.entries), batch.skipped), (vec!["line 6", "line 7"], 0));
    // An id of the future, or of another program, is no reason to wait for ever.
    let mut follower = ring.follow(Some(u64::MAX));
    ring.push(line(LogLevel::Info, "next"));
    assert_eq!(messages(&follower.next().await.entries), ["next"]);
}

#[test]
fn minutes_are_counted_for_an_hour() {
    static NOW: AtomicU64 = AtomicU64::new(START_MS);
    let ring = LogRing::with(2, 1 << 20, || NOW.load(Ordering::Relaxed));
    for level in [LogLevel::Info, LogLevel::Info, LogLevel::Error, LogLevel::Info] {
        ring.push(line(level, "x"));
    }
    NOW.fetch_add(3 * 60_000, Ordering::Relaxed);
    ring.push(line(LogLevel::Warn, "x"));
    let histogram = ring.histogram();
    assert_eq!((histogram.minutes.len(), histogram.step_s), (60, 60));
    assert_eq!(histogram.from_ms, (START_MS / 60_000 - 56) * 60_000);
    assert_eq!((histogram.minutes[56].info, histogram.minutes[56].error), (3, 1), "those that left the ring count");
    assert_eq!(histogram.minutes[59].warn, 1);
    NOW.fetch_add(60 * 60_000, Ordering::Relaxed);
    assert!(ring.histogram().minutes.iter().all(|counts| *counts == Default::default()));
    // A clock that is set back loses nothing and fails nothing.
    NOW.fetch_sub(30 * 60_000, Ordering::Relaxed);
    ring.push(line(LogLevel::Info, "x"));
    assert_eq!(ring.histogram().minutes[59].info, 1);
}

#[test]
fn events_become_lines_with_the_fields_of_their_spans() {
    let lines = logged(|| {
        let _session = tracing::info_span!("session", agent = "home", status = 1).entered();
        let _exchange = tracing::info_span!("exchange", request = REQUEST, mapping = %"m").entered();
        tracing::warn!(status = 502, took = ?std::time::Duration::from_millis(3), "exchange failed");
        tracing::info!(request = "none", "other");
    });
    let line = &lines[0];
    assert_eq!((line.level, line.message.as_str()), (LogLevel::Warn, "exchange failed"));
    assert_eq!(line.request, REQUEST.parse().ok());
    assert!(line.target.ends_with("ring::tests"), "{}", line.target);
    let fields: Vec<_> = line.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(fields, [("agent", "home"), ("mapping", "m"), ("status", "502"), ("took", "3ms")]);
    // What is no id is a field as any other.
    assert_eq!(lines[1].fields["request"], "none");
}

#[test]
fn errors_are_shown_with_their_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("no tunnel")]
    struct Outer(#[source] std::io::Error);
    let error = Outer(std::io::Error::other("no route"));
    let lines = logged(|| tracing::warn!(error = &error as &dyn std::error::Error, "lost"));
    assert_eq!(lines[0].fields["error"], "no tunnel: no route");
}

#[test]
fn lines_are_bounded_and_escaped_when_they_are_written() {
    // R36, R50
    let hostile = "\u{1b}[2J\nfake";
    let lines = logged(|| {
        tracing::info!(host = hostile, "{hostile}");
        tracing::info!(long = "y".repeat(LINE_BYTES_MAX), late = "gone", "{}", "x".repeat(LINE_BYTES_MAX));
    });
    assert_eq!((lines[0].message.as_str(), &*lines[0].fields["host"]), (r"\u{1b}[2J\nfake", r"\u{1b}[2J\nfake"));
    assert!(lines[1].text_bytes() <= LINE_BYTES_MAX + 256, "{}", lines[1].text_bytes());
    for line in lines {
        assert!(line.clone().bounded() == line, "a line from the ring needs no cutting");
    }
}
