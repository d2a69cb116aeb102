//! One database file: its connections, its one writer, and its way back after a fault. Knows nothing of what is in it
//! beyond the schema's version.

mod fault;
mod file;
mod open;
mod reader;
mod recover;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use fault::Fault;
pub(crate) use file::{TemporaryFile, beside, create_private};
pub(crate) use open::Spec;
pub(crate) use reader::Database;
pub(crate) use recover::vacuum_into;
pub(crate) use writer::{Writer, begin};
