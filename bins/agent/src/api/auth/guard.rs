//! Lets through who is signed in, and to the few places where one need not be (R51).

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use octoporty_store::Actor;
use uuid::Uuid;

use super::cookies::Kind;
use crate::api::{error::Problem, peer::Peer, state::ApiState};

/// What needs no session. Everything else under `/api` does, what is not there among it.
pub(crate) const OPEN_PATHS: [&str; 2] = ["/api/v1/auth/login", "/api/v1/auth/refresh"];

/// Longest `User-Agent` that is remembered, in characters.
const USER_AGENT_CHARACTERS_MAX: usize = 300;

/// Who is signed in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    /// The session.
    pub(crate) session: Uuid,
}

/// Lets a request to the API through if its session lives.
pub(crate) async fn layer(State(state): State<ApiState>, peer: Peer, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_api = path == "/api" || path.starts_with("/api/");
    if is_api && !OPEN_PATHS.contains(&path) {
        let token = Kind::Access.value(peer, request.headers());
        let session = token.and_then(|token| state.auth.tokens.session(&token));
        let Some(session) = session.filter(|session| state.auth.is_live(&state.storage, *session)) else {
            return not_signed_in().into_response();
        };
        request.extensions_mut().insert(Caller { session });
    }
    next.run(request).await
}

pub(super) fn not_signed_in() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "not-signed-in", "Sign in to go on.")
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().copied().ok_or_else(not_signed_in)
    }
}

/// What the browser says it is, cut and without control characters (R50).
pub(super) fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some(text.chars().filter(|c| !c.is_control()).take(USER_AGENT_CHARACTERS_MAX).collect())
}

/// Who changes something, for the audit.
#[derive(Debug, Clone)]
pub(crate) struct Who(pub(crate) Actor);

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<Peer>();
        Ok(Self(Actor {
            address: peer.map(|peer| peer.address.to_string()),
            session: parts.extensions.get::<Caller>().map(|caller| caller.session),
            user_agent: user_agent(&parts.headers),
        }))
    }
}
