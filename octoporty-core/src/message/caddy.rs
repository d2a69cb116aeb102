//! Caddy's configuration, as the Gateway shows it to an Agent: secrets are redacted before it is sent (R63).

use serde::{Deserialize, Serialize};

use super::{MessageError, decode_next, encode};

/// Largest configuration in bytes: 10,000 routes of Caddy's verbose JSON.
pub const CADDY_CONFIG_BYTES_MAX: usize = 16 << 20;

/// What stands before the JSON in the answer to `caddy.config`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaddyConfigHead {
    /// When Caddy was asked, in milliseconds since 1970 (UTC).
    pub read_at_ms: u64,
}

/// The answer to `caddy.config`: the head, and the JSON behind it as it is. JSON of any size is no MessagePack text.
#[must_use]
pub fn encode_caddy_config(head: CaddyConfigHead, json: &[u8]) -> Vec<u8> {
    let mut body = encode(&head);
    body.extend_from_slice(json);
    body
}

/// Reads the answer to `caddy.config`; the JSON is not looked at.
///
/// # Errors
///
/// When there is no head.
pub fn decode_caddy_config(body: &[u8]) -> Result<(CaddyConfigHead, &[u8]), MessageError> {
    let mut rest = body;
    let head = decode_next("Caddy configuration", &mut rest)?;
    Ok((head, rest))
}

/// How the Gateway gets on with Caddy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CaddyHealth {
    /// No Caddy is configured.
    #[default]
    Off,
    /// Caddy answers, and has the routes that it should have.
    Ok,
    /// Caddy does not answer, or refuses; the Gateway keeps trying.
    Failing,
    /// Nothing is known yet, or a state that this version does not know.
    #[serde(other)]
    Unknown,
}

/// How the Gateway gets on with Caddy, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CaddyState {
    /// For programs.
    #[serde(default)]
    pub health: CaddyHealth,
    /// For people; empty when all is well.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}
