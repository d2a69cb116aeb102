//! The Agent: what keeps the tunnel up, and what answers its requests.

mod builder;
mod forward;
mod handle;
mod lane;
mod plain;
mod supervisor;
mod told;

pub use builder::AgentBuilder;
pub use handle::Agent;
