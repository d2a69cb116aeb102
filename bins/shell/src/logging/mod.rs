//! Log lines on standard error and in daily files, through threads of their own: whoever logs never waits for a disk.

mod config;
mod daily;
mod escape;
mod init;
mod level;
mod ring;

pub use config::{FILE_PATH, FORMAT, LogFormat, LoggingConfig, MINIMUM_LEVEL, SETTINGS};
pub use init::{ExtraLayer, LogGuard, LoggingError, init, init_with_layers};
pub use level::Level;
pub use ring::{LogFollower, LogRing, RING_BYTES_MAX, RING_ENTRIES_MAX, RingLayer};
