//! Agents: the door where they are let in, and serving their lanes.

mod accept;
mod calls;
mod door;

pub(crate) use accept::{Admitted, serve};
pub(crate) use door::upgrade;
