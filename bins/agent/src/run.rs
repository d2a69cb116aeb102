//! What the Agent does between its start and the signal that ends it.

use octoporty_shell::data_dir;

use crate::config::AgentConfig;

/// Runs until a signal asks for the end.
pub(crate) async fn run(config: AgentConfig) -> anyhow::Result<()> {
    let agent_id = config
        .database
        .directory()
        .map(data_dir::load_or_create_agent_id)
        .transpose()?;
    tracing::info!(agent = agent_id, listen = %config.listen, gateway = %config.gateway_url, "started");
    let signal = octoporty_shell::shutdown_signal().await;
    tracing::info!(signal, "stopping");
    Ok(())
}
