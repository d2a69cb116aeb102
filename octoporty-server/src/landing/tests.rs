//! Who wins, what is taken, and what outlives a restart.

use octoporty_core::{
    id::AgentId,
    message::{LandingState, LandingSync, LandingSynced, PageDigest},
};
use sha2::{Digest, Sha256};

use super::{Landing, shown::LandingRefused};
use crate::pages::{LANDING_BYTES_MAX, LandingError};

const A: AgentId = AgentId::from_u128(1);
const B: AgentId = AgentId::from_u128(2);

fn digest(html: &str) -> PageDigest {
    PageDigest::new(Sha256::digest(html).into())
}

fn send(landing: &Landing, agent: AgentId, at: u64, html: &str) -> Result<LandingSynced, LandingRefused> {
    let sync = LandingSync { digest: Some(digest(html)), changed_at_ms: at };
    landing.sync(agent, format!("agent {}", agent.as_u128()), &sync, html.as_bytes())
}

fn reset(landing: &Landing, agent: AgentId, at: u64) -> LandingState {
    let sync = LandingSync { digest: None, changed_at_ms: at };
    landing.sync(agent, String::new(), &sync, b"").unwrap().state
}

fn shown(landing: &Landing) -> Option<String> {
    landing.page().html().map(|html| String::from_utf8(html.to_vec()).unwrap())
}

#[test]
fn the_body_is_asked_for_only_when_the_digest_differs() {
    let landing = Landing::new(None);
    let sync = LandingSync { digest: Some(digest("<h1>")), changed_at_ms: 1 };
    let by_digest = || landing.sync(A, String::new(), &sync, b"").unwrap().state;
    assert_eq!(by_digest(), LandingState::Wanted);
    assert_eq!(shown(&landing), None, "a digest changes nothing");
    assert_eq!(send(&landing, A, 1, "<h1>").unwrap().state, LandingState::Taken);
    assert_eq!(by_digest(), LandingState::Current);
    assert_eq!(shown(&landing).as_deref(), Some("<h1>"));
}

#[test]
fn the_last_change_wins_and_not_the_last_to_connect() {
    let landing = Landing::new(None);
    send(&landing, A, 10, "of a").unwrap();
    let taken = send(&landing, B, 20, "of b").unwrap();
    assert_eq!((taken.state, taken.other.unwrap().by.as_str()), (LandingState::Taken, "agent 1"));
    let superseded = send(&landing, A, 10, "of a").unwrap();
    assert_eq!(superseded.state, LandingState::Superseded);
    assert_eq!(superseded.other.unwrap().by, "agent 2");
    assert_eq!(reset(&landing, A, 15), LandingState::Superseded);
    assert_eq!(shown(&landing).as_deref(), Some("of b"));
    assert_eq!(reset(&landing, A, 30), LandingState::Taken);
    assert_eq!(shown(&landing), None);
    assert_eq!(send(&landing, B, 20, "of b").unwrap().state, LandingState::Superseded, "a reset is a change too");
}

#[test]
fn the_same_page_of_another_agent_is_a_change_too() {
    let landing = Landing::new(None);
    send(&landing, A, 10, "page").unwrap();
    assert_eq!(send(&landing, B, 20, "page").unwrap().state, LandingState::Current);
    assert_eq!(reset(&landing, A, 15), LandingState::Superseded, "it is the page of the other now");
    // The default page, brought back where it is shown already.
    let landing = Landing::new(None);
    assert_eq!(reset(&landing, A, 20), LandingState::Current);
    assert_eq!(send(&landing, B, 15, "older").unwrap().state, LandingState::Superseded);
}

#[test]
fn an_agent_may_always_change_its_own_page() {
    let landing = Landing::new(None);
    send(&landing, A, 10, "first").unwrap();
    // Its clock was set back in between.
    assert_eq!(send(&landing, A, 5, "second").unwrap().state, LandingState::Taken);
    assert_eq!(shown(&landing).as_deref(), Some("second"));
}

#[test]
fn a_clock_that_is_ahead_does_not_win_for_years() {
    let landing = Landing::new(None);
    send(&landing, A, u64::MAX, "of a").unwrap();
    assert!(landing.owner().unwrap().changed_at_ms <= crate::clock::SharedClock::default().now_ms());
}

#[test]
fn what_cannot_be_a_page_is_refused() {
    // R49
    let landing = Landing::new(None);
    let bytes = LANDING_BYTES_MAX + 1;
    let too_large = send(&landing, A, 1, &"x".repeat(bytes));
    assert_eq!(too_large, Err(LandingRefused::Page(LandingError::TooLarge { bytes })));
    assert_eq!(send(&landing, A, 1, " \n"), Err(LandingRefused::Page(LandingError::Empty)));
    let sync = LandingSync { digest: Some(digest("one")), changed_at_ms: 1 };
    assert_eq!(landing.sync(A, String::new(), &sync, b"other"), Err(LandingRefused::OtherDigest));
    assert_eq!(landing.sync(A, String::new(), &sync, b"\xff"), Err(LandingRefused::NotUtf8));
    assert_eq!(shown(&landing), None);
}

#[test]
fn the_page_and_its_owner_outlive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("landing.json");
    let html = format!("<p>\u{1}\"ä{}", "\u{2}".repeat(LANDING_BYTES_MAX - 10));
    send(&Landing::new(Some(path.clone())), A, 10, &html).unwrap();
    let landing = Landing::new(Some(path.clone()));
    assert!(shown(&landing).as_deref() == Some(html.as_str()));
    assert_eq!(landing.owner().unwrap().digest, Some(digest(&html)));
    assert_eq!(send(&landing, B, 9, "older").unwrap().state, LandingState::Superseded);
    assert_eq!(reset(&landing, B, 11), LandingState::Taken);
    assert_eq!(shown(&Landing::new(Some(path.clone()))), None);
    // A file that somebody damaged costs the page, not the start.
    std::fs::write(&path, b"{").unwrap();
    assert_eq!(shown(&Landing::new(Some(path))), None);
}
