//! What the Octoporty programs share: configuration in layers, logging, banner, signals, the threads of the data
//! path, the data directory. Knows nothing of tunnels.

mod background;
pub mod banner;
pub mod data_dir;
pub mod flags;
pub mod health;
pub mod logging;
pub mod output;
pub mod process;
pub mod service;
pub mod settings;
mod shards;
mod signals;
pub mod tcp;

pub use background::background_runtime;
pub use shards::{SHARDS_MAX, Shards};
pub use signals::shutdown_signal;
