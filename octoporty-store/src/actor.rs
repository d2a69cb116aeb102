//! Who does something: what is written beside each change.

use uuid::Uuid;

/// Who changed something, for the audit. All parts may be missing, as for a change by the program itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Actor {
    /// Where from, an IP address as text.
    pub address: Option<String>,
    /// The session that was used.
    pub session: Option<Uuid>,
    /// What the browser says it is. Cut at [`TEXT_BYTES_MAX`](crate::limits::TEXT_BYTES_MAX).
    pub user_agent: Option<String>,
}

impl Actor {
    /// The program itself.
    #[must_use]
    pub const fn program() -> Self {
        Self { address: None, session: None, user_agent: None }
    }
}
