//! The sessions that live, in memory, so that each call can be checked at once and with a database that is down (R44).

use std::collections::{HashMap, HashSet};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::Session;
use crate::convert::{millis, time};
use crate::database::Fault;
use crate::entity::session::{Column, Entity, Model};
use crate::limits::{SESSION_IDLE, SESSION_LIFE};

/// The sessions that live, and those that were ended but may still be on disk.
#[derive(Debug, Default)]
pub(crate) struct LiveSessions(RwLock<Sessions>);

#[derive(Debug, Default)]
struct Sessions {
    live: HashMap<Uuid, Session>,
    dead: HashSet<Uuid>,
}

impl LiveSessions {
    /// Takes those on disk in place of those in memory. What was ended stays so.
    pub(crate) async fn load(&self, connection: &impl ConnectionTrait) -> Result<(), Fault> {
        let rows = Entity::find().all(connection).await?;
        let mut live = rows.into_iter().map(from_row).collect::<Result<Vec<_>, _>>()?;
        let mut sessions = self.write();
        live.retain(|session| !sessions.dead.contains(&session.id));
        sessions.live = live.into_iter().map(|session| (session.id, session)).collect();
        Ok(())
    }

    pub(crate) fn get(&self, id: Uuid, now: DateTime<Utc>) -> Option<Session> {
        self.read().live.get(&id).filter(|session| session.expires_at > now).cloned()
    }

    /// The one used last first.
    pub(crate) fn list(&self, now: DateTime<Utc>) -> Vec<Session> {
        let mut list: Vec<_> = self.read().live.values().filter(|session| session.expires_at > now).cloned().collect();
        list.sort_by_key(|session| (std::cmp::Reverse(session.last_used_at), session.id));
        list
    }

    pub(crate) fn put(&self, session: Session) {
        let mut sessions = self.write();
        if !sessions.dead.contains(&session.id) {
            sessions.live.insert(session.id, session);
        }
    }

    /// Forgets a session that is no longer on disk.
    pub(crate) fn remove(&self, id: Uuid) {
        self.write().live.remove(&id);
    }

    /// Ends sessions whatever the disk says.
    pub(crate) fn kill(&self, ids: impl IntoIterator<Item = Uuid>) {
        let mut sessions = self.write();
        for id in ids {
            if sessions.live.remove(&id).is_some() {
                sessions.dead.insert(id);
            }
        }
    }

    /// Forgets sessions that were ended on disk too.
    pub(crate) fn bury(&self, ids: impl IntoIterator<Item = Uuid>) {
        let mut sessions = self.write();
        for id in ids {
            sessions.dead.remove(&id);
        }
    }

    /// Those that were ended but may still be on disk.
    pub(crate) fn dead(&self) -> Vec<Uuid> {
        self.read().dead.iter().copied().collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Sessions> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Sessions> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn from_row(row: Model) -> Result<Session, Fault> {
    let (created_at, last_used_at) = (time(row.created_at)?, time(row.last_used_at)?);
    let expires_at = (created_at + SESSION_LIFE).min(last_used_at + SESSION_IDLE);
    Ok(Session { id: row.id, created_at, last_used_at, expires_at, address: row.address, user_agent: row.user_agent })
}

/// Deletes sessions that are over, and those that were ended in memory alone.
pub(crate) async fn delete_over(
    connection: &impl ConnectionTrait,
    dead: &[Uuid],
    now: DateTime<Utc>,
) -> Result<u64, Fault> {
    let over = Condition::any()
        .add(Column::CreatedAt.lte(millis(now - SESSION_LIFE)))
        .add(Column::LastUsedAt.lte(millis(now - SESSION_IDLE)))
        .add(Column::Id.is_in(dead.iter().copied()));
    Ok(Entity::delete_many().filter(over).exec(connection).await?.rows_affected)
}
