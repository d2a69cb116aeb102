//! Log lines of both programs: the last ones from memory or through the tunnel, older ones of the Agent from its files.

mod agent;
mod file;
mod gateway;
mod pager;
mod view;

pub(crate) use agent::router as agent_router;
pub(crate) use gateway::router as gateway_router;
pub(crate) use view::LogLine;
