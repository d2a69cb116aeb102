//! One log line.

use std::{collections::BTreeMap, fmt, fmt::Write, str::FromStr};

use serde::{Deserialize, Serialize};

use super::LineText;
use crate::id::RequestId;

/// Most bytes of text in one line, message and fields together, after escaping (R36).
pub const LINE_BYTES_MAX: usize = 8 << 10;

/// Most bytes of a target or of a field's name: names are constants of the source, and short.
pub const NAME_BYTES_MAX: usize = 128;

/// Most fields of one line; `tracing` itself allows few more.
pub const FIELDS_MAX: usize = 64;

/// How severe a line is. Later is worse, so that `Warn` and worse are `>= Warn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Each frame.
    Trace,
    /// Each exchange.
    Debug,
    /// State changes of long-lived things.
    Info,
    /// What was coped with.
    Warn,
    /// What an operator must act on.
    Error,
}

/// A word that is no level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a level: trace, debug, info, warn and error are")]
pub struct UnknownLevel;

impl LogLevel {
    /// The level as it is written: `trace`, `debug`, `info`, `warn`, `error`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// In any case, with the names of .NET besides those of Rust.
impl FromStr for LogLevel {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        let names = [
            (Self::Trace, ["trace", "verbose"]),
            (Self::Debug, ["debug", "debug"]),
            (Self::Info, ["info", "information"]),
            (Self::Warn, ["warn", "warning"]),
            (Self::Error, ["error", "critical"]),
        ];
        let is_one = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(text));
        names.into_iter().find(|(_, names)| is_one(names)).map(|(level, _)| level).ok_or(UnknownLevel)
    }
}

/// One log line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Grows by one a line, and over restarts too: the first is the microsecond of the program's start. Below 2^53, so
    /// that JSON holds it.
    pub id: u64,
    /// When it was written, in milliseconds since 1970 (UTC).
    pub at_ms: u64,
    /// How severe it is.
    pub level: LogLevel,
    /// The part of the program that wrote it.
    #[serde(default)]
    pub target: String,
    /// The sentence.
    #[serde(default)]
    pub message: String,
    /// The request that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// What else it says, by name, with the fields of the spans around it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
}

impl LogEntry {
    /// The line within its bounds, with control characters escaped: what a peer sent is data, whatever is in it (R36).
    #[must_use]
    pub fn bounded(mut self) -> Self {
        if self.is_bounded() {
            return self;
        }
        let mut line = LineText::new(LINE_BYTES_MAX);
        self.message = write_into(&mut line, &self.message);
        self.target = write_into(&mut LineText::new(NAME_BYTES_MAX), &self.target);
        self.fields = std::mem::take(&mut self.fields)
            .into_iter()
            .take(FIELDS_MAX)
            .map_while(|(name, value)| {
                let name = write_into(&mut LineText::new(NAME_BYTES_MAX), &name);
                line.has_room().then(|| (name, write_into(&mut line, &value)))
            })
            .collect();
        self
    }

    /// Most lines are ours and need no second look at their characters; this is the look that tells.
    fn is_bounded(&self) -> bool {
        let texts = [&self.message, &self.target].into_iter();
        let texts = texts.chain(self.fields.iter().flat_map(|(name, value)| [name, value]));
        self.text_bytes() <= LINE_BYTES_MAX / 2
            && self.target.len() <= NAME_BYTES_MAX / 2
            && self.fields.len() <= FIELDS_MAX
            && self.fields.keys().all(|name| name.len() <= NAME_BYTES_MAX / 2)
            && texts.into_iter().all(|text| text.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
    }

    /// Bytes of text in the line, for who bounds what lines hold.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        let fields: usize = self.fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.target.len() + self.message.len() + fields
    }
}

fn write_into(line: &mut LineText, text: &str) -> String {
    // Writing into it cannot fail.
    let _written = line.write_str(text);
    line.take()
}
