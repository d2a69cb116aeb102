//! The Gateway's own log lines, for Agents: where they come from, and how a live stream of them is kept in bounds.

mod source;
mod tail;

pub use source::LogSource;
pub(crate) use tail::Tail;
