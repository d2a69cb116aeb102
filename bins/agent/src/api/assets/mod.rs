//! The dashboard's files, embedded in the program.

mod embedded;
mod serve;

pub(crate) use serve::serve;
