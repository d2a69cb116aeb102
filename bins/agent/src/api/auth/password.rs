//! The password's check: slow on purpose, so off the runtime's threads and two at a time (R38).

use std::sync::Arc;

use octoporty_core::secret::Secret;
use sha_crypt::{PasswordHashRef, PasswordVerifier, ShaCrypt};
use tokio::sync::Semaphore;

use crate::password_hash::PasswordHash;

/// Longest password in bytes. More would only cost time.
pub(super) const PASSWORD_BYTES_MAX: usize = 256;

/// Checks at once. Each takes a core for milliseconds, or a second with many rounds.
const CHECKS_MAX: usize = 2;

/// What passwords are checked against.
#[derive(Debug)]
pub(super) struct Passwords {
    hash: Option<Arc<Secret>>,
    room: Arc<Semaphore>,
}

impl Passwords {
    pub(super) fn new(hash: PasswordHash) -> Self {
        let hash = match hash {
            PasswordHash::LoginOff => None,
            PasswordHash::Sha512(hash) => Some(Arc::new(hash)),
        };
        Self { hash, room: Arc::new(Semaphore::new(CHECKS_MAX)) }
    }

    /// Whether signing in is off.
    pub(super) const fn is_off(&self) -> bool {
        self.hash.is_none()
    }

    /// Whether this is the password.
    ///
    /// # Cancel safety
    ///
    /// Dropped, a check that began goes on and keeps its place until it is done.
    pub(super) async fn check(&self, password: Secret) -> bool {
        let Some(hash) = self.hash.clone() else {
            return false;
        };
        let Ok(permit) = Arc::clone(&self.room).acquire_owned().await else {
            return false;
        };
        let checking = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let Ok(hash) = PasswordHashRef::new(hash.expose()) else {
                return false;
            };
            ShaCrypt::default().verify_password(password.expose().as_bytes(), hash).is_ok()
        });
        checking.await.unwrap_or(false)
    }
}
