//! Keeps the catalogue up with the database and the tunnel.

use octoporty_client::Agent;

use super::Catalogue;
use crate::storage::Storage;

/// Runs until dropped.
pub(crate) async fn watch(catalogue: Catalogue, agent: Agent, storage: Storage) {
    let tunnel = async {
        let mut status = agent.status();
        // What it is already counts too: the tunnel may have come up first.
        loop {
            let now = status.borrow_and_update().clone();
            catalogue.note(now);
            if status.changed().await.is_err() {
                return;
            }
        }
    };
    let stored = async {
        let store = storage.opened().await;
        let mut mappings = store.mappings().watch();
        loop {
            mappings.mark_unchanged();
            catalogue.apply(store.mappings());
            if mappings.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::join!(tunnel, stored);
}
