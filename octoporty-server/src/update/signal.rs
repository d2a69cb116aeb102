//! The signal file, and when the last one was written.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{clock, files};

/// Largest file that is read, in bytes: four short texts.
const FILE_BYTES_MAX: u64 = 4 << 10;

/// What the host's watcher reads. These fields and no others (R37).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Signal {
    pub(super) target_version: String,
    pub(super) current_version: String,
    pub(super) requested_by: String,
    /// RFC 3339, in UTC.
    pub(super) requested_at: String,
}

/// Kept after the signal was taken away, so that the pause between two holds over restarts.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Last {
    at_ms: u64,
}

/// The two files.
#[derive(Debug)]
pub(super) struct SignalFile {
    path: PathBuf,
    last: PathBuf,
}

impl SignalFile {
    pub(super) fn new(path: PathBuf) -> Self {
        let last = files::beside(&path, ".last");
        Self { path, last }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The signal that waits for the host, and when it was written. One that somebody else wrote, or damaged, waits too:
    /// only the watcher takes signals away.
    pub(super) fn waiting(&self) -> io::Result<Option<(Option<Signal>, u64)>> {
        let metadata = match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
            Ok(metadata) => metadata,
        };
        let written = metadata.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let written_ms = u64::try_from(written.as_millis()).unwrap_or_default();
        let bytes = files::read_small(&self.path, FILE_BYTES_MAX).unwrap_or_default();
        Ok(Some((bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()), written_ms)))
    }

    /// When the last signal was written, as far as is known.
    pub(super) fn last_ms(&self) -> io::Result<Option<u64>> {
        let bytes = files::read_small(&self.last, FILE_BYTES_MAX)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice::<Last>(&bytes).ok()).map(|last| last.at_ms))
    }

    /// Tells the host. The moment goes first: a crash in between costs a pause, not the pause.
    pub(super) fn write(&self, signal: &Signal, at_ms: u64) -> io::Result<()> {
        files::write_whole(&self.last, &serde_json::to_vec(&Last { at_ms })?)?;
        files::write_whole(&self.path, &serde_json::to_vec(signal)?)
    }
}

impl Signal {
    pub(super) fn new(target: &str, current: &str, by: &str, at_ms: u64) -> Self {
        Self {
            target_version: target.to_owned(),
            current_version: current.to_owned(),
            requested_by: by.to_owned(),
            requested_at: clock::rfc3339(at_ms),
        }
    }
}
