//! Import: thought through first, then all or nothing.

use octoporty_store::{Actor, Import, ImportAction, ImportMode, ImportRow, MappingSettings, SettingAction, StoreError};

use crate::harness::{TestStore, domains, settings};

fn import(mappings: Vec<MappingSettings>) -> Import {
    Import { mappings, settings: vec![("landing-page".to_owned(), "<p>".to_owned())] }
}

#[tokio::test]
async fn an_import_makes_and_changes_and_deletes_nothing() {
    let test = TestStore::new().await;
    let actor = Actor::program();
    let kept = test.store.mappings().create(&actor, settings("kept.example")).await.unwrap();
    let same = test.store.mappings().create(&actor, settings("same.example")).await.unwrap();
    let changed = test.store.mappings().create(&actor, settings("changed.example")).await.unwrap();
    let change = MappingSettings { internal_port: 1, ..settings("changed.example") };
    let document = import(vec![settings("new.example"), change.clone(), settings("same.example")]);

    let transfer = test.store.transfer();
    let plan = transfer.import(&actor, document.clone(), ImportMode::DryRun).await.unwrap();
    let update = ImportAction::Update { changes: vec!["internal_port"] };
    let expected = [
        ImportRow { action: ImportAction::Create, id: None },
        ImportRow { action: update, id: Some(changed.id) },
        ImportRow { action: ImportAction::Unchanged, id: Some(same.id) },
    ];
    assert_eq!((plan.applied, &plan.rows[..], &plan.settings[..]), (false, &expected[..], &[SettingAction::Set][..]));
    assert_eq!(test.store.mappings().all().list().len(), 3, "a dry run writes nothing");
    assert_eq!(test.store.settings().get("landing-page").await.unwrap(), None);

    let report = transfer.import(&actor, document.clone(), ImportMode::Apply).await.unwrap();
    assert!(report.applied);
    let test = test.reopened().await;
    let all = test.store.mappings().all();
    let mut found = domains(all.list());
    found.sort_unstable();
    assert_eq!(found, ["changed.example", "kept.example", "new.example", "same.example"]);
    assert_eq!(all.find("new.example").map(|mapping| mapping.id), report.rows[0].id);
    assert_eq!(all.get(changed.id).unwrap().settings, change);
    assert_eq!(all.get(kept.id), Some(&kept));
    assert_eq!(test.store.settings().get("landing-page").await.unwrap().as_deref(), Some("<p>"));

    let again = test.store.transfer().import(&actor, document, ImportMode::Apply).await.unwrap();
    assert!(again.rows.iter().all(|row| row.action == ImportAction::Unchanged));
    assert_eq!(again.settings, [SettingAction::Unchanged]);
}

#[tokio::test]
async fn an_import_with_a_domain_twice_writes_nothing() {
    let test = TestStore::new().await;
    let document = import(vec![settings("a.example"), settings("b.example"), settings("a.example")]);
    let report = test.store.transfer().import(&Actor::program(), document, ImportMode::Apply).await.unwrap();
    assert!(!report.applied);
    assert_eq!(report.rows[2].action, ImportAction::Duplicate { of: 0 });
    assert!(test.store.mappings().all().list().is_empty());
    assert_eq!(test.store.settings().get("landing-page").await.unwrap(), None);
}

#[tokio::test]
async fn an_import_that_fails_late_writes_nothing() {
    let test = TestStore::new().await;
    let actor = Actor::program();
    test.store.settings().set(&actor, "one", "is too many then").await.unwrap();
    let many = (0..octoporty_store::limits::SETTINGS_MAX).map(|number| (format!("x{number}"), "v".to_owned()));
    let document = Import { mappings: vec![settings("a.example")], settings: many.collect() };
    let error = test.store.transfer().import(&actor, document, ImportMode::Apply).await.unwrap_err();
    assert!(matches!(error, StoreError::TooMany { what: "settings", .. }), "{error}");
    assert!(test.store.mappings().all().list().is_empty());
    let test = test.reopened().await;
    assert!(test.store.mappings().all().list().is_empty());
    assert_eq!(test.store.settings().get("x0").await.unwrap(), None);
}

#[tokio::test]
async fn the_audit_names_an_import_and_its_mappings() {
    let test = TestStore::new().await;
    let document = import(vec![settings("a.example"), settings("b.example")]);
    test.store.transfer().import(&Actor::program(), document, ImportMode::Apply).await.unwrap();
    let page = test.store.audit().page(None, 10).await.unwrap();
    let said: Vec<_> = page.entries.iter().rev().map(|entry| entry.change.action.as_str()).collect();
    assert_eq!(said, ["imported", "mapping-created", "mapping-created", "setting-set"]);
    assert_eq!(page.entries[3].change.label.as_deref(), Some("2 created, 0 updated"));
}
