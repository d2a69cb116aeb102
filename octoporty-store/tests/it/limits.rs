//! The bound on mappings, at it and one past it.

use octoporty_store::limits::MAPPINGS_MAX;
use octoporty_store::{Actor, Import, ImportMode, StoreError};

use crate::harness::{TestStore, settings};

#[tokio::test]
async fn there_are_so_many_mappings_and_no_more() {
    let test = TestStore::new().await;
    let mappings = |count| (0..count).map(|number| settings(&format!("{number}.example"))).collect();
    let too_many = StoreError::TooMany { what: "mappings", max: MAPPINGS_MAX };
    let import = |count| Import { mappings: mappings(count), settings: vec![] };
    let transfer = test.store.transfer();
    let error = transfer.import(&Actor::program(), import(MAPPINGS_MAX + 1), ImportMode::Apply).await.unwrap_err();
    assert_eq!(error, too_many);
    assert!(test.store.mappings().all().list().is_empty());
    let report = transfer.import(&Actor::program(), import(MAPPINGS_MAX), ImportMode::Apply).await.unwrap();
    assert!(report.applied);
    let error = test.store.mappings().create(&Actor::program(), settings("one-more.example")).await.unwrap_err();
    assert_eq!(error, too_many);
    // An import that changes what is there is no more than there was.
    let again = transfer.import(&Actor::program(), import(MAPPINGS_MAX), ImportMode::Apply).await.unwrap();
    assert!(again.applied);
    let test = test.reopened().await;
    assert_eq!(test.store.mappings().all().list().len(), MAPPINGS_MAX);
}
