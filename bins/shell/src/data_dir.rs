//! The data directory: whether it can be written, with a message that helps if not, and the stable id kept in it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::process;

/// The file in the data directory that holds the id.
const ID_FILE: &str = "agent-id";

/// Hex digits of an id: 128 bit.
const ID_DIGITS: usize = 32;

/// The data directory cannot be used. The message names directory, user, and the two usual fixes.
#[derive(Debug, thiserror::Error)]
#[error("the data directory {} cannot be written by UID:GID {user}: {source}. {advice}", path.display())]
#[non_exhaustive]
pub struct DataDirError {
    path: PathBuf,
    user: String,
    advice: String,
    source: io::Error,
}

impl DataDirError {
    fn new(path: &Path, source: io::Error) -> Self {
        let user = process::uid_gid();
        let advice = advice(path, user.as_deref(), owner(path).as_deref());
        let user = user.unwrap_or_else(|| "unknown".to_owned());
        Self { path: path.to_owned(), user, advice, source }
    }
}

/// The stable id could not be read or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentIdError {
    /// The file system refused.
    #[error("{} cannot be used: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Somebody changed the file.
    #[error("{} does not hold {ID_DIGITS} hex digits; remove it, and the agent gets a new identity", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// Makes sure that the directory exists and can be written: creates it (0700) if need be, and tries with a file.
///
/// # Errors
///
/// When either fails.
pub fn prepare(path: &Path) -> Result<(), DataDirError> {
    create(path).and_then(|()| try_write(path)).map_err(|error| DataDirError::new(path, error))
}

/// Whether [`prepare`] would succeed, leaving nothing behind: tries with a file in the directory, or in the nearest
/// one above it that exists.
///
/// # Errors
///
/// When a file cannot be written there.
pub fn check(path: &Path) -> Result<(), DataDirError> {
    let existing = path.ancestors().find(|ancestor| ancestor.exists());
    let existing = existing.filter(|found| !found.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    try_write(existing).map_err(|error| DataDirError::new(path, error))
}

/// The agent's id: 128 random bits as 32 lower-case hex digits, made at the first call and kept in the directory
/// from then on (0600, written atomically).
///
/// # Errors
///
/// When the file can neither be read nor made, or holds something else.
pub fn load_or_create_agent_id(directory: &Path) -> Result<String, AgentIdError> {
    let path = directory.join(ID_FILE);
    let failed = |source| AgentIdError::Io { path: path.clone(), source };
    match fs::read_to_string(&path) {
        Ok(text) => {
            let id = text.trim();
            let good = id.len() == ID_DIGITS && id.bytes().all(|byte| byte.is_ascii_hexdigit());
            if good { Ok(id.to_ascii_lowercase()) } else { Err(AgentIdError::Damaged { path }) }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let id = format!("{:032x}", rand::random::<u128>());
            write_atomically(&path, &format!("{id}\n")).map_err(failed)?;
            Ok(id)
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(AgentIdError::Damaged { path }),
        Err(error) => Err(failed(error)),
    }
}

fn create(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn try_write(directory: &Path) -> io::Result<()> {
    let path = directory.join(format!(".octoporty-write-test-{}", std::process::id()));
    let written = new_file(&path).and_then(|mut file| file.write_all(b"test"));
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => written.and(Err(error)),
        Ok(()) | Err(_) => written,
    }
}

/// Readers see the whole file or none; a crash leaves at most a file with another name.
fn write_atomically(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = new_file(&draft)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    drop(file);
    if let Err(error) = written.and_then(|()| fs::rename(&draft, path)) {
        // The first error is the one to tell.
        let _left_behind = fs::remove_file(&draft);
        return Err(error);
    }
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// A file of the owner's alone. One of the same name is a leftover of a process that died with this id.
fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn owner(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).ok()?;
    Some(format!("{}:{}", metadata.uid(), metadata.gid()))
}

#[cfg(not(unix))]
fn owner(_path: &Path) -> Option<String> {
    None
}

fn advice(path: &Path, user: Option<&str>, owner: Option<&str>) -> String {
    // Nobody should be told to run this as root.
    let run_as = owner.filter(|owner| !owner.starts_with("0:")).unwrap_or("1000:1000");
    let user = user.unwrap_or("UID:GID");
    format!(
        "Two usual fixes: run as the user that owns it (compose: `user: \"{run_as}\"`, systemd: `User=`, on TrueNAS \
         often `user: \"568:568\"`), or give it to this user: `chown -R {user} {}`",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_names_directory_user_and_both_fixes() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let inside = file.join("data");
        for error in [prepare(&inside).unwrap_err(), check(&inside).unwrap_err()] {
            let text = error.to_string();
            let user = process::uid_gid().unwrap_or_else(|| "unknown".to_owned());
            for part in [&inside.display().to_string(), &user, "user: \"", "568:568", "chown -R", "User="] {
                assert!(text.contains(part), "{part} in {text}");
            }
            assert_eq!(text.lines().count(), 1);
        }
    }

    #[test]
    fn nobody_is_told_to_run_as_root() {
        let text = advice(Path::new("/app/data"), Some("1001:1001"), Some("0:0"));
        assert!(text.contains("user: \"1000:1000\"") && text.contains("chown -R 1001:1001 /app/data"), "{text}");
        assert!(advice(Path::new("/d"), None, Some("568:568")).contains("`user: \"568:568\"`, systemd"));
    }

    #[test]
    fn check_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        check(&directory.path().join("a/b")).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        prepare(&directory.path().join("a/b")).unwrap();
        assert_eq!(fs::read_dir(directory.path().join("a/b")).unwrap().count(), 0);
    }

    #[test]
    fn id_is_made_once_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let id = load_or_create_agent_id(directory.path()).unwrap();
        assert_eq!((id.len(), load_or_create_agent_id(directory.path()).unwrap()), (32, id.clone()));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);

        let other = tempfile::tempdir().unwrap();
        assert_ne!(load_or_create_agent_id(other.path()).unwrap(), id);
    }

    #[test]
    fn damaged_id_is_told_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        for damaged in [&b""[..], b"short", b"zz", &[0xff; 32], &[b'g'; 32]] {
            fs::write(directory.path().join(ID_FILE), damaged).unwrap();
            let error = load_or_create_agent_id(directory.path()).unwrap_err();
            assert!(matches!(error, AgentIdError::Damaged { .. }), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn id_and_directory_are_for_the_owner_alone() {
        // R60
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        prepare(&data).unwrap();
        load_or_create_agent_id(&data).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&data), mode(&data.join(ID_FILE))), (0o700, 0o600));
    }
}
