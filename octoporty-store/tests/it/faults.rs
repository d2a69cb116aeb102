//! Databases that are locked, full, read-only, damaged, gone, replaced, or someone else's: said so, and mended where
//! that can be.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Command;
use std::time::Duration;

use octoporty_store::{
    Access, Actor, Location, LogsFile, NewSession, ProblemKind, RequestFilter, Store, StoreConfig, StoreError,
    TokenHash,
};
use uuid::Uuid;

use crate::harness::{
    TestStore, at, domains, eventually, main_in, number, open, request, run, settings, stranger, text,
};

async fn create(store: &Store, domain: &str) -> Result<(), StoreError> {
    store.mappings().create(&Actor::program(), settings(domain)).await.map(|_mapping| ())
}

fn kind(error: &StoreError) -> Option<ProblemKind> {
    error.problem()
}

// R58
#[tokio::test]
async fn files_are_as_durable_as_what_is_in_them() {
    let test = TestStore::new().await;
    create(&test.store, "a.example").await.unwrap();
    for path in [test.main(), test.logs()] {
        let mut other = stranger(&path).await;
        assert_eq!(text(&mut other, "PRAGMA journal_mode").await, "wal");
        assert_eq!(number(&mut other, "PRAGMA auto_vacuum").await, 2, "incremental");
    }
}

// R60
#[cfg(unix)]
#[tokio::test]
async fn files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let test = TestStore::new().await;
    create(&test.store, "a.example").await.unwrap();
    test.store.close().await;
    std::fs::set_permissions(test.main(), PermissionsExt::from_mode(0o644)).unwrap();
    let store = open(test.config()).await.unwrap();
    create(&store, "b.example").await.unwrap();
    let entries: Vec<_> = std::fs::read_dir(test.directory.path()).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(entries.len(), 6, "{entries:?}");
    for entry in entries {
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
    }
}

#[tokio::test]
async fn a_store_in_memory_works_and_is_gone_after() {
    let store = open(Location::Memory).await.unwrap();
    create(&store, "a.example").await.unwrap();
    store.request_log().offer(request(1, at(0)));
    store.request_log().flush().await.unwrap();
    assert!(store.request_log().get(Uuid::from_u128(1)).await.unwrap().is_some());
    assert!(store.backup().await.unwrap().bytes() > 0);
    store.prune().await.unwrap();
    let again = open(Location::Memory).await.unwrap();
    assert!(again.mappings().all().list().is_empty());
}

#[tokio::test]
async fn logs_may_live_in_memory() {
    let test = TestStore::with(|config| config.logs(LogsFile::Memory)).await;
    test.store.request_log().offer(request(1, at(0)));
    test.store.request_log().flush().await.unwrap();
    assert!(!test.logs().exists());
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let test = TestStore::new().await;
    test.store.close().await;
    assert_eq!(create(&test.store, "a.example").await, Err(StoreError::Closed));
    assert_eq!(test.store.settings().get("a").await, Err(StoreError::Closed));
    assert_eq!(test.store.request_log().flush().await, Err(StoreError::Closed));
    test.store.close().await;
}

#[tokio::test]
async fn a_missing_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("missing").join("octoporty.db");
    let error = open(Location::file(&path)).await.unwrap_err();
    assert_eq!((error.kind, error.file.as_deref()), (ProblemKind::Unavailable, Some(path.as_path())));
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
}

#[tokio::test]
async fn what_is_no_database_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = main_in(directory.path());
    let words = "this is a text and no database, whatever its name says\n".repeat(100);
    std::fs::write(&path, &words).unwrap();
    let error = open(Location::file(&path)).await.unwrap_err();
    assert_eq!(error.kind, ProblemKind::Corrupt);
    assert!(error.to_string().contains("move it away"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), words);
}

#[tokio::test]
async fn a_damaged_database_is_found_out_at_start() {
    let test = TestStore::new().await;
    let many = (0..500).map(|number| settings(&format!("{number}.example"))).collect();
    let import = octoporty_store::Import { mappings: many, settings: vec![] };
    test.store.transfer().import(&Actor::program(), import, octoporty_store::ImportMode::Apply).await.unwrap();
    test.store.close().await;
    let mut bytes = std::fs::read(test.main()).unwrap();
    for page in bytes.chunks_mut(4_096).skip(20).step_by(3) {
        page[..512].fill(0xa5);
    }
    std::fs::write(test.main(), bytes).unwrap();
    let error = open(test.config()).await.unwrap_err();
    assert_eq!(error.kind, ProblemKind::Corrupt);
}

#[tokio::test]
async fn another_programs_database_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = main_in(directory.path());
    std::fs::write(&path, "").unwrap();
    let mut other = stranger(&path).await;
    run(&mut other, "CREATE TABLE theirs (a)").await;
    drop(other);
    let error = open(Location::file(&path)).await.unwrap_err();
    assert_eq!(error.kind, ProblemKind::Foreign);
    let mut other = stranger(&path).await;
    assert_eq!(number(&mut other, "SELECT count(*) FROM sqlite_schema").await, 1);
}

// R59
#[tokio::test]
async fn a_newer_schema_is_refused() {
    let test = TestStore::new().await;
    test.store.close().await;
    let mut other = stranger(&test.main()).await;
    run(&mut other, "PRAGMA user_version = 1000").await;
    drop(other);
    let error = open(test.config()).await.unwrap_err();
    assert_eq!(error.kind, ProblemKind::Newer);
    assert!(error.to_string().contains("newer version"), "{error}");
}

#[tokio::test]
async fn a_store_that_is_only_read() {
    let test = TestStore::new().await;
    create(&test.store, "a.example").await.unwrap();
    test.store.request_log().offer(request(1, at(0)));
    test.store.close().await;
    let location = Location::File { path: test.main(), access: Access::ReadOnly };
    let store = open(location).await.unwrap();
    assert_eq!(domains(store.mappings().all().list()), ["a.example"]);
    assert!(store.request_log().get(Uuid::from_u128(1)).await.unwrap().is_some());
    let error = create(&store, "b.example").await.unwrap_err();
    assert_eq!(kind(&error), Some(ProblemKind::ReadOnly));
    assert_eq!(domains(store.mappings().all().list()), ["a.example"]);

    let nothing = Location::File { path: test.directory.path().join("none.db"), access: Access::ReadOnly };
    assert_eq!(open(nothing).await.unwrap_err().kind, ProblemKind::Unavailable);
}

// R58
#[tokio::test]
async fn a_lock_is_waited_for() {
    let test = TestStore::new().await;
    let mut other = stranger(&test.main()).await;
    run(&mut other, "BEGIN IMMEDIATE").await;
    let mut change = pin!(create(&test.store, "a.example"));
    let meanwhile = tokio::time::timeout(Duration::from_millis(500), change.as_mut()).await;
    assert!(meanwhile.is_err(), "nothing is written behind the lock: {meanwhile:?}");
    run(&mut other, "COMMIT").await;
    change.await.unwrap();
    assert!(test.store.health().borrow().is_well());
}

// R58
#[tokio::test]
async fn a_lock_that_is_held_is_said_and_got_over() {
    let test = TestStore::new().await;
    create(&test.store, "a.example").await.unwrap();
    let mut other = stranger(&test.main()).await;
    run(&mut other, "BEGIN IMMEDIATE").await;
    let error = create(&test.store, "b.example").await.unwrap_err();
    assert_eq!(kind(&error), Some(ProblemKind::Locked));
    assert!(error.is_transient());
    let health = test.health(|health| health.main.is_some()).await;
    let problem = health.main.unwrap();
    assert_eq!((problem.kind, problem.file.as_deref()), (ProblemKind::Locked, Some(test.main().as_path())));
    assert_eq!(health.logs, None);
    assert_eq!(test.store.settings().get("x").await, Ok(None), "reading goes on");
    run(&mut other, "COMMIT").await;
    test.health(|health| health.is_well()).await;
    create(&test.store, "b.example").await.unwrap();
    assert_eq!(domains(test.store.mappings().all().list()), ["a.example", "b.example"]);
}

#[tokio::test]
async fn a_lock_at_start_is_said() {
    let test = TestStore::new().await;
    test.store.close().await;
    let mut other = stranger(&test.main()).await;
    run(&mut other, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").await;
    let error = open(test.config()).await.unwrap_err();
    assert_eq!(error.kind, ProblemKind::Locked);
}

fn start_session(store: &Store) -> impl Future<Output = Result<octoporty_store::Session, StoreError>> {
    let session =
        NewSession { id: Uuid::from_u128(1), token: TokenHash::of(b"1"), address: String::new(), user_agent: None };
    let store = store.clone();
    async move { store.sessions().start(session).await }
}

#[tokio::test]
async fn a_deleted_file_is_put_back_with_all_that_was_in_it() {
    let test = TestStore::new().await;
    create(&test.store, "a.example").await.unwrap();
    start_session(&test.store).await.unwrap();
    for entry in std::fs::read_dir(test.directory.path()).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    create(&test.store, "b.example").await.unwrap();
    let mut other = stranger(&test.main()).await;
    assert_eq!(number(&mut other, "SELECT count(*) FROM mapping").await, 2);
    drop(other);
    let test = test.reopened().await;
    assert_eq!(domains(test.store.mappings().all().list()), ["a.example", "b.example"]);
    assert!(test.store.sessions().is_live(Uuid::from_u128(1)));
}

#[tokio::test]
async fn a_deleted_file_is_put_back_without_being_written_to() {
    let test = TestStore::new().await;
    create(&test.store, "a.example").await.unwrap();
    std::fs::remove_file(test.main()).unwrap();
    eventually("the file is back", async || test.main().exists()).await;
    let test = test.reopened().await;
    assert_eq!(domains(test.store.mappings().all().list()), ["a.example"]);
}

#[tokio::test]
async fn a_deleted_write_ahead_log_loses_nothing() {
    let test = TestStore::new().await;
    create(&test.store, "a.example").await.unwrap();
    std::fs::remove_file(test.directory.path().join("octoporty.db-wal")).unwrap();
    create(&test.store, "b.example").await.unwrap();
    let mut other = stranger(&test.main()).await;
    assert_eq!(number(&mut other, "SELECT count(*) FROM mapping").await, 2);
}

#[tokio::test]
async fn a_directory_that_is_gone_is_said_and_got_over() {
    let test = TestStore::new().await;
    create(&test.store, "a.example").await.unwrap();
    std::fs::remove_dir_all(test.directory.path()).unwrap();
    let error = create(&test.store, "b.example").await.unwrap_err();
    assert_eq!(kind(&error), Some(ProblemKind::Unavailable));
    test.health(|health| health.main.is_some() && health.logs.is_some()).await;
    std::fs::create_dir(test.directory.path()).unwrap();
    test.health(|health| health.is_well()).await;
    create(&test.store, "b.example").await.unwrap();
    let test = test.reopened().await;
    assert_eq!(domains(test.store.mappings().all().list()), ["a.example", "b.example"]);
}

#[tokio::test]
async fn a_backup_put_in_place_is_used_at_once() {
    let test = TestStore::new().await;
    create(&test.store, "a.example").await.unwrap();
    let mut backup = test.store.backup().await.unwrap();
    let copy = test.directory.path().join("copy");
    let mut file = tokio::fs::File::create(&copy).await.unwrap();
    tokio::io::copy(&mut backup, &mut file).await.unwrap();
    tokio::io::AsyncWriteExt::flush(&mut file).await.unwrap();
    drop(backup);
    create(&test.store, "b.example").await.unwrap();
    start_session(&test.store).await.unwrap();

    let mut seen = test.store.mappings().watch();
    std::fs::rename(&copy, test.main()).unwrap();
    let restored = seen.wait_for(|set| set.list().len() == 1);
    tokio::time::timeout(crate::harness::DEADLINE, restored).await.expect("in time").unwrap();
    assert!(!test.store.sessions().is_live(Uuid::from_u128(1)));
    create(&test.store, "c.example").await.unwrap();
    let test = test.reopened().await;
    assert_eq!(domains(test.store.mappings().all().list()), ["a.example", "c.example"]);
}

#[tokio::test]
async fn damaged_logs_do_not_keep_the_store_from_working() {
    let test = TestStore::new().await;
    test.store.close().await;
    std::fs::write(test.logs(), "no database at all".repeat(1_000)).unwrap();
    let test = test.reopened().await;
    let health = test.health(|health| health.logs.is_some()).await;
    assert_eq!(health.logs.unwrap().kind, ProblemKind::Corrupt);
    assert_eq!(health.main, None);
    create(&test.store, "a.example").await.unwrap();
    let page = test.store.request_log().page(&RequestFilter::default(), None, 1).await.unwrap_err();
    assert_eq!(kind(&page), Some(ProblemKind::Corrupt));

    // As the sentence says: move it away.
    std::fs::remove_file(test.logs()).unwrap();
    test.health(|health| health.is_well()).await;
    test.store.request_log().offer(request(1, at(0)));
    test.store.request_log().flush().await.unwrap();
    assert!(test.store.request_log().get(Uuid::from_u128(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn deleted_logs_start_anew() {
    let test = TestStore::new().await;
    test.store.request_log().offer(request(1, at(0)));
    test.store.request_log().flush().await.unwrap();
    for name in ["octoporty-logs.db", "octoporty-logs.db-wal", "octoporty-logs.db-shm"] {
        std::fs::remove_file(test.directory.path().join(name)).unwrap();
    }
    test.store.request_log().offer(request(2, at(0)));
    test.store.request_log().flush().await.unwrap();
    let page = test.store.request_log().page(&RequestFilter::default(), None, 10).await.unwrap();
    assert_eq!(page.requests.len(), 1);
    assert!(test.logs().exists());
}

/// A file system of 1 MiB.
struct SmallDisk {
    directory: tempfile::TempDir,
}

impl SmallDisk {
    /// `None` where this process may not mount one.
    fn new() -> Option<Self> {
        let directory = tempfile::tempdir().expect("a directory");
        let mounted = mount(&["-t", "tmpfs", "-o", "size=1m", "tmpfs"], directory.path());
        if !mounted {
            skipped();
        }
        mounted.then_some(Self { directory })
    }

    fn main(&self) -> PathBuf {
        main_in(self.directory.path())
    }

    fn fill(&self) -> PathBuf {
        let path = self.directory.path().join("filler");
        let mut size = 1 << 20;
        let mut bytes = Vec::new();
        while size > 0 {
            let mut longer = bytes.clone();
            longer.resize(bytes.len() + size, 0);
            if std::fs::write(&path, &longer).is_ok() {
                bytes = longer;
            } else {
                size /= 2;
            }
        }
        std::fs::write(&path, bytes).ok();
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.directory.path()).status().ok();
    }
}

#[expect(clippy::print_stdout, reason = "whoever reads the output should know that nothing was proved")]
fn skipped() {
    println!("skipped: mounting needs rights that this process does not have");
}

fn mount(arguments: &[&str], at: &Path) -> bool {
    Command::new("mount").args(arguments).arg(at).output().is_ok_and(|output| output.status.success())
}

// R58
#[tokio::test]
async fn a_full_disk_is_said_and_got_over() {
    let Some(disk) = SmallDisk::new() else { return };
    let store = open(StoreConfig::new(Location::file(disk.main())).logs(LogsFile::Memory)).await.unwrap();
    create(&store, "a.example").await.unwrap();
    start_session(&store).await.unwrap();
    let filler = disk.fill();
    let big = "x".repeat(300_000);
    for _ in 0..3 {
        let error = store.settings().set(&Actor::program(), "big", &big).await.unwrap_err();
        assert_eq!(kind(&error), Some(ProblemKind::Full), "{error:?}");
    }
    assert_eq!(domains(store.mappings().all().list()), ["a.example"]);
    assert_eq!(store.settings().get("big").await, Ok(None), "reading goes on");
    assert!(store.sessions().is_live(Uuid::from_u128(1)));
    assert_eq!(kind(&store.backup().await.unwrap_err()), Some(ProblemKind::Full));
    let mut health = store.health();
    let problem = health.wait_for(|health| health.main.is_some()).await.unwrap().main.clone().unwrap();
    assert_eq!(problem.kind, ProblemKind::Full);
    assert!(problem.to_string().contains("free some space"), "{problem}");

    std::fs::remove_file(filler).unwrap();
    let well = health.wait_for(|health| health.is_well());
    tokio::time::timeout(crate::harness::DEADLINE, well).await.expect("in time").unwrap();
    create(&store, "b.example").await.unwrap();
    store.close().await;
    let store = open(Location::file(disk.main())).await.unwrap();
    assert_eq!(domains(store.mappings().all().list()), ["a.example", "b.example"]);
}

#[tokio::test]
async fn a_disk_that_is_full_at_start_is_said() {
    let Some(disk) = SmallDisk::new() else { return };
    disk.fill();
    let error = open(Location::file(disk.main())).await.unwrap_err();
    assert_eq!(error.kind, ProblemKind::Full, "{error:?}");
}

#[tokio::test]
async fn a_file_system_that_is_only_read_is_said() {
    let Some(disk) = SmallDisk::new() else { return };
    let store = open(Location::file(disk.main())).await.unwrap();
    create(&store, "a.example").await.unwrap();
    store.close().await;
    assert!(mount(&["-o", "remount,ro"], disk.directory.path()));
    let error = open(Location::file(disk.main())).await.unwrap_err();
    assert_eq!(error.kind, ProblemKind::ReadOnly, "{error:?}");
    assert!(mount(&["-o", "remount,rw"], disk.directory.path()));
    open(Location::file(disk.main())).await.unwrap();
}
