//! `status.read`: how the Gateway is doing.

use std::sync::{Arc, atomic::Ordering};

use bytes::Bytes;
use octoporty_core::{
    message::{GatewayStatus, encode},
    version::VERSION,
};

use super::dispatch::{Caller, Refusal};
use crate::gateway::Inner;

pub(super) const READ: &str = "status.read";

pub(super) async fn read(caller: &Caller) -> Result<Bytes, Refusal> {
    let gateway = Arc::clone(&caller.gateway);
    // The update's signal is a file.
    let status = tokio::task::spawn_blocking(move || of(&gateway)).await?;
    Ok(encode(&status).into())
}

fn of(gateway: &Inner) -> GatewayStatus {
    let control = &gateway.control;
    let here: Vec<_> = gateway.registry.statuses().into_iter().filter(|agent| agent.lanes > 0).collect();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let mut status = GatewayStatus::default();
    status.version = VERSION.to_owned();
    status.uptime_s = gateway.started.elapsed().as_secs();
    status.name.clone_from(&gateway.name);
    status.shards = count(gateway.shards.len().max(1));
    status.agents = count(here.len());
    status.lanes = count(here.iter().map(|agent| agent.lanes).sum());
    status.caddy = control.caddy.as_ref().map(|caddy| caddy.state()).unwrap_or_default();
    status.remote_update = control.updates.is_allowed();
    status.update = control.updates.waiting();
    status.landing = control.landing.owner();
    status.log_lines_skipped = control.lines_skipped.load(Ordering::Relaxed);
    status
}
