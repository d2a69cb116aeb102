//! Takes the calls of one lane and has each answered, a bounded number at once.

use std::sync::{Arc, atomic::Ordering};

use bytes::Bytes;
use octoporty_core::{
    message::{CallHead, GoAwayReason, MessageError, decode},
    proto::ConnectionError,
    session::{CallError, Incoming, IncomingCall, Lane},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{caddy, landing, logs, routes, status, update};
use crate::{
    AgentScope,
    gateway::Inner,
    registry::{Agent, Session},
};

/// Calls of one lane that are answered at once; more wait. Live streams of log lines have places of their own.
const CALLS_AT_ONCE_MAX: usize = 16;

/// Largest body in bytes of a call that asks for something.
const QUESTION_BYTES_MAX: usize = 4 << 10;

/// Who calls.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) gateway: Arc<Inner>,
    pub(super) agent: Arc<Agent>,
    pub(super) session: Arc<Session>,
    pub(super) lane: Lane,
    /// What its key allows.
    pub(super) scope: AgentScope,
}

/// A call that gets a no for an answer.
#[derive(Debug)]
pub(super) struct Refusal {
    /// For programs.
    pub(super) code: &'static str,
    /// For people.
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        Self::new("unavailable", message)
    }
}

impl From<MessageError> for Refusal {
    fn from(error: MessageError) -> Self {
        Self::new("bad-request", error.to_string())
    }
}

/// The task that did the work panicked, or the runtime ends.
impl From<tokio::task::JoinError> for Refusal {
    fn from(error: tokio::task::JoinError) -> Self {
        tracing::error!(%error, "a call could not be answered");
        Self::unavailable("the gateway failed at this call")
    }
}

/// Answers calls until the lane is over, and says why it is. An Agent that leaves keeps what it has open.
pub(in crate::tunnel) async fn serve(
    gateway: &Arc<Inner>,
    agent: &Arc<Agent>,
    session: &Arc<Session>,
    lane: &Lane,
    scope: &AgentScope,
) -> ConnectionError {
    let leaving = async {
        if let Some(go_away) = lane.peer_leaves().await {
            tracing::debug!(agent = %agent.id, reason = ?go_away.reason, "the agent takes no new requests");
            session.left.store(go_away.reason == GoAwayReason::Shutdown, Ordering::Relaxed);
        }
        std::future::pending::<()>().await;
    };
    let caller = Caller {
        gateway: Arc::clone(gateway),
        agent: Arc::clone(agent),
        session: Arc::clone(session),
        lane: lane.clone(),
        scope: scope.clone(),
    };
    tokio::select! {
        error = accept_calls(&caller) => error,
        () = leaving => ConnectionError::Closed,
    }
}

async fn accept_calls(caller: &Caller) -> ConnectionError {
    let places = Arc::new(Semaphore::new(CALLS_AT_ONCE_MAX));
    loop {
        let incoming = match caller.lane.accept().await {
            Ok(incoming) => incoming,
            Err(error) => return error,
        };
        // Never closed, so there is always a place in the end.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return ConnectionError::Closed;
        };
        let caller = caller.clone();
        caller.gateway.lanes.clone().spawn(async move {
            if let Err(error) = answer(&caller, incoming, place).await {
                tracing::debug!(agent = %caller.agent.id, %error, "call not answered");
            }
        });
    }
}

async fn answer(caller: &Caller, incoming: Incoming, place: OwnedSemaphorePermit) -> Result<(), CallError> {
    if decode::<CallHead>("call", &incoming.head)?.call == logs::FOLLOW {
        drop(place);
        return logs::follow(caller, incoming).await;
    }
    let mut call = IncomingCall::new(incoming)?;
    let limit = match call.call.as_str() {
        routes::SYNC => routes::SYNC_BYTES_MAX,
        landing::SYNC => octoporty_core::message::LANDING_SYNC_BYTES_MAX,
        _ => QUESTION_BYTES_MAX,
    };
    let body = match call.body(limit).await {
        Ok(body) => body,
        Err(CallError::TooLarge { limit }) => {
            return call.fail("too-large", &format!("at most {limit} bytes are taken")).await;
        }
        Err(error) => return Err(error),
    };
    let name = call.call.clone();
    match ask(caller, &name, body).await {
        Ok(answer) => call.answer(answer).await,
        Err(refusal) => call.fail(refusal.code, &refusal.message).await,
    }
}

async fn ask(caller: &Caller, name: &str, body: Bytes) -> Result<Bytes, Refusal> {
    match name {
        routes::SYNC => routes::sync(caller, body).await,
        logs::READ => logs::read(caller, &body).await,
        logs::HISTOGRAM => logs::histogram(caller).await,
        landing::SYNC => landing::sync(caller, body).await,
        landing::DEFAULT => Ok(landing::default_page()),
        caddy::CONFIG => caddy::config(caller).await,
        update::REQUEST => update::request(caller, &body).await,
        status::READ => status::read(caller).await,
        other => {
            let other: String = other.escape_debug().take(64).collect();
            Err(Refusal::new("unknown-call", format!("this gateway does not know the call {other}")))
        }
    }
}
