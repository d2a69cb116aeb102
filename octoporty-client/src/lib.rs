//! Octoporty client.

pub mod connect;
pub mod upstream;
