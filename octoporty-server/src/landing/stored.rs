//! The page on disk, so that it outlives a restart.

use std::{io, path::Path};

use octoporty_core::id::AgentId;
use serde::{Deserialize, Serialize};

use crate::{files, pages::LANDING_BYTES_MAX};

/// Largest file in bytes: a page whose every character JSON has to escape.
const FILE_BYTES_MAX: u64 = 6 * LANDING_BYTES_MAX as u64 + 4096;

/// What is kept: the page, whose it is, and since when.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stored {
    pub(super) agent: AgentId,
    pub(super) by: String,
    pub(super) changed_at_ms: u64,
    /// Absent after a user brought back the Gateway's own page.
    pub(super) html: Option<String>,
}

impl Stored {
    /// The page of the last run, if there was one.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        let bytes = files::read_small(path, FILE_BYTES_MAX)?;
        bytes.map(|bytes| serde_json::from_slice(&bytes).map_err(io::Error::from)).transpose()
    }

    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        files::write_whole(path, &serde_json::to_vec(self)?)
    }
}
