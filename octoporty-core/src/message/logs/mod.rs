//! Log lines between Gateway and Agent: one line, what is asked for, pages, counts, and the live stream.
//!
//! A line is data for whoever reads it: bounded, and without characters that could steer a terminal (R36, R50).

mod entry;
mod pace;
mod query;
mod text;

pub use entry::{FIELDS_MAX, LINE_BYTES_MAX, LogEntry, LogLevel, NAME_BYTES_MAX, UnknownLevel};
pub use pace::{LINES_PER_SECOND_MAX, LinePace};
pub use query::{
    FILTER_TEXT_BYTES_MAX, HISTOGRAM_MINUTES, LogBatch, LogCounts, LogFilter, LogHistogram, LogPage, LogsFollow,
    LogsRead, PAGE_ENTRIES_MAX,
};
pub use text::LineText;

#[cfg(test)]
mod tests;
