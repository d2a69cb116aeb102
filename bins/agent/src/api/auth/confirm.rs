//! The password once more, from somebody who is signed in: for what a stolen session must not be enough for (R54).

use axum::http::{HeaderMap, StatusCode};
use octoporty_core::secret::Secret;

use super::{
    guard::{Caller, user_agent},
    lockout::Key,
    password::PASSWORD_BYTES_MAX,
    sign_in::{locked, wrong},
};
use crate::api::{
    error::{Answer, Problem},
    peer::Peer,
    state::ApiState,
};

/// Checks the password. Tries are counted and locked for each session, as they are for each browser that signs in.
///
/// # Errors
///
/// 403 if it is wrong, so that nobody takes it for the end of the session; 429 if there were too many tries.
pub(crate) async fn confirm(
    state: &ApiState,
    caller: Caller,
    peer: Peer,
    headers: &HeaderMap,
    password: Secret,
) -> Answer<()> {
    if password.expose().len() > PASSWORD_BYTES_MAX {
        return Err(Problem::field("password", format!("has more than {PASSWORD_BYTES_MAX} bytes")));
    }
    let key = Key::Browser(caller.session);
    let attempt = state.auth.lockout.begin(key).map_err(locked)?;
    if !state.auth.passwords.check(password).await {
        let mut problem = wrong(state, peer, user_agent(headers), attempt).await;
        problem.status = StatusCode::FORBIDDEN;
        return Err(problem);
    }
    state.auth.lockout.clear(key);
    Ok(())
}
