//! What was acknowledged is there after the process was killed, round after round.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use octoporty_store::{Actor, Location, NewSession, TokenHash};
use uuid::Uuid;

use crate::harness::{main_in, open, request, settings, stranger, text};

/// Where the process that is killed has its store.
const DIRECTORY: &str = "OCTOPORTY_STORE_TEST_DIRECTORY";
/// How its domains begin, other ones each round.
const ROUND: &str = "OCTOPORTY_STORE_TEST_ROUND";
const ROUNDS: usize = 20;
const WRITES_PER_ROUND: usize = 50;

/// The process that is killed: it writes, and says each time that it has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test below, in a process of its own"]
async fn writes_until_it_is_killed() {
    let directory = std::env::var_os(DIRECTORY).expect("run by the other test");
    let round: u128 = std::env::var(ROUND).unwrap().parse().unwrap();
    let store = open(Location::file(main_in(directory.as_ref()))).await.unwrap();
    for number in 0.. {
        let domain = format!("{round}-{number}.example");
        let mapping = store.mappings().create(&Actor::program(), settings(&domain)).await.unwrap();
        if number % 3 == 0 {
            store.mappings().disable(&Actor::program(), mapping.id).await.unwrap();
        }
        let token = TokenHash::of(domain.as_bytes());
        let id = Uuid::from_u128(round << 64 | number);
        let session = NewSession { id, token, address: domain.clone(), user_agent: None };
        store.sessions().start(session).await.unwrap();
        store.settings().set(&Actor::program(), "last", &domain).await.unwrap();
        store.request_log().offer(request(number, chrono::Utc::now()));
        println!("wrote {number}");
    }
}

// R58, R59
#[tokio::test]
async fn nothing_acknowledged_is_lost_to_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let path = main_in(directory.path());
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "durability::writes_until_it_is_killed", "--ignored", "--nocapture"])
            .env(DIRECTORY, directory.path())
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The number may stand behind what the test's harness writes.
        let written = lines.map_while(Result::ok).filter_map(|line| line.split("wrote ").nth(1)?.parse::<usize>().ok());
        // Killed at another moment of a write each round.
        let wanted = WRITES_PER_ROUND - round;
        acknowledged.extend(written.take(wanted).map(|number| format!("{round}-{number}.example")));
        child.kill().unwrap();
        child.wait().unwrap();

        let store = open(Location::file(&path)).await.unwrap();
        let mappings = store.mappings().all();
        for domain in &acknowledged {
            let number: usize = domain.split(['-', '.']).nth(1).unwrap().parse().unwrap();
            let mapping = mappings.find(domain).unwrap_or_else(|| panic!("{domain} is lost"));
            assert_eq!(mapping.settings.enabled, !number.is_multiple_of(3), "{domain}");
        }
        let last = store.settings().get("last").await.unwrap().unwrap();
        let (last_round, last_number) = last.trim_end_matches(".example").split_once('-').unwrap();
        assert_eq!(last_round.parse::<usize>().unwrap(), round);
        assert!(last_number.parse::<usize>().unwrap() + 1 >= wanted);
        assert!(store.sessions().list().len() >= wanted.min(octoporty_store::limits::SESSIONS_MAX));
        store.close().await;
    }
    let mut main = stranger(&path).await;
    assert_eq!(text(&mut main, "PRAGMA integrity_check").await, "ok");
    let mut logs = stranger(&directory.path().join("octoporty-logs.db")).await;
    assert_eq!(text(&mut logs, "PRAGMA integrity_check").await, "ok");
}
