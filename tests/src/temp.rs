//! A temporary folder of one test.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A folder that no other test uses. Dropping it deletes it with all that is in it.
#[derive(Debug)]
pub struct TestFolder {
    folder: tempfile::TempDir,
}

impl TestFolder {
    /// Makes the folder, empty and readable by its owner only.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("octoporty-test-").tempdir()?;
        Ok(Self { folder })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The path of `name` below it; nothing is made.
    #[must_use]
    pub fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path().join(name)
    }

    /// Writes the file `name`, with the folders above it, and gives its path.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> io::Result<PathBuf> {
        let path = self.file(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, content)?;
        Ok(path)
    }

    /// Reads the file `name` as text.
    ///
    /// # Errors
    /// There is no such file, or it is not UTF-8.
    pub fn read(&self, name: impl AsRef<Path>) -> io::Result<String> {
        fs::read_to_string(self.file(name))
    }
}
