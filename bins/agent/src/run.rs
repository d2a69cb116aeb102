//! What the Agent does between its start and the signal that ends it.

use std::{num::NonZeroU8, sync::atomic::AtomicU64, time::Duration};

use anyhow::Context;
use futures::future::BoxFuture;
use octoporty_client::{
    Agent,
    upstream::{AddressPolicy, UpstreamClient},
};
use octoporty_core::{host::Hostname, id::AgentId, limits::DRAIN_PERIOD};
use octoporty_shell::{Shards, data_dir, logging::LogRing};
use tokio::{net::TcpListener, sync::Notify, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    api::{self, AllowedHosts, ApiConfig, ApiState, Auth, RateLimits, Shared},
    catalogue::{self, Catalogue, Fixed},
    config::AgentConfig,
    observe::{Hub, Journal, Recorder, Surroundings},
    storage::{Storage, StorageConfig},
};

/// How long shards have to end once everything on them has.
const SHARDS_TIMEOUT: Duration = Duration::from_millis(500);

/// How long requests to the management port have to end.
const API_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs until a signal asks for the end.
pub(crate) async fn run(config: AgentConfig, ring: LogRing) -> anyhow::Result<()> {
    let started = Instant::now();
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("{} cannot be listened on (Agent__Port, Agent__BindAddress)", config.listen))?;
    let shards = Shards::start(config.shards, "shard").context("no threads for the shards (Agent__Shards)")?;
    let fixed = Fixed::build(&config.mappings)?;
    let agent = start(&config, &shards, &fixed)?;
    tracing::info!(agent = %agent.id(), listen = %config.listen, gateway = agent.gateway(), "started");
    let api = Api::start(&config, agent.clone(), fixed, ring, started);
    api.tasks.spawn(api::serve(listener, api::router(api.state.clone()), api.tasks.clone(), api.stop.clone()));
    let signal = octoporty_shell::shutdown_signal().await;
    tracing::info!(signal, "stopping");
    let cut = agent.shutdown(DRAIN_PERIOD).await;
    api.shutdown().await;
    if cut > 0 {
        tracing::warn!(cut, "what did not finish in time was cut");
    }
    shards.shutdown(SHARDS_TIMEOUT);
    Ok(())
}

/// The management API with its tasks.
struct Api {
    state: ApiState,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Api {
    fn start(config: &AgentConfig, agent: Agent, fixed: Fixed, ring: LogRing, started: Instant) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let policy = address_policy(config);
        let storage = StorageConfig::new(config.database.clone(), &config.password_hash, &config.jwt_secret);
        let mut names = config.allowed_hosts.clone();
        names.extend(Hostname::parse(&config.name));
        let storage = Storage::open(storage, &tasks, stop.clone());
        let catalogue = Catalogue::new(agent.clone(), fixed);
        let hub = Hub::new();
        let around = Surroundings {
            agent: agent.clone(),
            storage: storage.clone(),
            catalogue: catalogue.clone(),
            hub: hub.clone(),
        };
        let recorder = Recorder::start(around, &tasks, stop.clone());
        let state = ApiState::new(Shared {
            config: ApiConfig {
                allowed_hosts: AllowedHosts::new(names),
                trusted_proxies: config.trusted_proxies.clone(),
                gateway_url: agent.gateway(),
                agent_name: config.name.clone(),
                policy: policy.clone(),
                log_file: config.logging.file_path.clone(),
                started,
            },
            agent,
            auth: Auth::new(&config.jwt_secret, config.password_hash.clone()),
            storage,
            catalogue,
            rates: RateLimits::new(),
            hub,
            recorder,
            journal: Journal::default(),
            landing_changed: Notify::new(),
            ring,
            upstreams: UpstreamClient::builder(tasks.clone(), stop.clone()).policy(policy).build(),
            tasks: tasks.clone(),
            stop: stop.clone(),
            panics: AtomicU64::new(0),
        });
        let until_stop = |task: BoxFuture<'static, ()>| {
            tasks.spawn(stop.clone().run_until_cancelled_owned(task));
        };
        let (agent, storage) = (state.agent.clone(), state.storage.clone());
        until_stop(Box::pin(catalogue::watch(state.catalogue.clone(), agent.clone(), storage.clone())));
        until_stop(Box::pin(state.journal.clone().watch(agent, storage, state.recorder.clone())));
        until_stop(Box::pin(api::tell_changes(state.clone())));
        until_stop(Box::pin(api::tell_status(state.clone())));
        until_stop(Box::pin(api::sync_landing(state.clone())));
        Self { state, tasks, stop }
    }

    async fn shutdown(self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(API_TIMEOUT, self.tasks.wait()).await.is_err() {
            tracing::warn!(cut = self.tasks.len(), "requests to the management port were cut");
        }
        if let Some(store) = self.state.storage.if_open() {
            store.close().await;
        }
    }
}

fn address_policy(config: &AgentConfig) -> AddressPolicy {
    AddressPolicy::new(config.upstream_deny_list.clone()).deny_socket(config.listen)
}

fn start(config: &AgentConfig, shards: &Shards, fixed: &Fixed) -> anyhow::Result<Agent> {
    let policy = address_policy(config);
    let mut builder = Agent::builder(&config.gateway_url.to_string(), &config.api_key)
        .name(&config.name)
        .address_policy(policy)
        .mappings(fixed.served())
        .shards(shards.handles().to_vec());
    if config.allow_insecure_gateway {
        builder = builder.dial(octoporty_client::connect::DialTargetBuilder::allow_insecure);
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
