//! `POST /auth/login` and `POST /auth/refresh`: a password, then tokens that are traded for new ones.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use octoporty_core::secret::Secret;
use octoporty_store::{NewSession, Rotation, SignInFailure, TokenHash};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    cookies::Kind,
    guard::{not_signed_in, user_agent},
    lockout::{Key, Locked, Try},
    password::PASSWORD_BYTES_MAX,
    token::ACCESS_LIFE,
};
use crate::{
    api::{
        error::{Answer, Problem},
        json::Body,
        peer::Peer,
        state::ApiState,
    },
    clock::Timestamp,
};

/// The password. It is wiped from memory once it was checked.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LoginRequest {
    /// At most 256 bytes.
    #[schema(format = Password)]
    password: String,
}

/// Until when one is signed in without anything being done.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedIn {
    /// When the access token is over; refresh before that.
    expires_at: Timestamp,
}

/// Sign in.
///
/// Sets the two cookies. After five wrong passwords the address waits 1, 5, 15, then 60 minutes.
#[utoipa::path(post, path = "/auth/login", tag = "auth", request_body = LoginRequest,
    responses(
        (status = 200, body = SignedIn),
        (status = 401, description = "The password is wrong",
            content_type = "application/problem+json", body = crate::api::error::ProblemDetails)), security(()))]
pub(crate) async fn login(
    State(state): State<ApiState>,
    peer: Peer,
    headers: HeaderMap,
    Body(request): Body<LoginRequest>,
) -> Answer<Response> {
    let password = Secret::new(request.password);
    if state.auth.passwords.is_off() {
        let message = "Signing in is turned off: Agent__Auth__PasswordHash is `!`.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "login-off", message));
    }
    if password.expose().len() > PASSWORD_BYTES_MAX {
        return Err(Problem::field("password", format!("has more than {PASSWORD_BYTES_MAX} bytes")));
    }
    let browser = Kind::Browser.value(peer, &headers).and_then(|token| state.auth.tokens.known_browser(&token));
    let key = browser.map_or_else(|| Key::Address(peer.bucket()), Key::Browser);
    let attempt = state.auth.lockout.begin(key).map_err(locked)?;
    let agent = user_agent(&headers);
    if !state.auth.passwords.check(password).await {
        return Err(wrong(&state, peer, agent, attempt).await);
    }
    state.auth.lockout.clear(key);
    start_session(&state, peer, agent, browser).await
}

/// The session begins: a new id and new tokens, whatever the request carried (R45).
async fn start_session(
    state: &ApiState,
    peer: Peer,
    user_agent: Option<String>,
    browser: Option<Uuid>,
) -> Answer<Response> {
    let id = Uuid::new_v4();
    let refresh = new_refresh_token();
    let saved = match state.storage.if_open() {
        Some(store) => {
            let address = peer.address.to_string();
            let token = TokenHash::of(refresh.expose().as_bytes());
            store.sessions().start(NewSession { id, token, address, user_agent }).await.map(|_session| ())
        }
        None => Err(octoporty_store::StoreError::Closed),
    };
    let mut response = tokens_of(state, peer, id)?;
    let headers = response.headers_mut();
    match saved {
        Ok(()) => Kind::Refresh.set(peer, refresh.expose().to_owned(), headers),
        Err(error) => {
            // Whoever comes to see what is wrong with the database must get in.
            tracing::warn!(%error, "a session is not saved; it lasts as long as its access token");
            state.auth.makeshift.start(id);
            Kind::Refresh.remove(peer, headers);
        }
    }
    if let Some(token) = state.auth.tokens.browser(browser.unwrap_or_else(Uuid::new_v4)) {
        Kind::Browser.set(peer, token, headers);
    }
    tracing::info!(session = %id, address = %peer.address, "signed in");
    Ok(response)
}

/// Trade the refresh token for new tokens.
///
/// One that was traded before ends its session, unless that was within the last ten seconds.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth",
    responses(
        (status = 200, body = SignedIn),
        (status = 401, description = "There is no refresh token, or it is over",
            content_type = "application/problem+json", body = crate::api::error::ProblemDetails)), security(()))]
pub(crate) async fn refresh(State(state): State<ApiState>, peer: Peer, headers: HeaderMap) -> Answer<Response> {
    let Some(old) = Kind::Refresh.value(peer, &headers) else {
        return Ok(signed_out(peer));
    };
    let store = state.storage.store()?;
    let new = new_refresh_token();
    let (old, hash) = (TokenHash::of(old.as_bytes()), TokenHash::of(new.expose().as_bytes()));
    let address = peer.address.to_string();
    match store.sessions().rotate(&old, hash, &address, user_agent(&headers).as_deref()).await? {
        Rotation::Rotated(session) => {
            let mut response = tokens_of(&state, peer, session.id)?;
            Kind::Refresh.set(peer, new.expose().to_owned(), response.headers_mut());
            Ok(response)
        }
        Rotation::Reused { session } => {
            tracing::warn!(%session, address, "a refresh token was used twice; its session has ended");
            state.hub.session_expired(session);
            Ok(signed_out(peer))
        }
        _ => Ok(signed_out(peer)),
    }
}

/// 401, and the cookies go.
fn signed_out(peer: Peer) -> Response {
    let mut response = not_signed_in().into_response();
    Kind::Access.remove(peer, response.headers_mut());
    Kind::Refresh.remove(peer, response.headers_mut());
    response
}

fn tokens_of(state: &ApiState, peer: Peer, session: Uuid) -> Answer<Response> {
    let access = state.auth.tokens.access(session).ok_or_else(Problem::internal)?;
    let mut response = Json(SignedIn { expires_at: Timestamp::now().plus(ACCESS_LIFE) }).into_response();
    Kind::Access.set(peer, access, response.headers_mut());
    Ok(response)
}

/// 256 random bits (R43).
fn new_refresh_token() -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
}

pub(super) async fn wrong(state: &ApiState, peer: Peer, user_agent: Option<String>, attempt: Try) -> Problem {
    let locked = if attempt.left == 0 { attempt.lock } else { std::time::Duration::ZERO };
    let address = peer.address.to_string();
    tracing::warn!(address, left = attempt.left, "wrong password");
    if let Some(store) = state.storage.if_open() {
        let failure = SignInFailure { at: Timestamp::now().utc(), address, user_agent, locked };
        if let Err(error) = store.sign_in_failures().add(failure).await {
            tracing::debug!(%error, "a failed sign-in is not saved");
        }
    }
    let lock = minutes(attempt.lock);
    let message = match attempt.left {
        0 => format!("Wrong password. Signing in is locked for {lock}."),
        1 => format!("Wrong password. 1 try left before a lock of {lock}."),
        left => format!("Wrong password. {left} tries left before a lock of {lock}."),
    };
    Problem::new(StatusCode::UNAUTHORIZED, "wrong-password", message).next_lock(Some(attempt.left), attempt.lock)
}

pub(super) fn locked(locked: Locked) -> Problem {
    let (code, message) = if locked.global {
        ("too-many-sign-ins", "Too many sign-ins from everywhere. Wait a moment.".to_owned())
    } else {
        let wait = minutes(locked.wait);
        ("locked-out", format!("Too many wrong passwords. Signing in is locked for {wait}; the tunnel works on."))
    };
    Problem::new(StatusCode::TOO_MANY_REQUESTS, code, message).retry_after(locked.wait).next_lock(None, locked.next)
}

fn minutes(duration: std::time::Duration) -> String {
    match duration.as_secs().div_ceil(60) {
        0 | 1 => "1 minute".to_owned(),
        60 => "1 hour".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}
