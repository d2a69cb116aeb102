//! Forgetting: what is too old or too much goes, in small steps, and the file gets smaller.

/// What a round of forgetting deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Rows of the request log.
    pub requests: u64,
    /// Rows of the connection log.
    pub connections: u64,
    /// Rows of minutes, failures and tunnel states.
    pub history: u64,
}
