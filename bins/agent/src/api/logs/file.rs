//! The Agent's daily log files, read from their ends backwards: never a whole file, however large it is.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, NaiveDate};
use octoporty_core::message::{LogEntry, LogFilter, LogLevel, LogPage};

use super::pager::Backwards;

/// Bits of an id that hold the offset in the file, which is at most a gibibyte.
const OFFSET_BITS: u32 = 31;

/// Ids of lines in files are below this; those in memory are microseconds since 1970, and far above.
const IDS_END: u64 = 1 << 50;

/// Lines that are looked at for one page: a filter that nothing passes must not read a gibibyte.
const LINES_MAX: usize = 50_000;

/// Most milliseconds between the two stamps of a line.
const STAMPS_APART_MS: u64 = 20;

/// The files of one path.
#[derive(Debug, Clone)]
pub(super) struct LogFiles {
    directory: PathBuf,
    prefix: String,
    suffix: String,
}

/// One line of a file.
struct Place {
    date: NaiveDate,
    offset: u64,
}

impl LogFiles {
    /// Those that `agent-.log` stands for: `agent-20261122.log` and so on.
    pub(super) fn new(path: &Path) -> Option<Self> {
        let prefix = path.file_stem()?.to_str()?.to_owned();
        let suffix = path.extension().map_or_else(String::new, |end| format!(".{}", end.to_string_lossy()));
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        Some(Self { directory: parent.unwrap_or_else(|| Path::new(".")).to_owned(), prefix, suffix })
    }

    /// Whether an id is of a line in a file.
    pub(super) const fn is_own(id: u64) -> bool {
        id < IDS_END
    }

    /// Whether there is no file.
    pub(super) fn is_empty(&self) -> bool {
        self.dates().is_empty()
    }

    /// The days of which there are files, newest first.
    fn dates(&self) -> Vec<NaiveDate> {
        let Ok(entries) = fs::read_dir(&self.directory) else { return Vec::new() };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let date = |name: String| {
            let digits = name.strip_prefix(&self.prefix)?.strip_suffix(&self.suffix)?;
            NaiveDate::parse_from_str(digits, "%Y%m%d").ok().filter(|_| digits.len() == 8)
        };
        let mut dates: Vec<_> = names.filter_map(date).collect();
        dates.sort_unstable_by(|a, b| b.cmp(a));
        dates
    }

    /// Lines before an id, or those before the oldest one in memory, newest first.
    pub(super) fn page(
        &self,
        before: Option<u64>,
        oldest: Option<&LogEntry>,
        count: usize,
        filter: &LogFilter,
    ) -> io::Result<LogPage> {
        let place = before.and_then(Place::of);
        let mut page = LogPage::default();
        let mut looked = 0;
        for date in self.dates() {
            let end = match &place {
                Some(place) if date > place.date => continue,
                Some(place) if date == place.date => Some(place.offset),
                _ => None,
            };
            let name = format!("{}{}{}", self.prefix, date.format("%Y%m%d"), self.suffix);
            let file = File::open(self.directory.join(name))?;
            let end = end.map_or_else(|| file.metadata().map(|metadata| metadata.len()), Ok)?;
            let mut lines = Backwards::new(file, end);
            while let Some((offset, line)) = lines.next_back()? {
                looked += 1;
                if looked > LINES_MAX {
                    // An id that says where to go on is needed, so the page ends at the last line that was taken.
                    page.has_more = !page.entries.is_empty();
                    return Ok(page);
                }
                let Some(entry) = parse(&line, Place { date, offset }.id()) else { continue };
                let is_in_memory = before.is_none() && oldest.is_some_and(|oldest| has(oldest, &entry));
                if is_in_memory || !filter.matches(&entry) {
                    continue;
                }
                if page.entries.len() == count {
                    page.has_more = true;
                    return Ok(page);
                }
                page.entries.push(entry);
            }
        }
        Ok(page)
    }
}

/// Whether the lines in memory, of which this is the oldest, have one of a file too. Each is stamped twice, for the file
/// and then for memory, so the two times of the oldest may differ.
fn has(oldest: &LogEntry, line: &LogEntry) -> bool {
    let is_the_oldest = || line.target == oldest.target && line.message.starts_with(&oldest.message);
    line.at_ms >= oldest.at_ms || (line.at_ms + STAMPS_APART_MS >= oldest.at_ms && is_the_oldest())
}

impl Place {
    fn id(&self) -> u64 {
        let days = u64::try_from(self.date.signed_duration_since(NaiveDate::default()).num_days()).unwrap_or(0);
        (days << OFFSET_BITS) | self.offset
    }

    fn of(id: u64) -> Option<Self> {
        let days = i64::try_from(id >> OFFSET_BITS).ok()?;
        let date = NaiveDate::default().checked_add_signed(chrono::TimeDelta::try_days(days)?)?;
        Some(Self { date, offset: id & ((1 << OFFSET_BITS) - 1) })
    }
}

/// Reads a line in either form. `None` for one that does not begin like one: the rest of something, or somebody's note.
fn parse(line: &str, id: u64) -> Option<LogEntry> {
    let entry = if line.starts_with('{') { parse_json(line, id) } else { parse_human(line, id) };
    entry.map(LogEntry::bounded)
}

/// `2026-11-22T21:47:00.123456Z  INFO target: message field=value`.
fn parse_human(line: &str, id: u64) -> Option<LogEntry> {
    let (time, rest) = line.split_once(' ')?;
    let (level, rest) = rest.trim_start().split_once(' ')?;
    let at_ms = moment(time)?;
    let level: LogLevel = level.parse().ok()?;
    // Spans come before the target: `session{agent=…}: octoporty_client: message`.
    let end = target_end(rest)?;
    let (spans, target) = rest[..end].rsplit_once(": ").map_or(("", &rest[..end]), |(spans, target)| (spans, target));
    let text = rest[end + 1..].trim_start();
    let message = if spans.is_empty() { text.to_owned() } else { format!("{text} ({spans})") };
    Some(LogEntry { id, at_ms, level, target: target.to_owned(), message, request: None, fields: [].into() })
}

/// Where the target ends: at the first `: ` outside of a span's braces whose word before is a path of Rust.
fn target_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut begin = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && text.as_bytes().get(at + 1) == Some(&b' ') => {
                let word = text[begin..at].trim_start();
                let is_path = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:".contains(&b));
                // A span has braces, or stands before another colon; the last plain word is the target.
                if is_path && !word.contains('{') {
                    return Some(at);
                }
                begin = at + 1;
            }
            _ => {}
        }
    }
    None
}

fn parse_json(line: &str, id: u64) -> Option<LogEntry> {
    let serde_json::Value::Object(mut map) = serde_json::from_str(line).ok()? else { return None };
    let mut text = |name: &str| match map.remove(name) {
        Some(serde_json::Value::String(text)) => Some(text),
        _ => None,
    };
    let at_ms = moment(&text("timestamp")?)?;
    let level: LogLevel = text("level")?.parse().ok()?;
    let (target, message) = (text("target").unwrap_or_default(), text("message").unwrap_or_default());
    map.retain(|name, _| name != "span" && name != "spans");
    let request = map.get("request").and_then(|value| value.as_str()).and_then(|id| id.parse().ok());
    let fields = map.into_iter().map(|(name, value)| match value {
        serde_json::Value::String(text) => (name, text),
        other => (name, other.to_string()),
    });
    Some(LogEntry { id, at_ms, level, target, message, request, fields: fields.collect() })
}

fn moment(text: &str) -> Option<u64> {
    u64::try_from(DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(days: &[(&str, &[&str])]) -> (tempfile::TempDir, LogFiles) {
        let directory = tempfile::tempdir().unwrap();
        for (day, lines) in days {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            fs::write(directory.path().join(format!("agent-{day}.log")), text).unwrap();
        }
        let files = LogFiles::new(&directory.path().join("agent-.log")).unwrap();
        (directory, files)
    }

    const DAY_ONE: &[&str] = &[
        "2026-11-21T10:00:00.000001Z  INFO octoporty_agent: one a=1",
        "2026-11-21T10:00:01.000000Z  WARN session{agent=\"x: y\"}: octoporty_client::agent: two",
    ];
    const DAY_TWO: &[&str] = &[
        "not a line",
        "{\"timestamp\":\"2026-11-22T09:00:00.5Z\",\"level\":\"ERROR\",\"message\":\"three\",\"target\":\"t\",\"n\":3}",
        "2026-11-22T10:00:00.000000Z  INFO octoporty_agent::run: four",
    ];

    fn messages(page: &LogPage) -> Vec<&str> {
        page.entries.iter().map(|entry| entry.message.as_str()).collect()
    }

    #[test]
    fn pages_go_backwards_over_days_and_ids_stay() {
        let (_directory, files) = files(&[("20261121", DAY_ONE), ("20261122", DAY_TWO)]);
        let all = LogFilter::default();
        let first = files.page(None, None, 2, &all).unwrap();
        assert_eq!((messages(&first), first.has_more), (vec!["four", "three"], true));
        let last = first.entries.last().unwrap();
        assert_eq!((last.level, last.fields.get("n").map(String::as_str)), (LogLevel::Error, Some("3")));
        let second = files.page(Some(last.id), None, 2, &all).unwrap();
        assert_eq!(messages(&second), ["two (session{agent=\"x: y\"})", "one a=1"]);
        assert!(!second.has_more);
        assert_eq!(second.entries[0].target, "octoporty_client::agent");
        let ids: Vec<_> = first.entries.iter().chain(&second.entries).map(|entry| entry.id).collect();
        assert!(ids.is_sorted_by(|a, b| a > b) && ids.iter().all(|id| LogFiles::is_own(*id)), "{ids:?}");
    }

    #[test]
    fn what_is_in_memory_and_what_a_filter_leaves_out_is_passed_over() {
        let (_directory, files) = files(&[("20261121", DAY_ONE), ("20261122", DAY_TWO)]);
        let (target, message) = ("octoporty_agent::run".to_owned(), "four".to_owned());
        // Stamped a little later than in the file.
        for at_ms in ["2026-11-22T10:00:00Z", "2026-11-22T10:00:00.002Z"].map(|at| moment(at).unwrap()) {
            let (target, message) = (target.clone(), message.clone());
            let (id, level) = (1 << 50, LogLevel::Info);
            let oldest = LogEntry { id, at_ms, level, target, message, request: None, fields: [].into() };
            assert_eq!(messages(&files.page(None, Some(&oldest), 1, &LogFilter::default()).unwrap()), ["three"]);
        }
        let filter = LogFilter { level: Some(LogLevel::Warn), ..LogFilter::default() };
        assert_eq!(files.page(None, None, 10, &filter).unwrap().entries.len(), 2);
    }

    #[test]
    fn ids_name_day_and_place() {
        let date = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let id = Place { date, offset: 1 << 30 }.id();
        let place = Place::of(id).unwrap();
        assert_eq!((place.date, place.offset), (date, 1 << 30));
        assert!(LogFiles::is_own(id));
        assert!(!LogFiles::is_own(1_790_000_000_000_000));
    }
}
