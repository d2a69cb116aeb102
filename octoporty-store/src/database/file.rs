//! The files of a database: who may read them (R60), which one it is, and what lies beside it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// Which file a path leads to. A file that was replaced is another one under the same path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// `None` if there is no such file. Where the system has no such ids, all files are the same one.
    pub(super) fn of(path: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(metadata) => Ok(Some(Self::read(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    #[cfg(unix)]
    fn read(metadata: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    #[cfg(not(unix))]
    fn read(_metadata: &fs::Metadata) -> Self {
        Self { device: 0, inode: 0 }
    }
}

/// The path with something behind its file name, as SQLite names what belongs to a database.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(suffix);
    path.with_file_name(name)
}

/// SQLite's own files beside a database.
pub(super) fn companions(path: &Path) -> [PathBuf; 2] {
    [beside(path, "-wal"), beside(path, "-shm")]
}

/// Makes an empty file that its owner alone may read, unless there is one. SQLite gives its own files the same mode.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_file) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Takes rights of others to a file away. It may be another user's, so that this may fail.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mut permissions = fs::metadata(path)?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(permissions.mode() & 0o700);
            fs::set_permissions(path, permissions)?;
        }
    }
    Ok(())
}

/// Writes a directory's entries to disk, so that a rename in it outlives a power cut.
pub(super) fn sync_directory(of: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(directory) = of.parent() {
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// What the names of temporary files have behind the database's own.
const TEMPORARY: &str = ".tmp-";

/// An empty file beside a database, or in the system's place for such files, that is removed on drop.
#[derive(Debug)]
pub(crate) struct TemporaryFile {
    path: Option<PathBuf>,
}

impl TemporaryFile {
    pub(crate) fn new(database: Option<&Path>) -> io::Result<Self> {
        let suffix = format!("{TEMPORARY}{}", Uuid::new_v4().simple());
        let path = match database {
            Some(database) => beside(database, &suffix),
            None => std::env::temp_dir().join(format!("octoporty{suffix}")),
        };
        create_private(&path)?;
        Ok(Self { path: Some(path) })
    }

    pub(crate) fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or_else(|| Path::new(""))
    }

    /// Gives the file its name for good, over any of that name, and sees to it that it is on disk.
    pub(super) fn persist(mut self, path: &Path) -> io::Result<()> {
        File::open(self.path())?.sync_all()?;
        fs::rename(self.path(), path)?;
        self.path = None;
        sync_directory(path)
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            remove_with_companions(path);
        }
    }
}

/// Removes what a killed process left beside a database.
pub(super) fn sweep_temporaries(database: &Path) {
    let mut prefix = database.file_name().map_or_else(OsString::new, OsString::from);
    prefix.push(TEMPORARY);
    let prefix = prefix.to_string_lossy().into_owned();
    let directory = database.parent().filter(|parent| !parent.as_os_str().is_empty());
    let Ok(entries) = fs::read_dir(directory.unwrap_or_else(|| Path::new("."))) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            remove_with_companions(&entry.path());
        }
    }
}

fn remove_with_companions(path: &Path) {
    let journal = beside(path, "-journal");
    let [wal, shm] = companions(path);
    for path in [path, &wal, &shm, &journal] {
        if let Err(error) = fs::remove_file(path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %error, "a temporary file could not be removed");
        }
    }
}
