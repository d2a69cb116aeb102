//! What the Agent does between its start and the signal that ends it.

use std::{num::NonZeroU8, sync::Arc, time::Duration};

use anyhow::Context;
use chrono::Utc;
use octoporty_client::Agent;
use octoporty_core::{id::AgentId, limits::DRAIN_PERIOD};
use octoporty_shell::{Shards, data_dir, logging::LogRing, service};
use tokio::{net::TcpListener, time::Instant};

use crate::{
    catalogue::Fixed,
    config::AgentConfig,
    management::{Management, address_policy},
    observe::Recorder,
};

/// How long shards have to end once everything on them has.
const SHARDS_TIMEOUT: Duration = Duration::from_millis(500);

/// Runs until a signal asks for the end.
pub(crate) async fn run(config: AgentConfig, ring: LogRing) -> anyhow::Result<()> {
    let started = Instant::now();
    // Polled once, so that a signal during the start is not the end of it.
    let mut told = Box::pin(octoporty_shell::shutdown_signal());
    let _not_yet = futures::poll!(&mut told);
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("{} cannot be listened on (Agent__Port, Agent__BindAddress)", config.listen))?;
    let shards = Shards::start(config.shards, "shard").context("no threads for the shards (Agent__Shards)")?;
    let fixed = Fixed::build(&config.mappings)?;
    let (recorder, records) = Recorder::new(Utc::now(), config.recording);
    let agent = start(&config, &shards, &fixed, recorder.clone())?;
    tracing::info!(agent = %agent.id(), listen = %config.listen, gateway = agent.gateway(), "started");
    let management = Management::start(&config, agent.clone(), fixed, (recorder, records), ring, started);
    management.serve(listener);
    service::notify_ready();
    let cut = tokio::select! {
        cut = serve_until_told(&agent, told) => cut,
        never = service::watch(shards.handles()) => match never {},
    };
    management.shutdown().await;
    if cut > 0 {
        tracing::warn!(cut, "what did not finish in time was cut");
    }
    shards.shutdown(SHARDS_TIMEOUT);
    Ok(())
}

/// Waits for the signal that asks for the end, and lets what is in flight finish. Gives how many tasks were cut.
async fn serve_until_told(agent: &Agent, told: impl Future<Output = &'static str>) -> usize {
    let signal = told.await;
    tracing::info!(signal, "stopping");
    service::notify_stopping();
    agent.shutdown(DRAIN_PERIOD).await
}

fn start(config: &AgentConfig, shards: &Shards, fixed: &Fixed, recorder: Recorder) -> anyhow::Result<Agent> {
    let policy = address_policy(config);
    let mut builder = Agent::builder(&config.gateway_url.to_string(), &config.api_key)
        .name(&config.name)
        .address_policy(policy)
        .mappings(fixed.served())
        .observer(Arc::new(recorder))
        .shards(shards.handles().to_vec());
    if !config.tcp.is_default() {
        let options = config.tcp.clone();
        builder = builder.prepare(Arc::new(move |tcp| {
            if let Err(error) = options.apply(tcp) {
                tracing::debug!(error = &error as &dyn std::error::Error, "socket options were refused");
            }
        }));
    }
    if config.allow_insecure_gateway {
        builder = builder.dial(octoporty_client::connect::DialTargetBuilder::allow_insecure);
    }
    if let Some(pin) = config.gateway_pin {
        builder = builder.dial(|target| target.pin(pin));
    }
    if let Some(id) = agent_id(config)? {
        builder = builder.id(id);
    }
    if let Some(lanes) = config.lanes.and_then(|lanes| NonZeroU8::try_from(lanes).ok()) {
        builder = builder.lanes_max(lanes);
    }
    builder.start().context("Agent__GatewayUrl")
}

/// Kept beside the database, so that the Agent is the same after a restart.
fn agent_id(config: &AgentConfig) -> anyhow::Result<Option<AgentId>> {
    let Some(directory) = config.database.directory() else {
        return Ok(None);
    };
    let text = data_dir::load_or_create_agent_id(directory)?;
    Ok(Some(text.parse().with_context(|| format!("{} holds no agent id", directory.display()))?))
}
