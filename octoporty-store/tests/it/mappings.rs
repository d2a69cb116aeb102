//! Mappings: all of what a person chooses, unique by domain, and who changed what.

use std::time::Duration;

use octoporty_store::{
    Actor, HeaderEdits, HostHeader, MappingSettings, Protocol, StoreError, Timeouts, UpstreamVersion,
};
use uuid::Uuid;

use crate::harness::{TestStore, domains, settings};

fn everything_set() -> MappingSettings {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    MappingSettings {
        name: "Größe ✓".to_owned(),
        external_domain: "*.example.com".to_owned(),
        internal_host: "fd00::1".to_owned(),
        internal_port: 65_535,
        internal_protocol: Protocol::Https,
        upstream_version: UpstreamVersion::H2c,
        allow_invalid_certificates: true,
        pinned_certificate: Some([0xa5; 32]),
        enabled: true,
        host_header: HostHeader::Fixed("inner.example".to_owned()),
        request_headers: HeaderEdits {
            set: vec![field("X-A", "1"), field("X-A", "2\"\\ü")],
            remove: vec!["Via".to_owned()],
        },
        response_headers: HeaderEdits { set: vec![field("Server", "x")], remove: vec!["ETag".to_owned()] },
        timeouts: Timeouts {
            connect: Some(Duration::from_millis(1)),
            head: Some(Duration::from_secs(30)),
            body_idle: None,
            upgrade_idle: Some(Duration::from_secs(3_600)),
        },
    }
}

#[tokio::test]
async fn all_settings_outlive_a_restart() {
    let test = TestStore::new().await;
    let plain = test.store.mappings().create(&Actor::program(), settings("plain.example")).await.unwrap();
    test.clock.advance(Duration::from_millis(1));
    let full = test.store.mappings().create(&Actor::program(), everything_set()).await.unwrap();
    assert_eq!(full.settings, everything_set());
    let test = test.reopened().await;
    let all = test.store.mappings().all();
    assert_eq!(all.list(), [plain.clone(), full.clone()]);
    assert_eq!(all.get(full.id), Some(&full));
    assert_eq!(all.find("plain.example"), Some(&plain));
    assert_eq!(all.find("a.example.com"), None, "a wildcard is found by its own spelling");
}

#[tokio::test]
async fn a_domain_is_taken_once() {
    let test = TestStore::new().await;
    let mappings = test.store.mappings();
    let first = mappings.create(&Actor::program(), settings("a.example")).await.unwrap();
    let second = mappings.create(&Actor::program(), settings("b.example")).await.unwrap();
    let taken = StoreError::Conflict { field: "external_domain" };
    assert_eq!(mappings.create(&Actor::program(), settings("a.example")).await, Err(taken.clone()));
    assert_eq!(mappings.update(&Actor::program(), second.id, settings("a.example")).await, Err(taken));
    assert_eq!(mappings.all().list(), [first.clone(), second.clone()]);

    mappings.delete(&Actor::program(), first.id).await.unwrap();
    let moved = mappings.update(&Actor::program(), second.id, settings("a.example")).await.unwrap();
    assert_eq!((moved.id, moved.created_at), (second.id, second.created_at));
    assert_eq!(domains(mappings.all().list()), ["a.example"]);
}

#[tokio::test]
async fn of_many_that_want_a_domain_at_once_one_gets_it() {
    let test = TestStore::new().await;
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let store = test.store.clone();
        set.spawn(async move { store.mappings().create(&Actor::program(), settings("a.example")).await });
    }
    let outcomes = set.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(test.store.mappings().all().list().len(), 1);
}

#[tokio::test]
async fn a_mapping_is_turned_off_and_on() {
    let test = TestStore::new().await;
    let mappings = test.store.mappings();
    let made = mappings.create(&Actor::program(), everything_set()).await.unwrap();
    test.clock.advance(Duration::from_secs(1));
    let off = mappings.disable(&Actor::program(), made.id).await.unwrap();
    assert_eq!(off.settings, MappingSettings { enabled: false, ..everything_set() });
    assert_eq!((off.created_at, off.updated_at), (made.created_at, test.clock.now()));
    test.clock.advance(Duration::from_secs(1));
    let still_off = mappings.disable(&Actor::program(), made.id).await.unwrap();
    assert_eq!(still_off, off, "nothing changed, and so not the time of the last change");
    let on = mappings.enable(&Actor::program(), made.id).await.unwrap();
    assert_eq!(on.settings, everything_set());
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let test = TestStore::new().await;
    let mappings = test.store.mappings();
    let id = Uuid::from_u128(7);
    let missing = StoreError::NotFound { what: "mapping" };
    assert_eq!(mappings.update(&Actor::program(), id, settings("a.example")).await, Err(missing.clone()));
    assert_eq!(mappings.enable(&Actor::program(), id).await, Err(missing.clone()));
    assert_eq!(mappings.delete(&Actor::program(), id).await, Err(missing));
}

#[tokio::test]
async fn who_watches_sees_each_change_after_it_is_on_disk() {
    let test = TestStore::new().await;
    let mut seen = test.store.mappings().watch();
    assert!(seen.borrow_and_update().list().is_empty());
    let made = test.store.mappings().create(&Actor::program(), settings("a.example")).await.unwrap();
    seen.changed().await.unwrap();
    assert_eq!(seen.borrow_and_update().list(), std::slice::from_ref(&made));
    test.store.mappings().delete(&Actor::program(), made.id).await.unwrap();
    seen.changed().await.unwrap();
    assert!(seen.borrow_and_update().list().is_empty());
}

#[tokio::test]
async fn a_change_goes_on_when_its_caller_goes_away() {
    let test = TestStore::new().await;
    let mut seen = test.store.mappings().watch();
    {
        let mappings = test.store.mappings();
        let actor = Actor::program();
        let mut change = Box::pin(mappings.create(&actor, settings("a.example")));
        // Polled once, so that it began.
        assert!(futures_poll(&mut change).is_none());
    }
    seen.wait_for(|set| set.find("a.example").is_some()).await.unwrap();
}

fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::Pin::new(future).poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

#[tokio::test]
async fn the_audit_says_who_changed_what_and_when() {
    let test = TestStore::new().await;
    let actor = Actor {
        address: Some("192.0.2.9".to_owned()),
        session: Some(Uuid::from_u128(1)),
        user_agent: Some("Firefox".to_owned()),
    };
    let mappings = test.store.mappings();
    let made = mappings.create(&actor, settings("a.example")).await.unwrap();
    test.clock.advance(Duration::from_secs(5));
    let changed = MappingSettings { internal_port: 81, name: "n".to_owned(), ..settings("a.example") };
    mappings.update(&actor, made.id, changed.clone()).await.unwrap();
    mappings.update(&actor, made.id, changed).await.unwrap();
    mappings.create(&actor, settings("a.example")).await.unwrap_err();
    mappings.delete(&Actor::program(), made.id).await.unwrap();

    let test = test.reopened().await;
    let page = test.store.audit().page(None, 2).await.unwrap();
    let actions = |page: &octoporty_store::AuditPage| -> Vec<String> {
        page.entries.iter().map(|entry| entry.change.action.clone()).collect()
    };
    assert_eq!(actions(&page), ["mapping-deleted", "mapping-updated"]);
    assert_eq!(page.entries[0].actor, Actor::program());
    let update = &page.entries[1];
    assert_eq!(update.actor, actor);
    assert_eq!(update.at, test.clock.now());
    assert_eq!(update.change.fields, ["name", "internal_port"]);
    assert_eq!(update.change.subject, Some(made.id.to_string()));
    assert_eq!(update.change.label.as_deref(), Some("a.example"));
    let rest = test.store.audit().page(page.next, 2).await.unwrap();
    assert_eq!(actions(&rest), ["mapping-created"]);
    assert_eq!(rest.next, None);
}
