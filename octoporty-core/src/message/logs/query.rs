//! What is asked about log lines, and the answers.

use serde::{Deserialize, Serialize};

use super::{LogEntry, LogLevel};
use crate::{id::RequestId, message::MessageError};

/// Most lines of one page.
pub const PAGE_ENTRIES_MAX: u32 = 1000;

/// Longest text to look for, in bytes.
pub const FILTER_TEXT_BYTES_MAX: usize = 256;

/// Minutes of a histogram: the last hour.
pub const HISTOGRAM_MINUTES: usize = 60;

/// Which lines are wanted. The default wants all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogFilter {
    /// This level and worse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<LogLevel>,
    /// Lines with this text in message, target or fields; `field=value` finds a field by its name and value. Case
    /// counts outside ASCII only. Empty for all; at most [`FILTER_TEXT_BYTES_MAX`] bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Lines about this request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
}

impl LogFilter {
    /// Whether a line is wanted.
    #[must_use]
    pub fn matches(&self, entry: &LogEntry) -> bool {
        self.level.is_none_or(|least| entry.level >= least)
            && (self.request.is_none() || entry.request == self.request)
            && (self.text.is_empty() || self.finds_text(entry))
    }

    fn finds_text(&self, entry: &LogEntry) -> bool {
        let texts = [&entry.message, &entry.target].into_iter();
        let mut texts = texts.chain(entry.fields.iter().flat_map(|(name, value)| [name, value]));
        texts.any(|text| contains_ignoring_case(text.as_bytes(), self.text.as_bytes())) || self.finds_field(entry)
    }

    fn finds_field(&self, entry: &LogEntry) -> bool {
        self.text.contains('=')
            && entry
                .fields
                .iter()
                .any(|(name, value)| contains_ignoring_case(format!("{name}={value}").as_bytes(), self.text.as_bytes()))
    }
}

fn contains_ignoring_case(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

/// The body of a `logs.read` call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogsRead {
    /// Lines with lower ids only; absent for the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// Most lines, 1 to [`PAGE_ENTRIES_MAX`].
    pub count: u32,
    /// Which lines.
    #[serde(default)]
    pub filter: LogFilter,
}

impl LogsRead {
    /// The newest lines, so many of them.
    #[must_use]
    pub fn newest(count: u32) -> Self {
        Self { before: None, count, filter: LogFilter::default() }
    }

    /// The question within its bounds.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        self.count = self.count.clamp(1, PAGE_ENTRIES_MAX);
        self.filter = self.filter.bounded();
        self
    }
}

impl LogFilter {
    /// The filter with its text cut to what is looked for at most.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        self.text.truncate(self.text.floor_char_boundary(FILTER_TEXT_BYTES_MAX));
        self
    }
}

/// The answer to `logs.read`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogPage {
    /// Newest first.
    pub entries: Vec<LogEntry>,
    /// Whether there are older lines that are wanted.
    #[serde(default)]
    pub has_more: bool,
}

impl LogPage {
    /// The page as it can be shown, whoever sent it (R36).
    ///
    /// # Errors
    ///
    /// When it has more lines than a page may have.
    pub fn bounded(mut self) -> Result<Self, MessageError> {
        self.entries = bounded(self.entries)?;
        Ok(self)
    }
}

/// How many lines of each level one minute had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names of levels say it all")]
pub struct LogCounts {
    #[serde(default)]
    pub error: u32,
    #[serde(default)]
    pub warn: u32,
    #[serde(default)]
    pub info: u32,
    #[serde(default)]
    pub debug: u32,
    #[serde(default)]
    pub trace: u32,
}

impl LogCounts {
    /// Counts one line.
    pub const fn add(&mut self, level: LogLevel) {
        let count = match level {
            LogLevel::Error => &mut self.error,
            LogLevel::Warn => &mut self.warn,
            LogLevel::Info => &mut self.info,
            LogLevel::Debug => &mut self.debug,
            LogLevel::Trace => &mut self.trace,
        };
        *count = count.saturating_add(1);
    }
}

/// The answer to `logs.histogram`: lines a minute of the last hour, those that have left the ring too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHistogram {
    /// When the first minute begins, in milliseconds since 1970 (UTC).
    pub from_ms: u64,
    /// Seconds of one step: 60.
    pub step_s: u32,
    /// Oldest first, [`HISTOGRAM_MINUTES`] of them; the last is the present minute.
    pub minutes: Vec<LogCounts>,
}

/// The body of a `logs.follow` call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogsFollow {
    /// Begin with the lines behind this id, as far as they are still there; absent for those from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Which lines.
    #[serde(default)]
    pub filter: LogFilter,
}

/// One record of the stream that answers `logs.follow`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogBatch {
    /// Oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<LogEntry>,
    /// Lines before these that were left out: too many in a second, or gone from the ring before they could be sent.
    #[serde(default)]
    pub skipped: u64,
}

impl LogBatch {
    /// The batch as it can be shown, whoever sent it (R36).
    ///
    /// # Errors
    ///
    /// When it has more lines than a page may have.
    pub fn bounded(mut self) -> Result<Self, MessageError> {
        self.entries = bounded(self.entries)?;
        Ok(self)
    }
}

fn bounded(entries: Vec<LogEntry>) -> Result<Vec<LogEntry>, MessageError> {
    let (limit, actual) = (usize::try_from(PAGE_ENTRIES_MAX).unwrap_or(usize::MAX), entries.len());
    if actual > limit {
        return Err(MessageError::TooMany { what: "log lines", limit, actual });
    }
    Ok(entries.into_iter().map(LogEntry::bounded).collect())
}
