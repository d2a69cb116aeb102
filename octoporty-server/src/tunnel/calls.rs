//! What an Agent asks of the Gateway over a lane.

use std::sync::{Arc, atomic::Ordering};

use bytes::Bytes;
use octoporty_core::{
    message::{GoAwayReason, decode_routes, encode},
    proto::ConnectionError,
    session::{CallError, IncomingCall, Lane},
};

use super::accept::take_over;
use crate::{
    gateway::Inner,
    registry::{Agent, Session},
};

/// Largest body of a `routes.sync` call, in bytes: 100,000 routes with names of average length.
const SYNC_BYTES_MAX: usize = 16 << 20;

/// Answers calls until the lane is over, and says why it is. An Agent that leaves keeps what it has open.
pub(super) async fn serve(
    gateway: &Arc<Inner>,
    agent: &Arc<Agent>,
    session: &Arc<Session>,
    lane: &Lane,
) -> ConnectionError {
    let leaving = async {
        if let Some(go_away) = lane.peer_leaves().await {
            tracing::debug!(agent = %agent.id, reason = ?go_away.reason, "the agent takes no new requests");
            session.left.store(go_away.reason == GoAwayReason::Shutdown, Ordering::Relaxed);
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        error = accept_calls(gateway, agent, session, lane) => error,
        () = leaving => ConnectionError::Closed,
    }
}

async fn accept_calls(
    gateway: &Arc<Inner>,
    agent: &Arc<Agent>,
    session: &Arc<Session>,
    lane: &Lane,
) -> ConnectionError {
    loop {
        let incoming = match lane.accept().await {
            Ok(incoming) => incoming,
            Err(error) => return error,
        };
        let (gateway, agent, session) = (Arc::clone(gateway), Arc::clone(agent), Arc::clone(session));
        gateway.lanes.clone().spawn(async move {
            let answered = match IncomingCall::new(incoming) {
                Ok(call) => answer(&gateway, &agent, &session, call).await,
                Err(error) => Err(error),
            };
            if let Err(error) = answered {
                tracing::debug!(agent = %agent.id, %error, "call not answered");
            }
        });
    }
}

async fn answer(
    gateway: &Arc<Inner>,
    agent: &Arc<Agent>,
    session: &Arc<Session>,
    mut call: IncomingCall,
) -> Result<(), CallError> {
    match call.call.as_str() {
        "routes.sync" => {
            let body = call.body(SYNC_BYTES_MAX).await?;
            match sync(gateway, agent, session, body).await {
                Ok(synced) => call.answer(synced).await,
                Err(message) => call.fail("bad-request", &message).await,
            }
        }
        other => {
            let message = format!("this gateway does not know the call {:.64}", other.escape_debug().to_string());
            call.fail("unknown-call", &message).await
        }
    }
}

/// Takes over an Agent's routes. Building the table of many takes a while, so no shard does it.
async fn sync(gateway: &Arc<Inner>, agent: &Arc<Agent>, session: &Arc<Session>, body: Bytes) -> Result<Bytes, String> {
    let (at, of, by) = (Arc::clone(gateway), Arc::clone(agent), Arc::clone(session));
    let outcome = tokio::task::spawn_blocking(move || {
        let routes = decode_routes(&body).map_err(|error| error.to_string())?;
        // From here on requests go to this session: its routes are the ones that count.
        take_over(&of, &by);
        Ok::<_, String>(at.registry.sync(&of, routes))
    })
    .await
    .map_err(|error| error.to_string())??;
    tracing::info!(agent = %agent.id, live = outcome.live, refused = outcome.refused_count, "routes synced");
    gateway.save_state().await;
    Ok(encode(&outcome).into())
}
