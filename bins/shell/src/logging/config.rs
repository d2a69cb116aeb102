//! The logging settings, which both programs have.

use std::path::PathBuf;

use crate::settings::{Setting, Values, parse};

use super::level::{Level, level};

/// Where log lines also go, besides standard error.
pub const FILE_PATH: Setting = Setting::new(
    "Logging__FilePath",
    "rolling log file, the date goes in before the extension",
    "a path such as /var/log/octoporty/agent-.log; empty for no file",
)
.may_be_empty();

/// The least severe level that is logged.
pub const MINIMUM_LEVEL: Setting = Setting::new(
    "Logging__MinimumLevel",
    "least severe level that is logged",
    "Trace, Debug, Information, Warning, Error, Critical or None",
)
.aliases(&["Logging__LogLevel", "Logging__LogLevel__Default"])
.default("Information");

/// The form of log lines.
pub const FORMAT: Setting = Setting::new("Logging__Format", "form of log lines", "human or json").default("human");

/// The logging settings as a part of a [`Schema`](crate::settings::Schema).
pub const SETTINGS: &[Setting] = &[FILE_PATH, MINIMUM_LEVEL, FORMAT];

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Human,
    /// A JSON object a line.
    Json,
}

/// What is logged, how, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggingConfig {
    /// The path that daily files are named after; `None` for no file.
    pub file_path: Option<PathBuf>,
    /// The least severe level that is logged.
    pub level: Level,
    /// The form of the lines, on standard error and in the file.
    pub format: LogFormat,
}

impl LoggingConfig {
    /// The default of `Logging__FilePath` of a program, `agent` or `gateway`.
    #[must_use]
    pub fn default_file_path(program: &str) -> String {
        format!("/var/log/octoporty/{program}-.log")
    }

    /// Reads the settings; `None` if one is bad, which `values` then knows.
    pub fn read(values: &mut Values) -> Option<Self> {
        let file_path = values.maybe(&FILE_PATH, file_path);
        let level = values.required(&MINIMUM_LEVEL, level);
        let format = values.required(&FORMAT, format);
        Some(Self { file_path: file_path?.flatten(), level: level?, format: format? })
    }
}

fn file_path(text: &str) -> Result<Option<PathBuf>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let path = parse::path(text)?;
    if text.ends_with('/') || path.file_name().is_none() {
        return Err("names no file".to_owned());
    }
    Ok(Some(path))
}

fn format(text: &str) -> Result<LogFormat, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "human" | "text" => Ok(LogFormat::Human),
        "json" => Ok(LogFormat::Json),
        _ => Err("is not a form of log lines".to_owned()),
    }
}
