//! A process under test while it runs.

use std::{fmt::Write as _, io, path::PathBuf, process::ExitStatus, sync::Arc, time::Duration};

use thiserror::Error;
use tokio::{
    process::{Child, Command},
    time::timeout,
};

use super::{Line, LineSource, lines::Lines};
use crate::{memory::ProcessFigures, running::Running};

/// Lines that an error shows: the last ones.
const SHOWN_LINES_MAX: usize = 40;

/// Why something could not be done with a process.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// The program is in none of the places.
    #[error("no program {name}: build it, or set {variable}; looked at {places:?}")]
    NotFound {
        /// Its name.
        name: String,
        /// The environment variable that may name it.
        variable: String,
        /// Where it was looked for.
        places: Vec<PathBuf>,
    },
    /// It cannot be started.
    #[error("cannot start {}", path.display())]
    Start {
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The line did not come.
    #[error("{what} did not come ({why}); the last lines:\n{lines}")]
    NoLine {
        /// What was waited for.
        what: String,
        /// Too late, or the output ended.
        why: String,
        /// The last lines it wrote.
        lines: String,
    },
    /// It did not exit in time.
    #[error("the process did not exit within {deadline:?}; the last lines:\n{lines}")]
    StillRunning {
        /// How long.
        deadline: Duration,
        /// The last lines it wrote.
        lines: String,
    },
    /// It has exited already.
    #[error("the process has exited")]
    Exited,
    /// The system refused.
    #[error("the system refused")]
    System(#[from] io::Error),
}

/// A signal to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// SIGTERM: please stop.
    Terminate,
    /// SIGINT: as Ctrl-C.
    Interrupt,
    /// SIGHUP: read the configuration again.
    Hangup,
    /// SIGKILL: gone at once.
    Kill,
    /// SIGSTOP: freeze.
    Stop,
    /// SIGCONT: go on.
    Continue,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Terminate => "TERM",
            Self::Interrupt => "INT",
            Self::Hangup => "HUP",
            Self::Kill => "KILL",
            Self::Stop => "STOP",
            Self::Continue => "CONT",
        }
    }
}

/// A process that the test started. Dropping it kills it (SIGKILL), and nothing else.
#[derive(Debug)]
pub struct Process {
    child: Child,
    lines: Arc<Lines>,
    _running: Running,
}

impl Process {
    pub(super) fn new(mut child: Child) -> Self {
        let lines = Arc::new(Lines::with_sources(2));
        let running = Running::default();
        let output = child.stdout.take().expect("the output is piped");
        let errors = child.stderr.take().expect("the error output is piped");
        let collector = Arc::clone(&lines);
        running.tasks().spawn(async move { collector.collect(output, LineSource::Output).await });
        let collector = Arc::clone(&lines);
        running.tasks().spawn(async move { collector.collect(errors, LineSource::Error).await });
        Self { child, lines, _running: running }
    }

    /// Its process id.
    ///
    /// # Errors
    /// It has exited, and was seen to.
    pub fn id(&self) -> Result<u32, ProcessError> {
        self.child.id().ok_or(ProcessError::Exited)
    }

    /// The lines it wrote, oldest first; at most the last 20,000.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.lines.all()
    }

    /// How many lines are no longer kept.
    #[must_use]
    pub fn lines_dropped(&self) -> usize {
        self.lines.dropped()
    }

    /// Waits for the first line that contains `text`, among those that are there already too.
    ///
    /// # Errors
    /// It did not come in time, or the output ended; the error shows the last lines.
    pub async fn wait_for_line(&self, text: &str, deadline: Duration) -> Result<Line, ProcessError> {
        let what = format!("a line with {text:?}");
        let matches = |line: &Line| line.text.contains(text);
        self.wait_for_line_that(&what, matches, deadline).await
    }

    /// Waits for the first line that satisfies `matches`; `what` describes it.
    ///
    /// # Errors
    /// As [`Self::wait_for_line`].
    pub async fn wait_for_line_that(
        &self,
        what: &str,
        matches: impl Fn(&Line) -> bool,
        deadline: Duration,
    ) -> Result<Line, ProcessError> {
        let why = match timeout(deadline, self.lines.wait_for(matches)).await {
            Ok(Some(line)) => return Ok(line),
            Ok(None) => "the output ended".to_owned(),
            Err(_elapsed) => format!("not within {deadline:?}"),
        };
        Err(ProcessError::NoLine { what: what.to_owned(), why, lines: self.last_lines() })
    }

    /// Sends a signal, by the process id.
    ///
    /// # Errors
    /// It has exited, or the system refused.
    pub async fn signal(&self, signal: Signal) -> Result<(), ProcessError> {
        // The id is ours as long as the child is not waited for, so no stranger is hit.
        let id = self.id()?.to_string();
        // The shell's own kill: a program of that name is not everywhere.
        let sent =
            Command::new("/bin/sh").args(["-c", "kill -s \"$1\" \"$2\"", "sh", signal.name(), &id]).status().await?;
        if sent.success() { Ok(()) } else { Err(ProcessError::Exited) }
    }

    /// Waits until it exits. Cancel-safe.
    ///
    /// # Errors
    /// It did not within `deadline`; the error shows the last lines.
    pub async fn wait_for_exit(&mut self, deadline: Duration) -> Result<ExitStatus, ProcessError> {
        match timeout(deadline, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_elapsed) => Err(ProcessError::StillRunning { deadline, lines: self.last_lines() }),
        }
    }

    /// Sends SIGTERM and waits for the exit.
    ///
    /// # Errors
    /// It has exited before, or does not within `deadline`.
    pub async fn stop(&mut self, deadline: Duration) -> Result<ExitStatus, ProcessError> {
        self.signal(Signal::Terminate).await?;
        self.wait_for_exit(deadline).await
    }

    /// Sends SIGKILL and waits for the exit.
    ///
    /// # Errors
    /// The system refused.
    pub async fn kill(&mut self) -> Result<(), ProcessError> {
        Ok(self.child.kill().await?)
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// The system refused.
    pub fn is_running(&mut self) -> Result<bool, ProcessError> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// What it uses now.
    ///
    /// # Errors
    /// It has exited.
    pub fn figures(&self) -> Result<ProcessFigures, ProcessError> {
        Ok(ProcessFigures::of(self.id()?)?)
    }

    fn last_lines(&self) -> String {
        let lines = self.lines();
        let from = lines.len().saturating_sub(SHOWN_LINES_MAX);
        lines[from..].iter().fold(String::new(), |mut text, line| {
            writeln!(text, "{:?}: {}", line.source, line.text).expect("writing to a string does not fail");
            text
        })
    }
}
