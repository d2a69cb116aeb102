//! `GET /health`: whether the Gateway works, and whether a tunnel is up.

use bytes::Bytes;
use octoporty_core::version::VERSION;

use crate::registry::Registry;

/// The answer's JSON. No host names in it (R61).
pub(crate) fn json(registry: &Registry) -> Bytes {
    let tunnel = registry.has_tunnel();
    serde_json::json!({ "status": "healthy", "version": VERSION, "tunnel": if tunnel { "up" } else { "down" } })
        .to_string()
        .into()
}
