//! Mappings from the configuration file and from `--map`, read into types. Those of the database are elsewhere.

mod config;
mod read;
mod row;
#[cfg(test)]
mod tests;

pub(crate) use config::MappingConfig;

pub(crate) use config::{HeaderChanges, HostHeader, UpstreamProtocol, UpstreamScheme};
pub(crate) use read::{TABLE, read};
