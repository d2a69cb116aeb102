//! What a process uses, read from `/proc`. Linux only.

use std::{fs, io, path::Path};

/// A snapshot of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessFigures {
    /// Resident memory in bytes (`VmRSS`).
    pub resident_bytes: u64,
    /// The most it ever was, in bytes (`VmHWM`).
    pub resident_bytes_peak: u64,
    /// Open file descriptors.
    pub descriptors: usize,
    /// Threads.
    pub threads: u64,
}

impl ProcessFigures {
    /// Reads the figures of `pid`.
    ///
    /// # Errors
    /// The process is gone, belongs to another user, or `/proc` is not as expected.
    pub fn of(pid: u32) -> io::Result<Self> {
        Self::read(Path::new(&format!("/proc/{pid}")))
    }

    /// Reads the figures of the test process itself.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn of_self() -> io::Result<Self> {
        Self::read(Path::new("/proc/self"))
    }

    fn read(folder: &Path) -> io::Result<Self> {
        let status = fs::read_to_string(folder.join("status"))?;
        let kibibytes = |name| Ok::<_, io::Error>(figure(&status, name)? * 1024);
        Ok(Self {
            resident_bytes: kibibytes("VmRSS")?,
            resident_bytes_peak: kibibytes("VmHWM")?,
            descriptors: fs::read_dir(folder.join("fd"))?.count(),
            threads: figure(&status, "Threads")?,
        })
    }
}

/// The number behind `name:` in a status file.
fn figure(status: &str, name: &str) -> io::Result<u64> {
    status
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .find_map(|value| value.split_whitespace().next()?.parse().ok())
        .ok_or_else(|| io::Error::other(format!("no figure {name} in the process status")))
}
