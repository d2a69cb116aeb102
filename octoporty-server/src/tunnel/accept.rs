//! One lane of an Agent: handshake, membership in a session, and its end.

use std::{pin::pin, sync::Arc, sync::atomic::Ordering};

use octoporty_core::{
    id::SessionId,
    message::{GoAwayReason, Hello, RefusalCode, Refused, Welcome},
    proto::ConnectionError,
    session::{self, Lane},
    transport::Transport,
    version::{VERSION, WIRE_VERSION},
};

use super::calls;
use crate::{
    AgentScope,
    gateway::Inner,
    registry::{Agent, LaneSlot, NotAdded, Session},
};

/// What is known of a lane before its first message.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    /// What the key allows.
    pub(crate) scope: AgentScope,
    /// The shard that serves it.
    pub(crate) shard: usize,
}

/// Serves a lane on this runtime until it is over.
pub(crate) async fn serve<T: Transport>(gateway: Arc<Inner>, transport: T, admitted: Admitted) {
    let (lane, driver) = session::accept(transport, gateway.lane_config());
    gateway.lanes.spawn(driver);
    let mut serving = pin!(serve_lane(&gateway, &lane, &admitted));
    tokio::select! {
        biased;
        () = &mut serving => return,
        // Only once this side said goodbye and the last exchange is over; or the lane is lost.
        () = lane.drained() => {}
        // The goodbye is queued; what is open is over.
        () = gateway.cutting.cancelled() => {}
        () = admitted.scope.revoked() => tracing::info!("a lane ends: its agent's key was withdrawn"),
    }
    lane.close();
    // To its end, or the lane would stay in its session.
    serving.await;
}

async fn serve_lane(gateway: &Arc<Inner>, lane: &Lane, admitted: &Admitted) {
    let Admitted { scope, shard } = admitted;
    let hello = match lane.hello().await {
        Ok(hello) => hello,
        Err(error) => {
            tracing::info!(%error, "an agent did not introduce itself");
            return;
        }
    };
    let agent = gateway.registry.agent(scope.agent_id(hello.agent));
    let joined = match join(gateway, &agent, lane, &hello, *shard) {
        Ok(joined) => joined,
        Err(refused) => {
            tracing::info!(agent = %agent.id, name = hello.name, code = ?refused.code, "lane refused");
            gateway.metrics.lanes_refused.fetch_add(1, Ordering::Relaxed);
            lane.refuse(&refused);
            return;
        }
    };
    lane.welcome(Welcome {
        wire: WIRE_VERSION,
        capabilities: Vec::new(),
        window: 0,
        streams: 0,
        session: joined.session.id,
        lanes: gateway.lanes_wanted(),
        name: gateway.name.clone(),
        version: VERSION.to_owned(),
        uptime_s: gateway.started.elapsed().as_secs(),
        share_domain: gateway.share_domain.clone(),
    });
    if joined.is_first {
        tracing::info!(agent = %agent.id, name = hello.name, version = hello.version, session = %joined.session.id, "agent connected");
    }
    agent.notify();
    if joined.is_first {
        calls::tell_newcomer(gateway, lane);
    }
    gateway.metrics.lanes.add(lane);
    let error = calls::serve(gateway, &agent, &joined.session, lane, scope).await;
    gateway.metrics.lanes.remove(lane);
    leave(gateway, &agent, &joined.session, lane, &error).await;
}

struct Joined {
    session: Arc<Session>,
    is_first: bool,
}

/// Makes the lane part of the session that it names, or of a new one.
fn join(gateway: &Inner, agent: &Arc<Agent>, lane: &Lane, hello: &Hello, shard: usize) -> Result<Joined, Refused> {
    let refuse = |code, message: &str| Refused { code, message: message.to_owned(), retry_after_ms: 0 };
    if gateway.stopping.is_cancelled() {
        return Err(refuse(RefusalCode::Draining, "the gateway stops"));
    }
    let slot = LaneSlot { lane: lane.clone(), shard };
    if let Some(id) = hello.session {
        let session = agent.session().filter(|session| session.id == id && session.instance == hello.instance);
        let session = session.ok_or_else(|| refuse(RefusalCode::UnknownSession, "no such session"))?;
        session.add(slot).map_err(|error| match error {
            NotAdded::Full => refuse(RefusalCode::TooManyLanes, "the session has all its lanes"),
            NotAdded::Over => refuse(RefusalCode::UnknownSession, "the session is over"),
        })?;
        return Ok(Joined { session, is_first: false });
    }
    let metrics = &gateway.metrics;
    metrics.sessions.fetch_add(1, Ordering::Relaxed);
    if agent.introduce(&hello.name, &hello.version) {
        metrics.reconnects.fetch_add(1, Ordering::Relaxed);
    }
    let session = Session::new(SessionId::from_u128(rand::random()), hello.instance, agent.number_session(), slot);
    Ok(Joined { session: Arc::new(session), is_first: true })
}

/// The lane is over; with the last one, the session is.
async fn leave(gateway: &Inner, agent: &Arc<Agent>, session: &Arc<Session>, lane: &Lane, error: &ConnectionError) {
    tracing::debug!(agent = %agent.id, session = %session.id, %error, "lane over");
    if !session.remove(lane) || !agent.end(session) {
        return;
    }
    gateway.registry.note_change();
    tracing::info!(agent = %agent.id, session = %session.id, reason = %error, "agent disconnected");
    if session.left.load(Ordering::Relaxed) {
        gateway.save_state().await;
    }
}

/// Makes a session the Agent's current one; the lanes of the one before finish what they carry. False when the session
/// lost its last lane meanwhile, or a later one is current.
pub(super) fn take_over(agent: &Agent, session: &Arc<Session>) -> bool {
    if session.is_over() {
        return false;
    }
    let Ok(before) = agent.begin(Arc::clone(session)) else {
        return false;
    };
    if let Some(before) = before
        && !Arc::ptr_eq(&before, session)
    {
        tracing::info!(agent = %agent.id, "a newer connection of the agent took over");
        for slot in before.lanes() {
            let reason = "a newer connection took over";
            slot.lane.go_away(GoAwayReason::Replaced, reason, std::time::Duration::ZERO);
        }
    }
    // Whoever took the last lane out before this session began found another one to be the current.
    let is_over = session.is_over();
    if is_over {
        agent.end(session);
    }
    !is_over
}

#[cfg(test)]
mod tests {
    use octoporty_core::{
        id::AgentId,
        proto::{Config, Role},
        transport::duplex,
    };

    use super::*;

    fn slot() -> LaneSlot {
        let (end, _peer) = duplex::pair(1);
        let (lane, _driver) = session::accept(end, Config::new(Role::Gateway));
        LaneSlot { lane, shard: 0 }
    }

    #[tokio::test]
    async fn a_session_without_lanes_is_not_joined_and_does_not_begin() {
        let (agent, first) = (Agent::new(AgentId::from_u128(1)), slot());
        let session = Arc::new(Session::new(SessionId::from_u128(2), 3, agent.number_session(), first.clone()));
        assert_eq!(session.add(slot()), Ok(()));
        let second = session.lanes()[1].clone();
        assert!(take_over(&agent, &session) && agent.is_here());
        assert!(!session.remove(&second.lane));
        assert!(session.remove(&first.lane) && agent.end(&session));
        assert_eq!(session.add(slot()), Err(NotAdded::Over));
        // Routes that were on their way when the last lane was lost.
        assert!(!take_over(&agent, &session));
        assert!(!agent.is_here());
    }

    #[tokio::test]
    async fn a_session_that_was_replaced_ends_without_its_successor() {
        let agent = Agent::new(AgentId::from_u128(1));
        let [before, after] =
            [2, 3].map(|id| Arc::new(Session::new(SessionId::from_u128(id), 4, agent.number_session(), slot())));
        assert!(take_over(&agent, &before) && take_over(&agent, &after));
        // What was still on its way from the first one comes late.
        assert!(!take_over(&agent, &before));
        assert!(!agent.end(&before));
        assert!(agent.session().is_some_and(|current| Arc::ptr_eq(&current, &after)));
        assert!(agent.end(&after) && !agent.is_here());
    }
}
