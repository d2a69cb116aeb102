//! When the tunnel was up, when it was down and why, and when nobody was there to know.

use chrono::{DateTime, Utc};

use crate::{Store, StoreError};

/// How the tunnel was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TunnelState {
    /// Up.
    Up,
    /// Down.
    Down,
    /// The program did not run, or could not write.
    Unknown,
}

/// For how long the tunnel was so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TunnelSpan {
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: DateTime<Utc>,
    /// How it was.
    pub state: TunnelState,
    /// Why it was down.
    pub cause: Option<String>,
}

/// The tunnel's states of a store: those of the last 7 days ([`HISTORY_KEPT`](crate::limits::HISTORY_KEPT)).
#[derive(Debug, Clone, Copy)]
pub struct TunnelStates<'a>(pub(crate) &'a Store);

impl TunnelStates<'_> {
    /// Starts a span at `at`, and ends the one before there.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn change(&self, at: DateTime<Utc>, state: TunnelState, cause: Option<&str>) -> Result<(), StoreError> {
        todo!()
    }

    /// Starts the first span of a run of the program. The one before ends where it was last [`Self::confirm`]ed, and
    /// between them nobody knows.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn start(&self, at: DateTime<Utc>, state: TunnelState, cause: Option<&str>) -> Result<(), StoreError> {
        todo!()
    }

    /// Says that the last span still goes on at `at`. Call it each minute: a killed program is missed by that much.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn confirm(&self, at: DateTime<Utc>) -> Result<(), StoreError> {
        todo!()
    }

    /// The spans from `from` to `to`, oldest first, without gaps: what is not known is [`TunnelState::Unknown`].
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn history(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<TunnelSpan>, StoreError> {
        todo!()
    }
}
