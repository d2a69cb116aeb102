//! Sessions of people, and the refresh tokens that keep them alive: rotated at each use, with theft noticed (R43, R44).

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::convert::{cut, cut_option, millis};
use crate::entity::{refresh_token, session};
use crate::limits::SESSIONS_MAX;
use crate::rotation::{self, issue};
use crate::{Actor, Change, Store, StoreError, audit, live_sessions};

/// The SHA-256 of a refresh token, which itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub(crate) [u8; 32]);

impl TokenHash {
    /// The hash of a token. The token must come from 32 random bytes or more: nothing slows a guesser of a weak one.
    #[must_use]
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
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
    /// Starts a session. If there are [`SESSIONS_MAX`], the one used longest ago ends.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the id or token is not new, or what ails the database.
    pub async fn start(&self, new: NewSession) -> Result<Session, StoreError> {
        let inner = Arc::clone(&self.0.0);
        let start = async move {
            let writer = inner.writer().await?;
            let now = inner.clock().now();
            let live = &inner.memory.sessions;
            let oldest = live.list(now).into_iter().nth(SESSIONS_MAX - 1);
            if let Some(oldest) = &oldest {
                session::Entity::delete_by_id(oldest.id).exec(writer.transaction()).await?;
            }
            let row = session::Model {
                id: new.id,
                created_at: millis(now),
                last_used_at: millis(now),
                address: cut(new.address),
                user_agent: cut_option(new.user_agent),
            };
            session::Entity::insert(session::ActiveModel::from(row.clone()))
                .exec_without_returning(writer.transaction())
                .await
                .map_err(|error| crate::database::Fault::from(error).or_conflict("id"))?;
            issue(writer.transaction(), new.id, &new.token, now).await?;
            let session = live_sessions::from_row(row)?;
            let actor = Actor {
                address: Some(session.address.clone()),
                session: Some(session.id),
                user_agent: session.user_agent.clone(),
            };
            audit::write(writer.transaction(), &actor, now, change("session-started", Some(new.id))).await?;
            let _turn = writer.commit().await?;
            if let Some(oldest) = oldest {
                live.remove(oldest.id);
            }
            live.put(session.clone());
            Ok(session)
        };
        self.0.change(start).await
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
        let inner = Arc::clone(&self.0.0);
        let old = *old;
        let client = rotation::Client {
            address: cut(address.to_owned()),
            user_agent: cut_option(user_agent.map(str::to_owned)),
        };
        self.0.change(async move { rotation::rotate(&inner, old, new, client).await }).await
    }

    /// Whether a session lives. From memory, so that it works with a database that does not.
    #[must_use]
    pub fn is_live(&self, id: Uuid) -> bool {
        self.get(id).is_some()
    }

    /// A session that lives. From memory.
    #[must_use]
    pub fn get(&self, id: Uuid) -> Option<Session> {
        self.0.0.memory.sessions.get(id, self.0.0.clock().now())
    }

    /// All sessions that live, the one used last first. From memory.
    #[must_use]
    pub fn list(&self) -> Vec<Session> {
        self.0.0.memory.sessions.list(self.0.0.clock().now())
    }

    /// Ends a session and answers whether it lived. It is dead in memory at once, even if the database cannot be
    /// written; the error then says that it may live again after a restart.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn end(&self, actor: &Actor, id: Uuid) -> Result<bool, StoreError> {
        let lived = self.is_live(id);
        let inner = Arc::clone(&self.0.0);
        inner.memory.sessions.kill([id]);
        let actor = actor.clone();
        let end = async move {
            let writer = inner.writer().await?;
            let deleted = session::Entity::delete_by_id(id).exec(writer.transaction()).await?.rows_affected > 0;
            if deleted {
                let change = change("session-ended", Some(id));
                audit::write(writer.transaction(), &actor, inner.clock().now(), change).await?;
            }
            let _turn = writer.commit().await?;
            inner.memory.sessions.bury([id]);
            Ok(lived)
        };
        self.0.change(end).await
    }

    /// Ends the session of a refresh token, as for a sign-out whose access token is over.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn end_by_token(&self, actor: &Actor, token: &TokenHash) -> Result<bool, StoreError> {
        let read = async {
            let token = refresh_token::Entity::find_by_id(token.0.to_vec()).one(&self.0.0.main.readers()?).await?;
            Ok(token.map(|token| token.session_id))
        };
        match self.0.read(read).await? {
            Some(session) => self.end(actor, session).await,
            None => Ok(false),
        }
    }

    /// Ends all sessions and answers how many lived. As for [`Self::end`], they are dead in memory at once.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn end_all(&self, actor: &Actor) -> Result<usize, StoreError> {
        let inner = Arc::clone(&self.0.0);
        let lived: Vec<_> = self.list().into_iter().map(|session| session.id).collect();
        inner.memory.sessions.kill(lived.iter().copied());
        let actor = actor.clone();
        let end = async move {
            let writer = inner.writer().await?;
            // Those of before alone: a session that starts meanwhile is someone who has just signed in.
            session::Entity::delete_many()
                .filter(session::Column::Id.is_in(lived.iter().copied()))
                .exec(writer.transaction())
                .await?;
            if !lived.is_empty() {
                let change = change("sessions-ended", None);
                audit::write(writer.transaction(), &actor, inner.clock().now(), change).await?;
            }
            let _turn = writer.commit().await?;
            inner.memory.sessions.bury(lived.iter().copied());
            Ok(lived.len())
        };
        self.0.change(end).await
    }
}

/// What the audit says of sessions.
pub(crate) fn change(action: &str, session: Option<Uuid>) -> Change {
    let subject = session.map(|session| session.to_string());
    Change { action: action.to_owned(), subject, label: None, fields: Vec::new() }
}
