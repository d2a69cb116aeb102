//! The way to the Gateway: which lane a call takes, and how long it may.

use std::{future::Future, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use bytes::Bytes;
use octoporty_core::session::Lane;

use super::ControlError;

/// How long the Gateway may take to answer. Caddy has ten seconds of its own, hence the two on top.
const CALL_TIMEOUT: Duration = Duration::from_secs(12);

/// The lanes that are up, as the supervisor last saw them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lanes {
    up: Arc<ArcSwap<Vec<Lane>>>,
}

impl Lanes {
    /// Replaces the lanes.
    pub(crate) fn set(&self, lanes: Vec<Lane>) {
        self.up.store(Arc::new(lanes));
    }

    /// The least busy lane that takes streams.
    pub(super) fn pick(&self) -> Result<Lane, ControlError> {
        let up = self.up.load();
        let takes = up.iter().filter(|lane| lane.takes_streams());
        takes.min_by_key(|lane| lane.open_streams()).cloned().ok_or(ControlError::TunnelDown)
    }

    /// Asks and waits for an answer of at most `limit` bytes.
    pub(super) async fn call(&self, name: &str, body: Vec<u8>, limit: usize) -> Result<Bytes, ControlError> {
        let lane = self.pick()?;
        Ok(in_time(lane.call(name, body.into(), limit)).await??)
    }
}

pub(super) async fn in_time<T>(asking: impl Future<Output = T>) -> Result<T, ControlError> {
    tokio::time::timeout(CALL_TIMEOUT, asking).await.map_err(|_elapsed| ControlError::Timeout(CALL_TIMEOUT))
}
