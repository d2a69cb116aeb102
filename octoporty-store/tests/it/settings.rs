//! Settings and failed sign-ins.

use std::time::Duration;

use octoporty_store::limits::{SETTING_BYTES_MAX, SETTING_KEY_BYTES_MAX, SIGN_IN_FAILURES_MAX};
use octoporty_store::{Actor, SignInFailure, StoreError};

use crate::harness::{TestStore, at};

#[tokio::test]
async fn a_setting_outlives_a_restart_until_it_is_removed() {
    let test = TestStore::new().await;
    let settings = test.store.settings();
    assert_eq!(settings.get("landing-page").await.unwrap(), None);
    settings.set(&Actor::program(), "landing-page", "<h1>a</h1>").await.unwrap();
    settings.set(&Actor::program(), "landing-page", "<h1>ü</h1>").await.unwrap();
    let test = test.reopened().await;
    let settings = test.store.settings();
    assert_eq!(settings.get("landing-page").await.unwrap().as_deref(), Some("<h1>ü</h1>"));
    assert!(settings.remove(&Actor::program(), "landing-page").await.unwrap());
    assert!(!settings.remove(&Actor::program(), "landing-page").await.unwrap());
    assert_eq!(settings.get("landing-page").await.unwrap(), None);
}

#[tokio::test]
async fn setting_what_is_set_is_no_change() {
    let test = TestStore::new().await;
    for _ in 0..3 {
        test.store.settings().set(&Actor::program(), "a", "1").await.unwrap();
    }
    let audit = test.store.audit().page(None, 10).await.unwrap();
    assert_eq!(audit.entries.len(), 1);
    assert_eq!(audit.entries[0].change.subject.as_deref(), Some("a"));
}

#[tokio::test]
async fn keys_and_values_have_bounds() {
    let test = TestStore::new().await;
    let settings = test.store.settings();
    let value = "x".repeat(SETTING_BYTES_MAX);
    settings.set(&Actor::program(), &"k".repeat(SETTING_KEY_BYTES_MAX), &value).await.unwrap();
    let error = settings.set(&Actor::program(), "k", &format!("{value}x")).await.unwrap_err();
    assert_eq!(error, StoreError::TooLong { field: "value", max: SETTING_BYTES_MAX, actual: SETTING_BYTES_MAX + 1 });
    let error = settings.set(&Actor::program(), &"k".repeat(SETTING_KEY_BYTES_MAX + 1), "").await.unwrap_err();
    assert!(matches!(error, StoreError::TooLong { field: "key", .. }), "{error}");
}

#[tokio::test]
async fn the_last_failed_sign_ins_are_kept() {
    let test = TestStore::new().await;
    let failure = |number: u32| SignInFailure {
        at: at(number.into()),
        address: format!("192.0.2.{number}"),
        user_agent: number.is_multiple_of(2).then(|| "Firefox".to_owned()),
        locked: Duration::from_secs(number.into()),
    };
    for number in 0..SIGN_IN_FAILURES_MAX + 3 {
        test.store.sign_in_failures().add(failure(number)).await.unwrap();
    }
    let test = test.reopened().await;
    let listed = test.store.sign_in_failures().list().await.unwrap();
    let expected: Vec<_> = (3..SIGN_IN_FAILURES_MAX + 3).rev().map(failure).collect();
    assert_eq!(listed, expected);
}
