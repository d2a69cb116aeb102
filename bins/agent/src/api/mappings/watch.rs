//! Tells who watches when mappings go live, are refused, or fail.

use serde_json::json;

use super::view::MappingView;
use crate::{api::state::ApiState, observe::Topic};

/// Changes at once beyond which pages are told to look for themselves: after a reconnect, all mappings change.
const CHANGES_MAX: usize = 50;

/// Runs until dropped.
pub(crate) async fn tell_changes(state: ApiState) {
    loop {
        let changes = state.catalogue.changes().await;
        if changes.len() > CHANGES_MAX {
            state.hub.tell(Topic::Mappings, "resync", &json!({}));
            continue;
        }
        for id in changes {
            if let Some(found) = state.catalogue.get(id) {
                let mapping = MappingView::of(found);
                state.hub.tell(Topic::Mappings, "mapping", &json!({"action": "updated", "id": id, "mapping": mapping}));
            }
        }
    }
}
