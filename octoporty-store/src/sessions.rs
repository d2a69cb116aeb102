//! Sessions of people, and the refresh tokens that keep them alive: rotated at each use, with theft noticed (R43, R44).

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{Actor, Store, StoreError};

/// The SHA-256 of a refresh token, which itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub(crate) [u8; 32]);

impl TokenHash {
    /// The hash of a token. The token must come from 32 random bytes or more: nothing slows a guesser of a weak one.
    #[must_use]
    pub fn of(token: &[u8]) -> Self {
        todo!()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}

/// A session that is to start.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id, new at each sign-in (R45).
    pub id: Uuid,
    /// Its first refresh token.
    pub token: TokenHash,
    /// Where from.
    pub address: String,
    /// What the browser says it is. Cut at [`TEXT_BYTES_MAX`](crate::limits::TEXT_BYTES_MAX).
    pub user_agent: Option<String>,
}

/// A session that lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who it is.
    pub id: Uuid,
    /// When it started.
    pub created_at: DateTime<Utc>,
    /// When its token was last rotated.
    pub last_used_at: DateTime<Utc>,
    /// When it ends if it is not used again, and never later than [`SESSION_LIFE`](crate::limits::SESSION_LIFE) after its start.
    pub expires_at: DateTime<Utc>,
    /// Where it was last used from.
    pub address: String,
    /// What the browser last said it is.
    pub user_agent: Option<String>,
}

/// What came of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rotation {
    /// It was good: the new token counts from now on.
    Rotated(Session),
    /// It was used before, too long ago to be a race. Someone else may have it, so its session has ended.
    Reused {
        /// The session that ended.
        session: Uuid,
    },
    /// It is not known, its session ended, or it is too old.
    Unknown,
}

/// The sessions of a store.
///
/// # Cancel safety
///
/// A change that began goes on when its future is dropped.
#[derive(Debug, Clone, Copy)]
pub struct Sessions<'a>(pub(crate) &'a Store);

impl Sessions<'_> {
    /// Starts a session. If there are [`SESSIONS_MAX`](crate::limits::SESSIONS_MAX), the one used longest ago ends.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the id or token is not new, or what ails the database.
    pub async fn start(&self, new: NewSession) -> Result<Session, StoreError> {
        todo!()
    }

    /// Trades an old refresh token for a new one, in one transaction. An old one works once, and for
    /// [`ROTATION_GRACE`](crate::limits::ROTATION_GRACE) after that; of those that come of such a race, the first to be used
    /// makes the others old. Used later than that, it ends the session.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn rotate(
        &self,
        old: &TokenHash,
        new: TokenHash,
        address: &str,
        user_agent: Option<&str>,
    ) -> Result<Rotation, StoreError> {
        todo!()
    }

    /// Whether a session lives. From memory, so that it works with a database that does not.
    #[must_use]
    pub fn is_live(&self, id: Uuid) -> bool {
        todo!()
    }

    /// A session that lives. From memory.
    #[must_use]
    pub fn get(&self, id: Uuid) -> Option<Session> {
        todo!()
    }

    /// All sessions that live, the one used last first. From memory.
    #[must_use]
    pub fn list(&self) -> Vec<Session> {
        todo!()
    }

    /// Ends a session and answers whether it lived. It is dead in memory at once, even if the database cannot be
    /// written; the error then says that it may live again after a restart.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn end(&self, actor: &Actor, id: Uuid) -> Result<bool, StoreError> {
        todo!()
    }

    /// Ends the session of a refresh token, as for a sign-out whose access token is over.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn end_by_token(&self, actor: &Actor, token: &TokenHash) -> Result<bool, StoreError> {
        todo!()
    }

    /// Ends all sessions and answers how many lived. As for [`Self::end`], they are dead in memory at once.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn end_all(&self, actor: &Actor) -> Result<usize, StoreError> {
        todo!()
    }
}
