//! Configuration sync: the Agent tells the Gateway all of its live mappings.
//!
//! The body of a `routes.sync` call is a row of MessagePack arrays of at most
//! [`MESSAGE_PACK_ENTRIES_MAX`] routes each, so that no single value is large.

use serde::{Deserialize, Serialize};

use super::{MessageError, decode_next, encode};
use crate::{
    host::HostPattern,
    id::MappingId,
    limits::{MAPPINGS_MAX, MESSAGE_PACK_ENTRIES_MAX},
};

/// A mapping as the Gateway needs to know it: no address, so that it could not name one if it wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The mapping, in the Agent's own set.
    pub id: MappingId,
    /// The public name: exact, or `*.` and a suffix.
    pub domain: HostPattern,
}

/// A route that the Gateway did not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedRoute {
    /// The mapping.
    pub id: MappingId,
    /// The public name.
    pub domain: HostPattern,
    /// For programs: `taken`, `reserved`, `not-allowed`.
    pub code: String,
    /// For people.
    pub message: String,
}

/// The answer to a sync.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RoutesSynced {
    /// How many routes are live now.
    pub live: u32,
    /// Those that are not, at most [`MESSAGE_PACK_ENTRIES_MAX`] of them.
    #[serde(default)]
    pub refused: Vec<RefusedRoute>,
    /// How many are not, listed or not.
    #[serde(default)]
    pub refused_count: u32,
}

/// The body of a `routes.sync` call.
#[must_use]
pub fn encode_routes(routes: &[Route]) -> Vec<u8> {
    routes.chunks(MESSAGE_PACK_ENTRIES_MAX).flat_map(|batch| encode(&batch)).collect()
}

/// Reads the body of a `routes.sync` call.
///
/// # Errors
///
/// When a value is not an array of routes or has too many, or when there are more than [`MAPPINGS_MAX`] in all.
pub fn decode_routes(body: &[u8]) -> Result<Vec<Route>, MessageError> {
    let mut rest = body;
    let mut routes = Vec::new();
    while !rest.is_empty() {
        let batch: Vec<Route> = decode_next("routes", &mut rest)?;
        if batch.len() > MESSAGE_PACK_ENTRIES_MAX {
            return Err(MessageError::TooMany {
                what: "batch of routes",
                limit: MESSAGE_PACK_ENTRIES_MAX,
                actual: batch.len(),
            });
        }
        routes.extend(batch);
        if routes.len() > MAPPINGS_MAX {
            return Err(MessageError::TooMany { what: "routes", limit: MAPPINGS_MAX, actual: routes.len() });
        }
    }
    Ok(routes)
}
