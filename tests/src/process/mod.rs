//! Programs under test as real processes: found, started, listened to, signalled, ended.

mod lines;
mod program;
mod running;

pub use self::{
    lines::{Line, LineSource},
    program::Program,
    running::{Process, ProcessError, Signal},
};
