//! R37: who may ask for what, how often, and what the host finds.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use octoporty_core::message::{UpdateAnswer, UpdateRequest, UpdateStatus};
use serde_json::Value;

use super::Updates;

const CURRENT: &str = "1.9.0";
const MINUTE_MS: u64 = 60_000;

fn ask(updates: &Updates, version: &str, force: bool) -> UpdateAnswer {
    updates.request("nas", &UpdateRequest { version: version.to_owned(), force })
}

fn updates_at(path: &Path) -> Updates {
    Updates::new(Some(path.to_owned()), CURRENT)
}

#[test]
fn the_host_finds_the_fixed_fields_in_a_file_of_its_own() {
    // R37
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("update-signal");
    let updates = updates_at(&path);
    let answer = ask(&updates, "1.10.0", false);
    assert_eq!((answer.status, answer.version.as_str()), (UpdateStatus::Queued, CURRENT));
    assert!(updates.is_queued());
    let mut signal: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let at = signal["requestedAt"].take();
    assert!(at.as_str().unwrap().ends_with('Z') && at.as_str().unwrap().len() == 24, "{at}");
    let expected = serde_json::json!({
        "targetVersion": "1.10.0", "currentVersion": CURRENT, "requestedBy": "nas", "requestedAt": null,
    });
    assert_eq!(signal, expected);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let waiting = updates.waiting().unwrap();
    assert_eq!((waiting.target.as_str(), waiting.by.as_str()), ("1.10.0", "nas"));
}

#[test]
fn only_newer_versions_are_taken_unless_forced() {
    // R37
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("update-signal");
    for (version, code) in [
        ("1.9.0", "not-newer"),
        ("1.8.99", "not-newer"),
        ("1.9.0-rc.1", "not-newer"),
        ("2", "bad-version"),
        ("latest", "bad-version"),
        ("2.0.0\n", "bad-version"),
    ] {
        let answer = ask(&updates_at(&path), version, false);
        assert_eq!((answer.status, answer.code.as_str()), (UpdateStatus::Rejected, code), "{version:?}");
    }
    assert_eq!(ask(&updates_at(&path), "2", true).code, "bad-version", "force is no excuse");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(ask(&updates_at(&path), "1.8.0", true).status, UpdateStatus::Queued);
}

#[test]
fn one_signal_waits_at_a_time_and_a_restart_knows_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("update-signal");
    ask(&updates_at(&path), "1.10.0", false);
    let restarted = updates_at(&path);
    let answer = ask(&restarted, "1.11.0", true);
    assert_eq!(answer.status, UpdateStatus::AlreadyQueued);
    assert!(answer.message.contains("1.10.0"), "{}", answer.message);
    assert!(std::fs::read_to_string(&path).unwrap().contains("1.10.0"));
    // Whatever lies there, only the watcher takes it away.
    std::fs::write(&path, "garbage").unwrap();
    assert_eq!(ask(&restarted, "1.11.0", false).status, UpdateStatus::AlreadyQueued);
}

#[test]
fn one_signal_in_ten_minutes_even_over_restarts() {
    // R37
    static NOW: AtomicU64 = AtomicU64::new(1_790_000_000_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("update-signal");
    let updates = || Updates::with_clock(Some(path.clone()), CURRENT, || NOW.load(Ordering::Relaxed));
    assert_eq!(ask(&updates(), "1.10.0", false).status, UpdateStatus::Queued);
    std::fs::remove_file(&path).unwrap();
    NOW.fetch_add(10 * MINUTE_MS - 1, Ordering::Relaxed);
    let answer = ask(&updates(), "1.10.0", true);
    assert_eq!((answer.status, answer.code.as_str()), (UpdateStatus::Rejected, "too-soon"));
    assert!(answer.message.contains("in 1 min."), "{}", answer.message);
    NOW.fetch_add(1, Ordering::Relaxed);
    assert_eq!(ask(&updates(), "1.10.0", false).status, UpdateStatus::Queued);
    std::fs::remove_file(&path).unwrap();
    // A clock that was set back by years does not bar updates for years.
    NOW.store(1_500_000_000_000, Ordering::Relaxed);
    assert_eq!(ask(&updates(), "1.10.0", false).status, UpdateStatus::Queued);
}

#[test]
fn a_signal_that_nobody_takes_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("update-signal");
    let updates =
        Updates::with_clock(Some(path), CURRENT, || crate::clock::SharedClock::default().now_ms() + 7 * MINUTE_MS);
    ask(&updates, "1.10.0", false);
    let answer = ask(&updates, "1.10.0", false);
    assert!(answer.message.contains("Is the updater installed"), "{}", answer.message);
}

#[test]
fn a_gateway_that_may_not_be_updated_says_so() {
    // R37
    let answer = ask(&Updates::new(None, CURRENT), "2.0.0", true);
    assert_eq!((answer.status, answer.code.as_str()), (UpdateStatus::Rejected, "not-allowed"));
}

#[test]
fn a_signal_that_cannot_be_written_is_no_update() {
    let folder = tempfile::tempdir().unwrap();
    let updates = updates_at(&folder.path().join("missing/update-signal"));
    let answer = ask(&updates, "2.0.0", false);
    assert_eq!((answer.status, answer.code.as_str()), (UpdateStatus::Rejected, "unavailable"));
    assert!(!updates.is_queued());
}
