//! How a drain went.

/// How a drain went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DrainReport {
    /// Exchanges that were open when it began, and came to their end.
    pub finished: u64,
    /// Exchanges that were open at the deadline and were cut.
    pub aborted: u64,
}
