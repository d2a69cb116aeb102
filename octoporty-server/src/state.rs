//! What a Gateway remembers of its last run: which Agents it had, so that it knows whom to wait for.

use std::{
    io,
    path::{Path, PathBuf},
};

use octoporty_core::id::AgentId;
use serde::{Deserialize, Serialize};

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
    let bytes = match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
        Ok(meta) if meta.len() > STATE_BYTES_MAX => {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "larger than any state file"));
        }
        Ok(_) => std::fs::read(path)?,
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
    let json = serde_json::to_vec(&State { agents })?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // Who connects here is nobody else's business (R60).
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(&beside)?, &json)?;
    std::fs::rename(&beside, path)
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
