//! `restart.coming`: Agents are told of a restart before it comes, in case that its goodbye does not reach them.
//!
//! A call and no goodbye: after one, lanes take no new streams, while the restart may be minutes away or never come.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use octoporty_core::{
    message::{RESTART_COMING, RestartComing, encode},
    session::Lane,
};

use crate::gateway::{Inner, UPDATED};

/// How long an Agent may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Tells all Agents that are connected.
pub(super) fn tell_all(gateway: &Arc<Inner>) {
    for session in gateway.registry.sessions() {
        // One that takes streams; on which shard does not matter.
        if let Some(lane) = session.pick(0) {
            tell(gateway, &lane);
        }
    }
}

/// Tells the Agent of a new session, if there is something to tell.
pub(in crate::tunnel) fn tell_newcomer(gateway: &Arc<Inner>, lane: &Lane) {
    if gateway.control.updates.is_queued() {
        tell(gateway, lane);
    }
}

fn tell(gateway: &Arc<Inner>, lane: &Lane) {
    let coming = RestartComing {
        message: UPDATED.to_owned(),
        spread_ms: u32::try_from(gateway.reconnect_spread.as_millis()).unwrap_or(u32::MAX),
    };
    let (lane, body) = (lane.clone(), Bytes::from(encode(&coming)));
    gateway.lanes.spawn(async move {
        match tokio::time::timeout(ANSWER_TIMEOUT, lane.call(RESTART_COMING, body, 0)).await {
            Ok(Ok(_empty)) => {}
            // An Agent of an earlier version, or one that has gone.
            Ok(Err(error)) => tracing::debug!(%error, "an agent was not told of the restart"),
            Err(_elapsed) => tracing::debug!("an agent does not answer to the word of a restart"),
        }
    });
}
