//! Sessions and refresh tokens.

use std::time::Duration;

use octoporty_store::limits::{ROTATION_GRACE, SESSION_IDLE, SESSION_LIFE, SESSIONS_MAX, TOKENS_LIVE_MAX};
use octoporty_store::{Actor, NewSession, Rotation, Session, Store, StoreError, TokenHash};
use uuid::Uuid;

use crate::harness::{TestStore, eventually, number, run, stranger};

const SECOND: Duration = Duration::from_secs(1);

fn token(name: &str) -> TokenHash {
    TokenHash::of(name.as_bytes())
}

async fn start(store: &Store, id: u128, first: &str) -> Session {
    let new = NewSession {
        id: Uuid::from_u128(id),
        token: token(first),
        address: "192.0.2.1".to_owned(),
        user_agent: Some("Firefox".to_owned()),
    };
    store.sessions().start(new).await.expect("a session starts")
}

async fn rotate(store: &Store, old: &str, new: &str) -> Rotation {
    store.sessions().rotate(&token(old), token(new), "192.0.2.2", None).await.expect("the database works")
}

fn is_rotated(rotation: &Rotation) -> bool {
    matches!(rotation, Rotation::Rotated(_))
}

// R43
#[tokio::test]
async fn a_token_is_traded_for_a_new_one_and_this_outlives_a_restart() {
    let test = TestStore::new().await;
    let started = start(&test.store, 1, "a").await;
    assert_eq!(started.expires_at, test.clock.now() + SESSION_IDLE);
    test.clock.advance(SECOND);
    let Rotation::Rotated(rotated) = rotate(&test.store, "a", "b").await else { panic!("not rotated") };
    assert_eq!(rotated.last_used_at, test.clock.now());
    assert_eq!((rotated.id, rotated.created_at), (started.id, started.created_at));
    assert_eq!((rotated.address.as_str(), &rotated.user_agent), ("192.0.2.2", &None));

    let test = test.reopened().await;
    assert_eq!(test.store.sessions().list(), [rotated]);
    assert!(is_rotated(&rotate(&test.store, "b", "c").await));
}

// R43
#[tokio::test]
async fn reuse_of_an_old_token_ends_the_session() {
    let test = TestStore::new().await;
    let session = start(&test.store, 1, "a").await;
    let other = start(&test.store, 2, "other").await;
    rotate(&test.store, "a", "b").await;
    rotate(&test.store, "b", "c").await;
    test.clock.advance(ROTATION_GRACE + Duration::from_millis(1));
    assert_eq!(rotate(&test.store, "a", "thief").await, Rotation::Reused { session: session.id });
    assert!(!test.store.sessions().is_live(session.id));
    assert!(test.store.sessions().is_live(other.id));
    for token in ["a", "b", "c", "thief"] {
        assert_eq!(rotate(&test.store, token, "d").await, Rotation::Unknown, "{token}");
    }
    let audit = test.store.audit().page(None, 1).await.unwrap();
    assert_eq!(audit.entries[0].change.action, "token-reused");
    let test = test.reopened().await;
    assert_eq!(test.store.sessions().list(), [other]);
}

// R43
#[tokio::test]
async fn two_requests_may_race_with_one_token() {
    let test = TestStore::new().await;
    start(&test.store, 1, "a").await;
    assert!(is_rotated(&rotate(&test.store, "a", "b1").await));
    test.clock.advance(ROTATION_GRACE);
    assert!(is_rotated(&rotate(&test.store, "a", "b2").await), "at the end of the grace");
    test.clock.advance(60 * SECOND);
    // Whichever the browser kept works; the other is old from then on.
    assert!(is_rotated(&rotate(&test.store, "b1", "c").await));
    test.clock.advance(ROTATION_GRACE + SECOND);
    assert!(matches!(rotate(&test.store, "b2", "thief").await, Rotation::Reused { .. }));
}

// R43
#[tokio::test]
async fn a_race_makes_so_many_tokens_and_no_more() {
    let test = TestStore::new().await;
    start(&test.store, 1, "a").await;
    for number in 0..TOKENS_LIVE_MAX {
        assert!(is_rotated(&rotate(&test.store, "a", &format!("b{number}")).await), "{number}");
    }
    assert!(matches!(rotate(&test.store, "a", "one-more").await, Rotation::Reused { .. }));
}

// R43
#[tokio::test]
async fn a_session_ends_without_use_and_at_the_end_of_its_life() {
    let test = TestStore::new().await;
    let idle = start(&test.store, 1, "idle").await;
    let used = start(&test.store, 2, "0").await;
    let step = SESSION_IDLE - SECOND;
    let mut rotations = 0;
    for age in 1.. {
        test.clock.advance(step);
        if step * age >= SESSION_LIFE {
            break;
        }
        let rotation = rotate(&test.store, &rotations.to_string(), &(rotations + 1).to_string()).await;
        let Rotation::Rotated(session) = rotation else { panic!("{rotation:?} at {:?}", step * age) };
        assert!(session.expires_at <= used.created_at + SESSION_LIFE);
        rotations += 1;
    }
    assert_eq!(rotations, 4);
    assert!(!test.store.sessions().is_live(idle.id));
    assert!(!test.store.sessions().is_live(used.id));
    assert_eq!(rotate(&test.store, "idle", "x").await, Rotation::Unknown);
    assert_eq!(rotate(&test.store, &rotations.to_string(), "x").await, Rotation::Unknown);
    assert!(test.store.sessions().list().is_empty());
}

// R43
#[tokio::test]
async fn tokens_are_on_disk_as_hashes_alone() {
    let test = TestStore::new().await;
    let secret = "a-token-that-must-not-be-found";
    start(&test.store, 1, secret).await;
    rotate(&test.store, secret, "another-secret-token").await;
    for entry in std::fs::read_dir(test.directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for secret in [secret, "another-secret-token"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
    let mut stranger = stranger(&test.main()).await;
    assert_eq!(number(&mut stranger, "SELECT count(*) FROM refresh_token WHERE length(hash) = 32").await, 2);
}

// R44
#[tokio::test]
async fn sessions_end_at_once_one_and_all() {
    let test = TestStore::new().await;
    let sessions = test.store.sessions();
    let one = start(&test.store, 1, "1").await;
    let two = start(&test.store, 2, "2").await;
    let three = start(&test.store, 3, "3").await;
    assert!(sessions.end(&Actor::program(), one.id).await.unwrap());
    assert!(!sessions.end(&Actor::program(), one.id).await.unwrap());
    assert!(!sessions.is_live(one.id));
    assert_eq!(rotate(&test.store, "1", "x").await, Rotation::Unknown);
    assert!(sessions.end_by_token(&Actor::program(), &token("2")).await.unwrap());
    assert!(!sessions.end_by_token(&Actor::program(), &token("never")).await.unwrap());
    assert!(!sessions.is_live(two.id));
    assert_eq!(sessions.list(), [three]);
    start(&test.store, 4, "4").await;
    assert_eq!(sessions.end_all(&Actor::program()).await.unwrap(), 2);
    assert!(sessions.list().is_empty());
    let test = test.reopened().await;
    assert!(test.store.sessions().list().is_empty());
}

// R44
#[tokio::test]
async fn a_session_ends_even_if_the_disk_cannot_be_written() {
    let test = TestStore::new().await;
    let session = start(&test.store, 1, "1").await;
    let mut other = stranger(&test.main()).await;
    run(&mut other, "BEGIN IMMEDIATE").await;
    let error = test.store.sessions().end(&Actor::program(), session.id).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(!test.store.sessions().is_live(session.id));
    run(&mut other, "COMMIT").await;
    test.health(|health| health.is_well()).await;
    // It is still on disk then, and goes from there by itself.
    let is_gone = async || number(&mut other, "SELECT count(*) FROM session").await == 0;
    eventually("the session is gone from the disk", is_gone).await;
    let test = test.reopened().await;
    assert!(!test.store.sessions().is_live(session.id));
}

#[tokio::test]
async fn an_id_or_token_is_used_once() {
    let test = TestStore::new().await;
    start(&test.store, 1, "1").await;
    let again = |id: u128, first: &str| NewSession {
        id: Uuid::from_u128(id),
        token: token(first),
        address: String::new(),
        user_agent: None,
    };
    let error = test.store.sessions().start(again(1, "2")).await.unwrap_err();
    assert_eq!(error, StoreError::Conflict { field: "id" });
    let error = test.store.sessions().start(again(2, "1")).await.unwrap_err();
    assert_eq!(error, StoreError::Conflict { field: "token" });
    assert_eq!(test.store.sessions().list().len(), 1);
}

#[tokio::test]
async fn one_session_too_many_ends_the_one_used_longest_ago() {
    let test = TestStore::new().await;
    for id in 0..u128::try_from(SESSIONS_MAX).unwrap() {
        start(&test.store, id, &id.to_string()).await;
        test.clock.advance(SECOND);
    }
    assert!(is_rotated(&rotate(&test.store, "0", "x").await));
    start(&test.store, 1_000, "new").await;
    let sessions = test.store.sessions();
    assert_eq!(sessions.list().len(), SESSIONS_MAX);
    assert!(sessions.is_live(Uuid::from_u128(0)), "it was used just now");
    assert!(!sessions.is_live(Uuid::from_u128(1)));
}
