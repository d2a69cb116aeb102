//! Messages inside frames: MessagePack with bounds, for the handshake, for leaving, and for calls.
//!
//! Maps with named fields, so that either side may add fields: unknown ones are skipped, and every field that
//! was added later has a default. `docs/protocol.md` has the schema.

mod caddy;
mod call;
mod error;
mod go_away;
mod hello;
mod landing;
pub mod logs;
mod record;
mod restart;
mod routes;
mod status;
mod update;

pub use caddy::{
    CADDY_CONFIG_BYTES_MAX, CaddyConfigHead, CaddyHealth, CaddyState, decode_caddy_config, encode_caddy_config,
};
pub use call::{CallAnswer, CallHead};
pub use error::MessageError;
pub use go_away::{GoAway, GoAwayReason};
pub use hello::{CAPABILITY_LZ4, Hello, RefusalCode, Refused, Welcome};
pub use landing::{
    LANDING_BYTES_MAX, LANDING_SYNC_BYTES_MAX, LandingOwner, LandingState, LandingSync, LandingSynced, PageDigest,
    ParseDigestError, decode_landing, encode_landing,
};
pub use logs::{LogBatch, LogCounts, LogEntry, LogFilter, LogHistogram, LogLevel, LogPage, LogsFollow, LogsRead};
pub use record::{RECORD_BYTES_MAX, RecordReader, encode_record};
pub use restart::{RESTART_COMING, RestartComing};
pub use routes::{RefusedRoute, Route, RoutesSynced, decode_routes, encode_routes};
pub use status::GatewayStatus;
pub use update::{QueuedUpdate, UpdateAnswer, UpdateRequest, UpdateStatus};

use serde::{Serialize, de::DeserializeOwned};

use crate::limits::{MESSAGE_PACK_DEPTH_MAX, SENTENCE_BYTES_MAX};

/// Encodes a value as a MessagePack map with named fields.
///
/// # Panics
///
/// Never: our own message types always encode into memory.
#[must_use]
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(value).expect("message types have no unencodable parts")
}

/// Decodes one value that fills `bytes`.
///
/// # Errors
///
/// When the bytes are not that value, nest deeper than [`MESSAGE_PACK_DEPTH_MAX`] (R26), or go on behind it.
pub fn decode<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, MessageError> {
    let mut rest = bytes;
    let value = decode_next(what, &mut rest)?;
    if rest.is_empty() { Ok(value) } else { Err(MessageError::TrailingBytes { what, bytes: rest.len() }) }
}

/// Decodes one value from the front of `rest`, which then starts behind it.
fn decode_next<T: DeserializeOwned>(what: &'static str, rest: &mut &[u8]) -> Result<T, MessageError> {
    let mut decoder = rmp_serde::Deserializer::new(*rest);
    decoder.set_max_depth(MESSAGE_PACK_DEPTH_MAX);
    let value =
        T::deserialize(&mut decoder).map_err(|error| MessageError::Malformed { what, detail: error.to_string() })?;
    *rest = decoder.into_inner();
    Ok(value)
}

/// Cuts a sentence for people to [`SENTENCE_BYTES_MAX`], so that its frame stays within its limit.
pub(crate) fn cut_sentence(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(SENTENCE_BYTES_MAX));
    text
}

#[cfg(test)]
mod tests;
