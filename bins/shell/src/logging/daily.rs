//! A file a day: `agent-.log` becomes `agent-20261122.log`. Bounded in days and in bytes a day.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;

/// Daily files that are kept; older ones are removed when a new one begins.
const FILES_MAX: usize = 31;

/// Largest file in bytes. What comes after it on that day is skipped, so that a fault that logs without end does not
/// fill the disk.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// The line that says that the rest of the day is missing.
const FULL_LINE: &[u8] = b"this file has reached its limit; the rest of the day (UTC) is not written\n";

/// Digits of a date in a file name, `20261122`.
const DATE_FORMAT: &str = "%Y%m%d";

/// Writes to the file of the day, which changes at midnight UTC. Made for a writer thread: it blocks.
#[derive(Debug)]
pub(super) struct DailyFile {
    directory: PathBuf,
    prefix: String,
    suffix: String,
    today: fn() -> NaiveDate,
    open: Option<OpenFile>,
    file_bytes_max: u64,
}

#[derive(Debug)]
struct OpenFile {
    date: NaiveDate,
    file: File,
    bytes: u64,
    full: bool,
}

impl DailyFile {
    /// Creates the directory if need be and opens the file of the day.
    ///
    /// # Errors
    ///
    /// What the file system says, when it cannot be written.
    pub(super) fn open(path: &Path, today: fn() -> NaiveDate) -> io::Result<Self> {
        let text_of = |part: Option<&std::ffi::OsStr>| part.map(|p| p.to_string_lossy().into_owned());
        let prefix = text_of(path.file_stem()).ok_or(io::ErrorKind::InvalidInput)?;
        let suffix = text_of(path.extension()).map_or_else(String::new, |extension| format!(".{extension}"));
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        create_directory(&directory)?;
        let mut daily = Self { directory, prefix, suffix, today, open: None, file_bytes_max: FILE_BYTES_MAX };
        daily.turn()?;
        Ok(daily)
    }

    /// Opens the file of the day unless it is open.
    fn turn(&mut self) -> io::Result<&mut OpenFile> {
        let date = (self.today)();
        if self.open.as_ref().is_none_or(|open| open.date != date) {
            self.open = None;
            let name = format!("{}{}{}", self.prefix, date.format(DATE_FORMAT), self.suffix);
            let file = append_options().open(self.directory.join(name))?;
            let bytes = file.metadata()?.len();
            let full = bytes > self.file_bytes_max;
            self.open = Some(OpenFile { date, file, bytes, full });
            self.remove_old();
        }
        self.open.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    // Failure to remove is no reason to stop logging, and the next day tries again.
    fn remove_old(&self) {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return;
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut ours: Vec<String> = names.filter(|name| self.is_ours(name)).collect();
        ours.sort_unstable_by(|a, b| b.cmp(a));
        for name in ours.iter().skip(FILES_MAX) {
            if fs::remove_file(self.directory.join(name)).is_err() {
                return;
            }
        }
    }

    fn is_ours(&self, name: &str) -> bool {
        let date = name.strip_prefix(&self.prefix).and_then(|rest| rest.strip_suffix(&self.suffix));
        date.is_some_and(|date| date.len() == 8 && date.bytes().all(|digit| digit.is_ascii_digit()))
    }
}

impl Write for DailyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let limit = self.file_bytes_max;
        let open = self.turn()?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if open.full {
            return Ok(bytes.len());
        }
        if open.bytes.saturating_add(length) > limit {
            open.full = true;
            open.file.write_all(FULL_LINE)?;
            return Ok(bytes.len());
        }
        let written = open.file.write(bytes)?;
        open.bytes += u64::try_from(written).unwrap_or(0);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.open.as_mut().map_or(Ok(()), |open| open.file.flush())
    }
}

#[cfg(unix)]
fn append_options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn append_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    options
}

fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn date(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn date_goes_before_the_extension_and_changes_the_file() {
        static DAY: AtomicU32 = AtomicU32::new(22);
        let directory = tempfile::tempdir().unwrap();
        let logs = directory.path().join("new/logs");
        let mut daily = DailyFile::open(&logs.join("agent-.log"), || date(DAY.load(Ordering::Relaxed))).unwrap();
        daily.write_all(b"one\n").unwrap();
        DAY.store(23, Ordering::Relaxed);
        daily.write_all(b"two\n").unwrap();
        assert_eq!(names(&logs), ["agent-20261122.log", "agent-20261123.log"]);
        assert_eq!(fs::read_to_string(logs.join("agent-20261123.log")).unwrap(), "two\n");
    }

    #[test]
    fn old_files_go_and_others_stay() {
        let directory = tempfile::tempdir().unwrap();
        for day in 1..=30 {
            fs::write(directory.path().join(format!("a-202610{day:02}.log")), "").unwrap();
        }
        fs::write(directory.path().join("a-20250101.log"), "").unwrap();
        fs::write(directory.path().join("a-notes.log"), "").unwrap();
        fs::write(directory.path().join("b-20200101.log"), "").unwrap();
        DailyFile::open(&directory.path().join("a-.log"), || date(22)).unwrap();
        let left = names(directory.path());
        assert_eq!(left.iter().filter(|name| name.starts_with("a-2")).count(), FILES_MAX);
        assert!(!left.contains(&"a-20250101.log".to_owned()));
        assert!(left.contains(&"a-notes.log".to_owned()) && left.contains(&"b-20200101.log".to_owned()));
    }

    #[test]
    fn full_file_says_so_once() {
        let directory = tempfile::tempdir().unwrap();
        let mut daily = DailyFile::open(&directory.path().join("a-.log"), || date(22)).unwrap();
        daily.file_bytes_max = 4;
        for _ in 0..3 {
            daily.write_all(b"abc\n").unwrap();
        }
        let text = fs::read(directory.path().join("a-20261122.log")).unwrap();
        assert_eq!(text, [b"abc\n", FULL_LINE].concat());
    }

    #[cfg(unix)]
    #[test]
    fn log_files_are_for_the_owner_alone() {
        // R60
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        DailyFile::open(&directory.path().join("a-.log"), || date(22)).unwrap();
        let metadata = fs::metadata(directory.path().join("a-20261122.log")).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }
}
