//! What Agents are shown of the proxy in front: its configuration without secrets, and how the Gateway gets on with it.

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use octoporty_core::message::CaddyState;

use super::Edge;
use crate::{CaddySource, CaddyUnreadable};

impl CaddySource for Edge {
    fn config(&self) -> BoxFuture<'_, Result<Bytes, CaddyUnreadable>> {
        async {
            let unreadable = |reason: String| CaddyUnreadable { reason };
            // Redacted by the proxy's own code, which knows where secrets stand (R63).
            let config = self.caddy_config().await.map_err(|error| unreadable(error.to_string()))?;
            serde_json::to_vec(&config).map(Bytes::from).map_err(|error| unreadable(error.to_string()))
        }
        .boxed()
    }

    fn state(&self) -> CaddyState {
        self.last_state()
    }
}
