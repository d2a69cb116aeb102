//! Files that settings come from, read whole with a bound. What is in them is others' business.

use std::io::Read;
use std::path::Path;

use octoporty_core::secret::Secret;

/// Largest file that is read, configuration or secret, in bytes: far above any honest one.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// A file's whole text.
pub(super) fn read_text(path: &Path) -> std::io::Result<Secret> {
    let mut text = String::new();
    let bytes = std::fs::File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    let secret = Secret::new(text);
    if u64::try_from(bytes).is_ok_and(|bytes| bytes > FILE_BYTES_MAX) {
        let message = format!("larger than {FILE_BYTES_MAX} bytes");
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, message));
    }
    Ok(secret)
}

/// A secret file's content without the line end that editors and `echo` add.
pub(super) fn read_secret(path: &Path) -> Result<Secret, String> {
    let text = read_text(path).map_err(|error| format!("cannot be read: {error}"))?;
    let trimmed = text.expose().trim_end_matches(['\r', '\n']);
    if trimmed.is_empty() { Err("is empty".to_owned()) } else { Ok(Secret::new(trimmed.to_owned())) }
}

/// Whether every user of the machine can read it.
#[cfg(unix)]
pub(super) fn readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    const OTHERS_READ: u32 = 0o004;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & OTHERS_READ != 0)
}

#[cfg(not(unix))]
pub(super) fn readable_by_others(_path: &Path) -> bool {
    false
}
