//! What of a live stream of lines is sent: those that are wanted, as many a second as may be (R36). Pure.

use std::time::Instant;

use octoporty_core::message::{LogBatch, LogFilter, logs::LinePace};

/// Most lines of one record: with lines as long as may be, half of what a record may have.
const RECORD_ENTRIES_MAX: usize = 32;

/// Decides what one follower gets, and counts what it does not get.
#[derive(Debug)]
pub(crate) struct Tail {
    filter: LogFilter,
    pace: LinePace,
    /// Lines that were left out, and not told yet.
    skipped: u64,
}

impl Tail {
    pub(crate) fn new(filter: LogFilter, now: Instant) -> Self {
        Self { filter: filter.bounded(), pace: LinePace::new(now), skipped: 0 }
    }

    /// The records to send for lines that came. What is skipped is told with the next line that passes.
    pub(crate) fn take(&mut self, lines: LogBatch, now: Instant) -> Vec<LogBatch> {
        self.skipped += lines.skipped;
        let mut records: Vec<LogBatch> = Vec::new();
        for entry in lines.entries {
            if !self.filter.matches(&entry) {
                continue;
            }
            if !self.pace.admit(now) {
                self.skipped += 1;
                continue;
            }
            match records.last_mut() {
                Some(record) if record.entries.len() < RECORD_ENTRIES_MAX && self.skipped == 0 => {
                    record.entries.push(entry);
                }
                _ => records.push(LogBatch { entries: vec![entry], skipped: std::mem::take(&mut self.skipped) }),
            }
        }
        records
    }

    /// When what was skipped should be told even if no further line comes.
    pub(crate) fn due(&self) -> Option<Instant> {
        (self.skipped > 0).then(|| self.pace.next())
    }

    /// The record that tells what was skipped.
    pub(crate) fn tell_skipped(&mut self) -> LogBatch {
        LogBatch { entries: Vec::new(), skipped: std::mem::take(&mut self.skipped) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use octoporty_core::message::{LogEntry, LogLevel};

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a moment to count from")]
    fn now() -> Instant {
        Instant::now()
    }

    fn lines(ids: std::ops::Range<u64>, level: LogLevel) -> LogBatch {
        let entry = |id| LogEntry {
            id,
            at_ms: 0,
            level,
            target: String::new(),
            message: "x".to_owned(),
            request: None,
            fields: Default::default(),
        };
        LogBatch { entries: ids.map(entry).collect(), skipped: 0 }
    }

    fn count(records: &[LogBatch]) -> (usize, u64) {
        (records.iter().map(|record| record.entries.len()).sum(), records.iter().map(|record| record.skipped).sum())
    }

    #[test]
    fn a_flood_is_cut_to_two_hundred_a_second_and_counted() {
        // R36
        let begin = now();
        let mut tail = Tail::new(LogFilter::default(), begin);
        let records = tail.take(lines(0..1000, LogLevel::Info), begin);
        assert_eq!(count(&records), (200, 0));
        assert!(records.iter().all(|record| record.entries.len() <= RECORD_ENTRIES_MAX));
        assert_eq!(tail.due(), Some(begin + Duration::from_secs(1)));
        let later = begin + Duration::from_secs(1);
        let records = tail.take(lines(1000..1001, LogLevel::Info), later);
        assert_eq!((records[0].skipped, records[0].entries[0].id), (800, 1000));
        assert_eq!(tail.due(), None);
    }

    #[test]
    fn skipped_lines_are_told_even_if_nothing_follows() {
        let begin = now();
        let mut tail = Tail::new(LogFilter::default(), begin);
        let gone = LogBatch { entries: Vec::new(), skipped: 7 };
        assert_eq!(tail.take(gone, begin), []);
        assert!(tail.due().is_some());
        assert_eq!((tail.tell_skipped().skipped, tail.due()), (7, None));
    }

    #[test]
    fn what_is_not_wanted_uses_up_no_room() {
        let begin = now();
        let filter = LogFilter { level: Some(LogLevel::Warn), ..LogFilter::default() };
        let mut tail = Tail::new(filter, begin);
        assert_eq!(tail.take(lines(0..5000, LogLevel::Info), begin), []);
        assert_eq!(count(&tail.take(lines(5000..5200, LogLevel::Warn), begin)), (200, 0));
        assert_eq!(tail.due(), None);
    }
}
