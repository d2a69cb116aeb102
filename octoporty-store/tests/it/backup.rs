//! Backups: consistent, without sessions, and gone when they were read.

use octoporty_store::{Actor, Location, NewSession, TokenHash};
use tokio::io::AsyncReadExt;
use uuid::Uuid;

use crate::harness::{TestStore, number, open, settings, stranger, text};

async fn back_up(test: &TestStore) -> Vec<u8> {
    let mut backup = test.store.backup().await.expect("a backup");
    let mut bytes = Vec::new();
    backup.read_to_end(&mut bytes).await.expect("it is read");
    assert_eq!(u64::try_from(bytes.len()).ok(), Some(backup.bytes()));
    bytes
}

#[tokio::test]
async fn a_backup_is_a_store_with_all_but_sessions() {
    let test = TestStore::new().await;
    let mapping = test.store.mappings().create(&Actor::program(), settings("a.example")).await.unwrap();
    test.store.settings().set(&Actor::program(), "landing-page", "<p>").await.unwrap();
    let session = NewSession {
        id: Uuid::from_u128(1),
        token: TokenHash::of(b"token"),
        address: "session-address".to_owned(),
        user_agent: None,
    };
    test.store.sessions().start(session).await.unwrap();
    let bytes = back_up(&test).await;
    assert!(test.store.sessions().is_live(Uuid::from_u128(1)), "the store itself keeps them");

    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join("restored.db");
    std::fs::write(&path, &bytes).unwrap();
    let mut copy = stranger(&path).await;
    assert_eq!(text(&mut copy, "PRAGMA integrity_check").await, "ok");
    assert_eq!(number(&mut copy, "SELECT count(*) FROM session").await, 0);
    assert_eq!(number(&mut copy, "SELECT count(*) FROM refresh_token").await, 0);
    drop(copy);
    let hash = TokenHashBytes::of(b"token");
    assert!(!bytes.windows(32).any(|window| window == hash.0), "not in free pages either");

    let restored = open(Location::file(&path)).await.unwrap();
    assert_eq!(restored.mappings().all().list(), [mapping]);
    assert_eq!(restored.settings().get("landing-page").await.unwrap().as_deref(), Some("<p>"));
    assert!(restored.sessions().list().is_empty());
}

struct TokenHashBytes([u8; 32]);

impl TokenHashBytes {
    fn of(token: &[u8]) -> Self {
        use sha2::{Digest, Sha256};
        Self(Sha256::digest(token).into())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_made_under_writes_is_consistent() {
    let test = TestStore::new().await;
    let store = test.store.clone();
    // Two settings that always change together.
    let pair = |value: u32| octoporty_store::Import {
        mappings: vec![],
        settings: vec![("a".to_owned(), value.to_string()), ("b".to_owned(), value.to_string())],
    };
    let apply = octoporty_store::ImportMode::Apply;
    store.transfer().import(&Actor::program(), pair(0), apply).await.unwrap();
    let writes = async {
        for value in 1..200 {
            store.transfer().import(&Actor::program(), pair(value), apply).await.unwrap();
        }
    };
    let backups = async {
        for _ in 0..10 {
            let bytes = back_up(&test).await;
            let copy = test.directory.path().join("copy.db");
            std::fs::write(&copy, bytes).unwrap();
            let mut copy = stranger(&copy).await;
            let different = "SELECT count(DISTINCT value) FROM setting";
            assert_eq!(number(&mut copy, different).await, 1);
        }
    };
    tokio::join!(writes, backups);
}

// R60
#[tokio::test]
async fn a_backup_leaves_nothing_behind() {
    let test = TestStore::new().await;
    let names = || -> Vec<_> {
        let entries = std::fs::read_dir(test.directory.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    let backup = test.store.backup().await.unwrap();
    #[cfg(unix)]
    for entry in std::fs::read_dir(test.directory.path()).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
    }
    drop(backup);
    assert_eq!(names(), before);
}

#[tokio::test]
async fn what_a_killed_process_left_is_swept() {
    let test = TestStore::new().await;
    let left = test.directory.path().join("octoporty.db.tmp-0123");
    let not_ours = test.directory.path().join("other.db.tmp-0123");
    std::fs::write(&left, "x").unwrap();
    std::fs::write(&not_ours, "x").unwrap();
    let test = test.reopened().await;
    assert!(!left.exists());
    assert!(not_ours.exists());
    drop(test);
}
