//! Calls: a control stream whose head names what is asked for.

use serde::{Deserialize, Serialize};

/// The head of a control stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallHead {
    /// What is asked for, such as `routes.sync`.
    pub call: String,
}

/// The head of its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallAnswer {
    /// Whether the body is the answer; otherwise there is no body.
    pub ok: bool,
    /// For programs, when not ok: `unknown-call`, `refused`, `unavailable`, `bad-request`, …
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// For people, when not ok.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}
