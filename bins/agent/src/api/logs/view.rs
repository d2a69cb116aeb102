//! A log line as the API shows it, and what is asked for.

use std::collections::BTreeMap;

use octoporty_core::message::{LogCounts, LogEntry, LogFilter, LogHistogram, LogLevel, LogPage, LogsRead};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::error::{Answer, Problem},
    clock::Timestamp,
};

/// Lines of a page, unless another number is asked for.
const COUNT: u32 = 100;

/// Most lines of a page.
const COUNT_MAX: u32 = 1_000;

/// Highest id of a line: the last whole number that JSON readers are sure to know (RFC 8259 §6).
const ID_MAX: u64 = (1 << 53) - 1;

/// Longest text that is searched for, in bytes.
const TEXT_BYTES_MAX: usize = 256;

/// Which lines.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct LogsQuery {
    /// Those before the line of this id; without it the newest.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    before_id: Option<u64>,
    /// 1 to 1000; default 100.
    #[param(minimum = 1, maximum = 1000)]
    count: Option<u32>,
    /// This level and worse.
    #[param(inline)]
    level: Option<LevelView>,
    /// With this text, in any case of ASCII letters.
    #[param(max_length = 256)]
    q: Option<String>,
}

/// How severe a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = LogLevel)]
pub(crate) enum LevelView {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// A log line. All of it is text, whatever it looks like.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogLine {
    /// Grows from line to line, over restarts too.
    id: u64,
    timestamp: Timestamp,
    level: LevelView,
    /// The part of the program that wrote it.
    target: String,
    message: String,
    /// The request that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    fields: BTreeMap<String, String>,
}

/// Some lines.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LogPage)]
pub(crate) struct LogPageView {
    /// Newest first.
    logs: Vec<LogLine>,
    /// There are older ones.
    has_more: bool,
}

/// How far back.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistogramQuery {
    /// 1 to 60; default 60.
    #[param(minimum = 1, maximum = 60)]
    minutes: Option<u32>,
}

/// Lines a minute, by level.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LogHistogram)]
pub(crate) struct HistogramView {
    from: Timestamp,
    step_seconds: u32,
    /// Oldest first; the last one is the present minute.
    minutes: Vec<MinuteView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogMinute)]
pub(crate) struct MinuteView {
    at: Timestamp,
    error: u32,
    warn: u32,
    info: u32,
    debug: u32,
    trace: u32,
}

impl LogsQuery {
    /// What the ring and the Gateway are asked.
    pub(super) fn read(self) -> Answer<LogsRead> {
        let count = self.count.unwrap_or(COUNT);
        if !(1..=COUNT_MAX).contains(&count) {
            return Err(Problem::field("count", format!("is not from 1 to {COUNT_MAX}")));
        }
        let text = self.q.unwrap_or_default();
        if text.len() > TEXT_BYTES_MAX {
            return Err(Problem::field("q", format!("has more than {TEXT_BYTES_MAX} bytes")));
        }
        let filter = LogFilter { level: self.level.map(Into::into), text, request: None };
        if self.before_id.is_some_and(|id| id > ID_MAX) {
            return Err(Problem::field("beforeId", format!("is not from 0 to {ID_MAX}")));
        }
        Ok(LogsRead { before: self.before_id, count, filter })
    }
}

impl HistogramQuery {
    pub(super) fn view(&self, histogram: LogHistogram) -> Answer<HistogramView> {
        let minutes = self.minutes.unwrap_or(60);
        if !(1..=60).contains(&minutes) {
            return Err(Problem::field("minutes", "is not from 1 to 60"));
        }
        let LogHistogram { from_ms, step_s, minutes: counts, .. } = histogram;
        let step_ms = u64::from(step_s.max(1)) * 1000;
        let wanted = usize::try_from(minutes).unwrap_or(usize::MAX);
        let skipped = counts.len().saturating_sub(wanted);
        let mut at = from_ms.saturating_add(step_ms.saturating_mul(u64::try_from(skipped).unwrap_or(0)));
        let from = Timestamp::from_unsigned_ms(at);
        let view = |LogCounts { error, warn, info, debug, trace, .. }: LogCounts| {
            let view = MinuteView { at: Timestamp::from_unsigned_ms(at), error, warn, info, debug, trace };
            at = at.saturating_add(step_ms);
            view
        };
        let minutes = counts.into_iter().skip(skipped).map(view).collect();
        Ok(HistogramView { from, step_seconds: step_s, minutes })
    }
}

impl From<LevelView> for LogLevel {
    fn from(level: LevelView) -> Self {
        match level {
            LevelView::Error => Self::Error,
            LevelView::Warn => Self::Warn,
            LevelView::Info => Self::Info,
            LevelView::Debug => Self::Debug,
            LevelView::Trace => Self::Trace,
        }
    }
}

impl From<LogLevel> for LevelView {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::Error,
            LogLevel::Warn => Self::Warn,
            LogLevel::Info => Self::Info,
            LogLevel::Debug => Self::Debug,
            LogLevel::Trace => Self::Trace,
        }
    }
}

impl From<LogEntry> for LogLine {
    fn from(entry: LogEntry) -> Self {
        Self {
            id: entry.id,
            timestamp: Timestamp::from_unsigned_ms(entry.at_ms),
            level: entry.level.into(),
            target: entry.target,
            message: entry.message,
            request_id: entry.request.map(|id| id.to_string()),
            fields: entry.fields,
        }
    }
}

impl From<LogPage> for LogPageView {
    fn from(page: LogPage) -> Self {
        Self { logs: page.entries.into_iter().map(Into::into).collect(), has_more: page.has_more }
    }
}
