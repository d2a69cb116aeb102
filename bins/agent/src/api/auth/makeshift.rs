//! Sessions while the database cannot be written: in memory, without refresh, so that somebody can sign in and see what
//! is wrong.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;
use uuid::Uuid;

use super::token::ACCESS_LIFE;

/// Such sessions at most. The oldest one ends when one more starts.
const SESSIONS_MAX: usize = 8;

#[derive(Debug, Default)]
pub(super) struct MakeshiftSessions {
    sessions: Mutex<Vec<(Uuid, Instant)>>,
}

impl MakeshiftSessions {
    pub(super) fn start(&self, id: Uuid) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() == SESSIONS_MAX {
            sessions.remove(0);
        }
        sessions.push((id, Instant::now() + ACCESS_LIFE));
    }

    pub(super) fn is_live(&self, id: Uuid) -> bool {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        sessions.iter().any(|(session, until)| *session == id && *until > now)
    }

    pub(super) fn end(&self, id: Uuid) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).retain(|(session, _)| *session != id);
    }

    pub(super) fn end_all(&self) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
