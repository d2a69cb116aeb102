//! `caddy.config`: Caddy's configuration for the dashboard, redacted before it comes here (R63).

use std::time::Duration;

use bytes::Bytes;
use octoporty_core::message::{CADDY_CONFIG_BYTES_MAX, CaddyConfigHead, encode_caddy_config};

use super::dispatch::{Caller, Refusal};

pub(super) const CONFIG: &str = "caddy.config";

/// How long Caddy may take.
const CADDY_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) async fn config(caller: &Caller) -> Result<Bytes, Refusal> {
    let Some(caddy) = &caller.gateway.control.caddy else {
        return Err(Refusal::unavailable("no Caddy is configured at this gateway (Gateway__CaddyAdminUrl)"));
    };
    let read = tokio::time::timeout(CADDY_TIMEOUT, caddy.config()).await;
    let json = match read {
        Ok(Ok(json)) => json,
        Ok(Err(error)) => return Err(Refusal::unavailable(error.to_string())),
        Err(_elapsed) => return Err(Refusal::unavailable("Caddy did not answer in time")),
    };
    if json.len() > CADDY_CONFIG_BYTES_MAX {
        let message =
            format!("Caddy's configuration has {} bytes, at most {CADDY_CONFIG_BYTES_MAX} are sent", json.len());
        return Err(Refusal::new("too-large", message));
    }
    Ok(encode_caddy_config(CaddyConfigHead { read_at_ms: caller.gateway.control.clock.now_ms() }, &json).into())
}
