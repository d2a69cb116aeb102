//! `update.request`: an Agent asks for a newer Gateway (R37).

use std::sync::Arc;

use bytes::Bytes;
use octoporty_core::message::{UpdateRequest, decode, encode};

use super::dispatch::{Caller, Refusal};

pub(super) const REQUEST: &str = "update.request";

/// Files are written, so no shard does it. Agents learn of the restart itself when it comes: the Gateway says goodbye to
/// each then, with the time over which to spread their return.
pub(super) async fn request(caller: &Caller, body: &[u8]) -> Result<Bytes, Refusal> {
    let request: UpdateRequest = decode("update request", body)?;
    let (gateway, agent) = (Arc::clone(&caller.gateway), Arc::clone(&caller.agent));
    let answer = tokio::task::spawn_blocking(move || gateway.control.updates.request(&agent.label(), &request)).await?;
    Ok(encode(&answer).into())
}
