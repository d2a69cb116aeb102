//! `landing.sync` and `landing.default`: the page on hosts without a mapping (R49).

use std::sync::Arc;

use bytes::Bytes;
use octoporty_core::message::{decode_landing, encode};

use super::dispatch::{Caller, Refusal};
use crate::pages::LandingPage;

pub(super) const SYNC: &str = "landing.sync";
pub(super) const DEFAULT: &str = "landing.default";

/// Takes over an Agent's page, or says that it stays as it is. A file is written, so no shard does it.
pub(super) async fn sync(caller: &Caller, body: Bytes) -> Result<Bytes, Refusal> {
    let (gateway, agent) = (Arc::clone(&caller.gateway), Arc::clone(&caller.agent));
    tokio::task::spawn_blocking(move || {
        let (sync, html) = decode_landing(&body)?;
        let by = agent.label();
        let synced = gateway.control.landing.sync(agent.id, by, &sync, html);
        let synced = synced.map_err(|refused| Refusal::new("bad-request", refused.to_string()))?;
        Ok(encode(&synced).into())
    })
    .await?
}

/// The Gateway's own page, for a preview.
pub(super) fn default_page() -> Bytes {
    LandingPage::default_html()
}
