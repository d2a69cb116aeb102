//! Why a try to connect failed, in a form that outlives the error itself.

use std::fmt;

/// Why the last try to connect failed, or the tunnel was lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    code: &'static str,
    message: String,
    retryable: bool,
}

impl Failure {
    pub(crate) fn new(code: &'static str, message: &impl fmt::Display, retry: Retry) -> Self {
        Self { code, message: message.to_string(), retryable: retry == Retry::Later }
    }

    /// A word for programs and statistics, such as `wrong-key` or `connection-refused`. It stays the same over versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// Whether trying again may help without a person's doing. A wrong key will not become right.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        self.retryable
    }
}

/// Whether trying again may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    Later,
    InVain,
}
