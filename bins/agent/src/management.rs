//! Puts the management API together: the database, the catalogue of mappings, the recorder, and the port.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use futures::future::BoxFuture;
use octoporty_client::{
    Agent,
    upstream::{AddressPolicy, UpstreamClient},
};
use octoporty_core::host::Hostname;
use octoporty_shell::logging::LogRing;
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    api::{self, AllowedHosts, ApiConfig, ApiState, Auth, RateLimits, RenderedList, Shared},
    catalogue::{self, Catalogue, Fixed},
    config::AgentConfig,
    observe::{Hub, Journal, Recorder, Records, Surroundings},
    storage::{Storage, StorageConfig},
};

/// How long requests to the management port have to end.
const API_TIMEOUT: Duration = Duration::from_secs(5);

/// How long those who ask wait at the start for the database to be opened: it takes milliseconds, and without it who
/// signs in gets a session that cannot be refreshed. Longer, and a locked one would hide what is wrong.
const FIRST_OPENING: Duration = Duration::from_secs(3);

/// The management API with its tasks.
pub(crate) struct Management {
    pub(crate) state: ApiState,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Management {
    /// Starts its tasks, on the present runtime.
    pub(crate) fn start(
        config: &AgentConfig,
        agent: Agent,
        fixed: Fixed,
        observed: (Recorder, Records),
        ring: LogRing,
        started: Instant,
    ) -> Self {
        let storage = StorageConfig::new(config.database.clone(), &config.password_hash, &config.jwt_secret);
        Self::start_with(config, agent, fixed, observed, ring, started, storage)
    }

    /// As [`Self::start`], with the database opened in a way of the caller's.
    pub(crate) fn start_with(
        config: &AgentConfig,
        agent: Agent,
        fixed: Fixed,
        observed: (Recorder, Records),
        ring: LogRing,
        started: Instant,
        storage: StorageConfig,
    ) -> Self {
        let (recorder, records) = observed;
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let (policy, upstream_tls) = (address_policy(config), agent.upstream_tls());
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
        recorder.start(records, around, &tasks, stop.clone());
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
            rendered_list: RenderedList::default(),
            rates: RateLimits::new(),
            hub,
            recorder,
            journal: Journal::default(),
            landing_changed: Notify::new(),
            ring,
            upstreams: UpstreamClient::builder(tasks.clone(), stop.clone()).policy(policy).tls(upstream_tls).build(),
            tasks: tasks.clone(),
            stop: stop.clone(),
            panics: AtomicU64::new(0),
            costly: Arc::new(Semaphore::new(1)),
        });
        let until_stop = |task: BoxFuture<'static, ()>| {
            tasks.spawn(stop.clone().run_until_cancelled_owned(task));
        };
        let (agent, storage) = (state.agent.clone(), state.storage.clone());
        until_stop(Box::pin(catalogue::watch(state.catalogue.clone(), agent.clone(), storage.clone())));
        tasks.spawn(state.journal.clone().watch(agent, storage, state.recorder.clone(), stop.clone()));
        until_stop(Box::pin(api::tell_changes(state.clone())));
        until_stop(Box::pin(api::tell_status(state.clone())));
        until_stop(Box::pin(api::sync_landing(state.clone())));
        Self { state, tasks, stop }
    }

    /// Takes connections until [`Self::shutdown`].
    pub(crate) fn serve(&self, listener: TcpListener) {
        let router = api::router(self.state.clone());
        let (storage, tasks, stop) = (self.state.storage.clone(), self.tasks.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            let _in_time = tokio::time::timeout(FIRST_OPENING, storage.tried()).await;
            api::serve(listener, router, tasks, stop).await;
        });
    }

    /// Ends what runs, saves what is counted, and closes the database.
    pub(crate) async fn shutdown(self) {
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

/// Which addresses mappings may lead to (R33).
pub(crate) fn address_policy(config: &AgentConfig) -> AddressPolicy {
    AddressPolicy::new(config.upstream_deny_list.clone()).deny_socket(config.listen)
}
