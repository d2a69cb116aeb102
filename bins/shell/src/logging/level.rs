//! Level names of .NET and of Rust, and the filter that a level stands for.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

/// Crates that write the bytes they carry to their debug and trace lines. Keys and bodies are among those bytes, so
/// these never log below information, whatever the level is.
const PAYLOAD_TARGETS: [&str; 7] = ["tungstenite", "tokio_tungstenite", "hyper", "hyper_util", "h2", "rustls", "sqlx"];

/// The least severe level that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Everything, each frame.
    Trace,
    /// Each exchange.
    Debug,
    /// State changes of long-lived things.
    Information,
    /// What was coped with.
    Warning,
    /// What an operator must act on. .NET's `Critical` is this too.
    Error,
    /// Nothing.
    None,
}

impl Level {
    /// The level as `tracing` has it.
    #[must_use]
    pub fn filter(self) -> LevelFilter {
        match self {
            Self::Trace => LevelFilter::TRACE,
            Self::Debug => LevelFilter::DEBUG,
            Self::Information => LevelFilter::INFO,
            Self::Warning => LevelFilter::WARN,
            Self::Error => LevelFilter::ERROR,
            Self::None => LevelFilter::OFF,
        }
    }

    /// The filter for all targets, with those that log payloads capped.
    #[must_use]
    pub fn targets(self) -> Targets {
        let level = self.filter();
        let capped = level.min(LevelFilter::INFO);
        Targets::new().with_default(level).with_targets(PAYLOAD_TARGETS.map(|target| (target, capped)))
    }
}

/// A level by any of its names, in any case.
pub(super) fn level(text: &str) -> Result<Level, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "trace" | "verbose" => Ok(Level::Trace),
        "debug" => Ok(Level::Debug),
        "information" | "info" => Ok(Level::Information),
        "warning" | "warn" => Ok(Level::Warning),
        "error" | "critical" | "fatal" => Ok(Level::Error),
        "none" | "off" => Ok(Level::None),
        _ => Err("is not a level".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_worlds() {
        for (text, expected) in [
            ("Information", Level::Information),
            ("INFO", Level::Information),
            ("Warning", Level::Warning),
            ("warn", Level::Warning),
            ("Critical", Level::Error),
            ("None", Level::None),
            ("trace", Level::Trace),
        ] {
            assert_eq!(level(text), Ok(expected), "{text}");
        }
        assert!(level("loud").is_err());
    }

    #[test]
    fn payload_targets_are_capped_at_every_level() {
        use tracing::Level as Tracing;
        let trace = Level::Trace.targets();
        assert!(trace.would_enable("octoporty_core::session", &Tracing::TRACE));
        for target in ["tungstenite::protocol", "hyper::proto::h1", "h2::codec", "hyper_util::client"] {
            assert!(!trace.would_enable(target, &Tracing::DEBUG), "{target}");
            assert!(trace.would_enable(target, &Tracing::INFO), "{target}");
        }
        assert!(!Level::Error.targets().would_enable("h2", &Tracing::INFO));
        assert!(!Level::None.targets().would_enable("octoporty_core", &Tracing::ERROR));
    }
}
