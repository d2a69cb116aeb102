//! `POST /auth/logout`: the session ends here too, not in the browser alone (R44).

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use octoporty_store::TokenHash;

use super::{
    cookies::Kind,
    guard::{Caller, Who},
};
use crate::api::{error::Answer, peer::Peer, state::ApiState};

/// Sign out. The access token is void from now on, on every connection.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", responses((status = 204, description = "Signed out")))]
pub(crate) async fn logout(
    State(state): State<ApiState>,
    caller: Caller,
    peer: Peer,
    Who(actor): Who,
    headers: HeaderMap,
) -> Answer<Response> {
    state.auth.makeshift.end(caller.session);
    state.hub.session_expired(caller.session);
    if let Some(store) = state.storage.if_open() {
        store.sessions().end(&actor, caller.session).await?;
        if let Some(token) = Kind::Refresh.value(peer, &headers) {
            store.sessions().end_by_token(&actor, &TokenHash::of(token.as_bytes())).await?;
        }
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    Kind::Access.remove(peer, response.headers_mut());
    Kind::Refresh.remove(peer, response.headers_mut());
    Ok(response)
}
