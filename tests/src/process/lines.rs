//! The lines that a process wrote, with waiting for one.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    sync::watch,
    time::Instant,
};

/// Lines kept; the oldest go first, and are counted.
const LINES_MAX: usize = 20_000;

/// Where a line was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineSource {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// One line, without its line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where it was written to.
    pub source: LineSource,
    /// Its text; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// When it was read.
    pub at: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Lines {
    kept: Mutex<Kept>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<Line>,
    dropped: usize,
    open_sources: usize,
}

impl Lines {
    pub(super) fn with_sources(count: usize) -> Self {
        let lines = Self::default();
        lines.kept().open_sources = count;
        lines
    }

    /// Reads `from` to its end.
    pub(super) async fn collect(&self, from: impl AsyncRead + Unpin, source: LineSource) {
        let mut reader = BufReader::new(from);
        let mut bytes = Vec::new();
        // A failed read is the end too: the process is gone.
        while reader.read_until(b'\n', &mut bytes).await.unwrap_or(0) > 0 {
            let text = String::from_utf8_lossy(&bytes);
            self.push(Line { source, text: text.trim_end_matches(['\r', '\n']).to_owned(), at: Instant::now() });
            bytes.clear();
        }
        self.kept().open_sources -= 1;
        self.changed.send_replace(());
    }

    fn push(&self, line: Line) {
        {
            let mut kept = self.kept();
            if kept.lines.len() == LINES_MAX {
                kept.lines.pop_front();
                kept.dropped += 1;
            }
            kept.lines.push_back(line);
        }
        self.changed.send_replace(());
    }

    pub(super) fn all(&self) -> Vec<Line> {
        self.kept().lines.iter().cloned().collect()
    }

    pub(super) fn dropped(&self) -> usize {
        self.kept().dropped
    }

    /// The first line that matches, as soon as it is there; `None` when no more lines can come.
    pub(super) async fn wait_for(&self, matches: impl Fn(&Line) -> bool) -> Option<Line> {
        let mut changes = self.changed.subscribe();
        // Counts dropped lines too, so that no line is looked at twice.
        let mut next = 0;
        loop {
            changes.mark_unchanged();
            {
                let kept = self.kept();
                let skip = next.max(kept.dropped) - kept.dropped;
                if let Some(line) = kept.lines.iter().skip(skip).find(|line| matches(line)) {
                    return Some(line.clone());
                }
                if kept.open_sources == 0 {
                    return None;
                }
                next = kept.dropped + kept.lines.len();
            }
            changes.changed().await.ok()?;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
