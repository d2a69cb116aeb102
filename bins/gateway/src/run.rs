//! What the Gateway does between its start and the signal that ends it.

use crate::config::GatewayConfig;

/// Runs until a signal asks for the end.
pub(crate) async fn run(config: GatewayConfig) -> anyhow::Result<()> {
    tracing::info!(listen = %config.listen, "started");
    let signal = octoporty_shell::shutdown_signal().await;
    tracing::info!(signal, "stopping");
    Ok(())
}
