//! Why a question to the Gateway has no answer.

use std::time::Duration;

use octoporty_core::{message::MessageError, session::CallError};

/// Why a question to the Gateway has no answer. The texts are for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// There is no tunnel, or it was lost before the answer came.
    #[error("the tunnel to the gateway is down")]
    TunnelDown,
    /// The Gateway did not answer in time.
    #[error("the gateway did not answer within {} s", .0.as_secs())]
    Timeout(Duration),
    /// The Gateway is too old for this question.
    #[error("the gateway does not know this question; it may be too old")]
    Unsupported,
    /// The Gateway cannot answer at the moment, or is not configured to; its own words say why.
    #[error("{0}")]
    Unavailable(String),
    /// The Gateway will not; its own words say why.
    #[error("{message}")]
    Refused {
        /// The Gateway's code for programs, such as `refused`.
        code: String,
        /// The Gateway's words.
        message: String,
    },
    /// The question is not as it should be: a fault of this side.
    #[error("the gateway did not understand: {0}")]
    BadRequest(String),
    /// Question or answer is larger than its reader takes.
    #[error("too large: {0}")]
    TooLarge(String),
    /// The answer is not what was asked for: a fault of the Gateway.
    #[error("the gateway's answer is malformed: {0}")]
    Malformed(#[from] MessageError),
}

impl ControlError {
    /// A stable word for programs: `tunnel-down`, `gateway-timeout`, `unsupported`, `unavailable`, `refused`,
    /// `bad-request`, `too-large`, `malformed`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TunnelDown => "tunnel-down",
            Self::Timeout(_) => "gateway-timeout",
            Self::Unsupported => "unsupported",
            Self::Unavailable(_) => "unavailable",
            Self::Refused { .. } => "refused",
            Self::BadRequest(_) => "bad-request",
            Self::TooLarge(_) => "too-large",
            Self::Malformed(_) => "malformed",
        }
    }

    /// What the Gateway said no with. Its words are bounded and escaped (R36).
    pub(super) fn said(code: &str, message: &str) -> Self {
        let message = words(message);
        match code {
            "unknown-call" => Self::Unsupported,
            "unavailable" => Self::Unavailable(message),
            "bad-request" => Self::BadRequest(message),
            "too-large" => Self::TooLarge(message),
            _ => Self::Refused { code: words(code), message },
        }
    }
}

impl From<CallError> for ControlError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Failed { code, message } => Self::said(&code, &message),
            CallError::Malformed(error) => Self::Malformed(error),
            CallError::TooLarge { limit } => Self::TooLarge(format!("more than {limit} bytes")),
            // Lost, reset or never begun: the tunnel's doing, and worth another try.
            _ => Self::TunnelDown,
        }
    }
}

/// Longest sentence of a Gateway's, in bytes.
const WORDS_BYTES_MAX: usize = 1 << 10;

/// A Gateway's words as they may be shown.
pub(super) fn words(text: &str) -> String {
    let mut line = octoporty_core::message::logs::LineText::new(WORDS_BYTES_MAX);
    // Writing into it cannot fail.
    let _written = std::fmt::Write::write_str(&mut line, text);
    line.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateways_no_has_a_stable_code() {
        let codes = ["unknown-call", "unavailable", "bad-request", "too-large", "refused", "moon-phase"];
        let expected = ["unsupported", "unavailable", "bad-request", "too-large", "refused", "refused"];
        for (code, expected) in codes.into_iter().zip(expected) {
            assert_eq!(ControlError::said(code, "no").code(), expected);
        }
    }

    #[test]
    fn a_gateways_words_are_data() {
        // R36
        let error = ControlError::said("unavailable", &format!("\u{1b}[2J{}", "x".repeat(1 << 20)));
        assert!(error.to_string().starts_with(r"\u{1b}[2J"));
        assert!(error.to_string().len() <= WORDS_BYTES_MAX);
    }
}
