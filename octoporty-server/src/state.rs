//! What a Gateway remembers of its last run: which Agents it had, so that it knows whom to wait for.

use std::{io, path::Path};

use octoporty_core::id::AgentId;
use serde::{Deserialize, Serialize};

use crate::files;

/// Largest state file that is read, in bytes: 100,000 Agents.
const STATE_BYTES_MAX: u64 = 4 << 20;

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    agents: Vec<AgentId>,
}

/// The Agents of the last run; empty when nothing was written.
///
/// # Errors
///
/// When the file is there and cannot be read.
pub(crate) fn read(path: &Path) -> io::Result<Vec<AgentId>> {
    let Some(bytes) = files::read_small(path, STATE_BYTES_MAX)? else {
        return Ok(Vec::new());
    };
    let state: State = serde_json::from_slice(&bytes).map_err(io::Error::from)?;
    Ok(state.agents)
}

/// Writes the Agents of this run, whole or not at all.
///
/// # Errors
///
/// When the file, or one beside it, cannot be written.
pub(crate) fn write(path: &Path, agents: Vec<AgentId>) -> io::Result<()> {
    files::write_whole(path, &serde_json::to_vec(&State { agents })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_survive_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        assert_eq!(read(&path).unwrap(), []);
        let agents = vec![AgentId::from_u128(1), AgentId::from_u128(2)];
        write(&path, agents.clone()).unwrap();
        assert_eq!(read(&path).unwrap(), agents);
        std::fs::write(&path, b"{").unwrap();
        assert!(read(&path).is_err());
    }
}
