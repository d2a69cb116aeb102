//! What signing in needs to remember and to know.

use octoporty_core::secret::Secret;
use uuid::Uuid;

use super::{lockout::Lockout, makeshift::MakeshiftSessions, password::Passwords, token::Tokens};
use crate::{password_hash::PasswordHash, storage::Storage};

/// Everything about signing in.
#[derive(Debug)]
pub(crate) struct Auth {
    pub(super) tokens: Tokens,
    pub(super) passwords: Passwords,
    pub(super) lockout: Lockout,
    /// Sessions that could not be saved.
    pub(super) makeshift: MakeshiftSessions,
}

impl Auth {
    pub(crate) fn new(secret: &Secret, hash: PasswordHash) -> Self {
        let fingerprint = hash.fingerprint();
        Self {
            tokens: Tokens::new(secret, &fingerprint),
            passwords: Passwords::new(hash),
            lockout: Lockout::new(),
            makeshift: MakeshiftSessions::default(),
        }
    }

    /// Whether a session lives, asked on each call, so that its end counts at once (R44).
    pub(crate) fn is_live(&self, storage: &Storage, session: Uuid) -> bool {
        storage.if_open().is_some_and(|store| store.sessions().is_live(session)) || self.makeshift.is_live(session)
    }
}
