//! Who is there: Agents, their sessions and lanes, and which hosts they hold.
//!
//! ```text
//!   RouteTable ──► RouteEntry { mapping, agent } ──► Agent ──► Session ──► lanes, one or more a shard
//! ```

mod agent;
mod open;
mod session;
mod table;

pub(crate) use agent::Agent;
pub use agent::AgentStatus;
pub(crate) use open::{ExchangePlace, OpenExchanges};
pub(crate) use session::{LaneSlot, NotAdded, Session};
pub(crate) use table::{Registry, RouteEntry};
