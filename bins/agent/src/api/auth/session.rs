//! The sessions, for their owner to see and to end, and the sign-ins that failed.

use axum::{Json, extract::State, http::StatusCode};
use octoporty_store::Session;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    guard::{Caller, Who, not_signed_in},
    token::ACCESS_LIFE,
};
use crate::{
    api::{
        error::{Answer, Problem},
        query::PathId,
        state::ApiState,
    },
    clock::Timestamp,
};

/// The session of this request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CurrentSession {
    /// When it ends unless it is used.
    expires_at: Timestamp,
    session_id: Uuid,
    created_at: Timestamp,
    /// Where it was last refreshed from.
    address: String,
}

/// A session that lives.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionView {
    id: Uuid,
    /// Whether it is the one of this request.
    current: bool,
    created_at: Timestamp,
    /// When it was last refreshed, to some 15 minutes when it was last used.
    last_used_at: Timestamp,
    expires_at: Timestamp,
    address: String,
    user_agent: Option<String>,
}

/// All sessions that live.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionList {
    sessions: Vec<SessionView>,
}

/// A sign-in that failed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignInFailureView {
    at: Timestamp,
    address: String,
    user_agent: Option<String>,
    /// For how long it locked its address out; 0 if it did not.
    locked_seconds: u64,
}

/// The last 100 failed sign-ins, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignInFailureList {
    failures: Vec<SignInFailureView>,
}

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(current))
        .routes(routes!(list, end_all))
        .routes(routes!(end))
        .routes(routes!(failures))
}

/// The session of this request.
#[utoipa::path(get, path = "/auth/session", tag = "auth", responses((status = 200, body = CurrentSession)))]
async fn current(State(state): State<ApiState>, caller: Caller) -> Answer<Json<CurrentSession>> {
    let stored = state.storage.if_open().and_then(|store| store.sessions().get(caller.session));
    let session = stored.unwrap_or_else(|| makeshift(caller.session));
    Ok(Json(CurrentSession {
        expires_at: session.expires_at.into(),
        session_id: session.id,
        created_at: session.created_at.into(),
        address: session.address,
    }))
}

/// A session that could not be saved, as far as it is known.
fn makeshift(id: Uuid) -> Session {
    let now = Timestamp::now();
    Session {
        id,
        created_at: now.utc(),
        last_used_at: now.utc(),
        expires_at: now.plus(ACCESS_LIFE).utc(),
        address: String::new(),
        user_agent: None,
    }
}

/// All sessions that live, the one used last first.
#[utoipa::path(get, path = "/auth/sessions", tag = "auth", operation_id = "list_sessions",
    responses((status = 200, body = SessionList)))]
async fn list(State(state): State<ApiState>, caller: Caller) -> Answer<Json<SessionList>> {
    let sessions = state.storage.store()?.sessions().list();
    let view = |session: Session| SessionView {
        id: session.id,
        current: session.id == caller.session,
        created_at: session.created_at.into(),
        last_used_at: session.last_used_at.into(),
        expires_at: session.expires_at.into(),
        address: session.address,
        user_agent: session.user_agent,
    };
    Ok(Json(SessionList { sessions: sessions.into_iter().map(view).collect() }))
}

/// End a session, at once.
#[utoipa::path(delete, path = "/auth/sessions/{id}", tag = "auth", operation_id = "end_session",
    params(("id" = Uuid, Path)), responses((status = 204, description = "Ended")))]
async fn end(State(state): State<ApiState>, PathId(id): PathId, Who(actor): Who) -> Answer<StatusCode> {
    let ended = state.storage.store()?.sessions().end(&actor, id).await?;
    state.hub.session_expired(id);
    if ended { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found("There is no such session.")) }
}

/// End all sessions, this one too.
#[utoipa::path(delete, path = "/auth/sessions", tag = "auth", operation_id = "end_all_sessions",
    responses((status = 204, description = "Ended")))]
async fn end_all(State(state): State<ApiState>, caller: Caller, Who(actor): Who) -> Answer<StatusCode> {
    if !state.auth.is_live(&state.storage, caller.session) {
        return Err(not_signed_in());
    }
    state.auth.makeshift.end_all();
    let store = state.storage.store()?;
    for session in store.sessions().list() {
        state.hub.session_expired(session.id);
    }
    store.sessions().end_all(&actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The sign-ins that failed.
#[utoipa::path(get, path = "/auth/failures", tag = "auth", operation_id = "sign_in_failures",
    responses((status = 200, body = SignInFailureList)))]
async fn failures(State(state): State<ApiState>) -> Answer<Json<SignInFailureList>> {
    let failures = state.storage.store()?.sign_in_failures().list().await?;
    let view = |failure: octoporty_store::SignInFailure| SignInFailureView {
        at: failure.at.into(),
        address: failure.address,
        user_agent: failure.user_agent,
        locked_seconds: failure.locked.as_secs(),
    };
    Ok(Json(SignInFailureList { failures: failures.into_iter().map(view).collect() }))
}
