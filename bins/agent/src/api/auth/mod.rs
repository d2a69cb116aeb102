//! Signing in and staying so: the password, lockout, tokens in cookies, sessions (R38 to R46).

mod confirm;
mod cookies;
mod guard;
mod lockout;
mod makeshift;
mod password;
mod router;
mod session;
mod sign_in;
mod sign_out;
mod state;
mod token;

pub(crate) use confirm::confirm;
pub(crate) use guard::{Caller, OPEN_PATHS, Who, layer};
pub(crate) use router::router;
pub(crate) use state::Auth;
