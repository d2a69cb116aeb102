//! The database behind the API: opened in the background and again until it opens, since the tunnel needs none.

mod opening;

pub(crate) use opening::{Storage, StorageConfig};
