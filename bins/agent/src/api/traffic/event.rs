//! An exchange as an event tells of it.

use octoporty_store::RequestRecord;
use serde::Serialize;

use super::view::RequestView;

/// An exchange, and how many were left out since the last one that was told.
#[derive(Debug, Serialize)]
pub(crate) struct RequestEvent {
    #[serde(flatten)]
    request: RequestView,
    skipped: u64,
}

impl RequestEvent {
    pub(crate) fn of(record: &RequestRecord, skipped: u64) -> Self {
        Self { request: RequestView::of(record), skipped }
    }
}
