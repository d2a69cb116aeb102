//! `update.request`: an Agent asks for a newer Gateway (R37).

use std::sync::Arc;

use bytes::Bytes;
use octoporty_core::message::{UpdateRequest, UpdateStatus, decode, encode};

use super::{
    dispatch::{Caller, Refusal},
    restart,
};

pub(super) const REQUEST: &str = "update.request";

/// Files are written, so no shard does it. If the request is taken, all Agents are told that a restart is to come; the
/// goodbye comes with it.
pub(super) async fn request(caller: &Caller, body: &[u8]) -> Result<Bytes, Refusal> {
    let request: UpdateRequest = decode("update request", body)?;
    let (gateway, agent) = (Arc::clone(&caller.gateway), Arc::clone(&caller.agent));
    let answer = tokio::task::spawn_blocking(move || gateway.control.updates.request(&agent.label(), &request)).await?;
    if answer.status == UpdateStatus::Queued {
        restart::tell_all(&caller.gateway);
    }
    Ok(encode(&answer).into())
}
