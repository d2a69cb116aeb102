//! Puts the log layers together and in place.

use std::io::{self, IsTerminal};

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, fmt};

use super::daily::DailyFile;
use super::escape::EscapedFields;
use super::{LogFormat, LoggingConfig};

/// Lines that may wait for a writer; more are skipped and counted, so that a full disk stops nobody.
const LINES_WAITING_MAX: usize = 8192;

/// A layer that a program adds, for example one that keeps the last lines for the UI.
pub type ExtraLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Logging could not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoggingError {
    /// The process has a subscriber already; there can be one only.
    #[error("logging has begun already in this process")]
    AlreadyBegun(#[source] TryInitError),
}

/// Keeps the writers going. Dropping it writes what waits, for a second at most, and ends them.
#[derive(Debug)]
#[must_use = "log lines are lost once this is dropped"]
pub struct LogGuard {
    counters: Vec<ErrorCounter>,
    _writers: Vec<WorkerGuard>,
}

impl LogGuard {
    /// Lines that were skipped because a writer was behind.
    #[must_use]
    pub fn skipped_lines(&self) -> usize {
        self.counters.iter().map(ErrorCounter::dropped_lines).sum()
    }
}

/// Begins logging for the whole process; keep the guard until its end.
///
/// A log file that cannot be written costs one warning, never the start.
///
/// # Errors
///
/// [`LoggingError::AlreadyBegun`] the second time in a process.
pub fn init(config: &LoggingConfig, program: &str) -> Result<LogGuard, LoggingError> {
    init_with_layers(config, program, Vec::new())
}

/// Like [`init`], with layers of the program's own. They see what the level and the caps on payload logging let pass.
///
/// # Errors
///
/// [`LoggingError::AlreadyBegun`] the second time in a process.
pub fn init_with_layers(
    config: &LoggingConfig,
    program: &str,
    extra: Vec<ExtraLayer>,
) -> Result<LogGuard, LoggingError> {
    let mut guard = LogGuard { counters: Vec::new(), _writers: Vec::new() };
    let mut layers = Vec::new();

    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let writer = guard.writer(io::stderr(), program, "err");
    layers.push(line_layer(config.format, writer, colour));

    let mut file_fault = None;
    if let Some(path) = &config.file_path {
        match DailyFile::open(path, today) {
            Ok(file) => layers.push(line_layer(config.format, guard.writer(file, program, "file"), false)),
            Err(error) => file_fault = Some((path.display().to_string(), error)),
        }
    }
    layers.extend(extra);

    let filtered = layers.with_filter(config.level.targets());
    tracing_subscriber::registry().with(filtered).try_init().map_err(LoggingError::AlreadyBegun)?;
    if let Some((path, error)) = file_fault {
        tracing::warn!(path, error = %error, "no log file; set Logging__FilePath to one that can be written, or to nothing");
    }
    Ok(guard)
}

impl LogGuard {
    fn writer(&mut self, sink: impl io::Write + Send + 'static, program: &str, kind: &str) -> NonBlocking {
        let builder = NonBlockingBuilder::default()
            .lossy(true)
            .buffered_lines_limit(LINES_WAITING_MAX)
            .thread_name(&format!("{program}-log-{kind}"));
        let (writer, worker) = builder.finish(sink);
        self.counters.push(writer.error_counter());
        self._writers.push(worker);
        writer
    }
}

fn line_layer(format: LogFormat, writer: NonBlocking, colour: bool) -> ExtraLayer {
    let layer = fmt::layer().with_writer(writer);
    match format {
        LogFormat::Human => layer.fmt_fields(EscapedFields).with_ansi(colour).boxed(),
        LogFormat::Json => layer.with_ansi(false).json().flatten_event(true).boxed(),
    }
}

fn today() -> chrono::NaiveDate {
    chrono::Utc::now().date_naive()
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::logging::Level;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, log: impl FnOnce()) -> String {
        let sink = Sink::default();
        let mut guard = LogGuard { counters: Vec::new(), _writers: Vec::new() };
        let layer = line_layer(format, guard.writer(sink.clone(), "t", "t"), false);
        let subscriber = tracing_subscriber::registry().with(layer.with_filter(Level::Information.targets()));
        tracing::subscriber::with_default(subscriber, log);
        drop(guard);
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn hostile_text_stays_on_its_line() {
        // R50
        let host = "evil\u{1b}[2J\nINFO fake";
        let human = logged(LogFormat::Human, || tracing::info!(%host, plain = host, "no {host}"));
        assert_eq!(human.lines().count(), 1, "{human}");
        assert!(!human.contains('\u{1b}'), "{human}");
        assert!(human.contains(r"no evil\u{1b}[2J\nINFO fake host=evil\u{1b}[2J\nINFO fake plain="), "{human}");

        let json = logged(LogFormat::Json, || tracing::info!(%host, "seen"));
        let line: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((line["message"].as_str(), line["host"].as_str()), (Some("seen"), Some(host)));
    }

    #[test]
    fn spans_and_errors_are_shown() {
        let error = io::Error::other("no route");
        let text = logged(LogFormat::Human, || {
            let _span = tracing::info_span!("session", agent = "home\n").entered();
            tracing::warn!(error = &error as &dyn std::error::Error, "lost");
        });
        assert!(text.contains(r#"session{agent="home\n"}"#) && text.contains("lost error=no route"), "{text}");
    }
}
