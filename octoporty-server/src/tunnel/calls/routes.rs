//! `routes.sync`: which hosts an Agent serves.

use std::sync::Arc;

use bytes::Bytes;
use octoporty_core::message::{decode_routes, encode};

use super::dispatch::{Caller, Refusal};
use crate::tunnel::accept::take_over;

pub(super) const SYNC: &str = "routes.sync";

/// Largest body of the call, in bytes: 100,000 routes with names of average length.
pub(super) const SYNC_BYTES_MAX: usize = 16 << 20;

/// Takes over an Agent's routes. Building the table of many takes a while, so no shard does it.
pub(super) async fn sync(caller: &Caller, body: Bytes) -> Result<Bytes, Refusal> {
    let Caller { gateway, agent, session, scope, .. } = caller;
    let (at, of, by, scope) = (Arc::clone(gateway), Arc::clone(agent), Arc::clone(session), scope.clone());
    let outcome = tokio::task::spawn_blocking(move || {
        let routes = decode_routes(&body)?;
        let _turn = of.sync_turn();
        // From here on requests go to this session: its routes are the ones that count.
        if !take_over(&of, &by) {
            return Err(Refusal::unavailable("the session is over"));
        }
        Ok::<_, Refusal>(at.registry.sync(&of, routes, &scope, &*at.claims))
    })
    .await??;
    tracing::info!(agent = %agent.id, live = outcome.live, refused = outcome.refused_count, "routes synced");
    gateway.save_state().await;
    Ok(encode(&outcome).into())
}
