//! What handlers share.

use std::{
    ops::Deref,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use ipnet::IpNet;
use octoporty_client::{
    Agent,
    upstream::{AddressPolicy, UpstreamClient},
};
use octoporty_shell::logging::LogRing;
use tokio::{
    sync::{Notify, Semaphore},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    auth::Auth,
    error::{Answer, Problem},
    hosts::AllowedHosts,
    mappings::RenderedList,
    rate_limit::RateLimits,
};
use crate::{
    catalogue::Catalogue,
    observe::{Hub, Journal, Recorder},
    storage::Storage,
};

/// What the configuration says that handlers need.
#[derive(Debug)]
pub(crate) struct ApiConfig {
    /// Names that the management port answers to.
    pub(crate) allowed_hosts: AllowedHosts,
    /// Proxies whose word on who asks is believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// The Gateway's scheme, host and port.
    pub(crate) gateway_url: String,
    /// This Agent's name.
    pub(crate) agent_name: String,
    /// Addresses that no mapping may reach.
    pub(crate) policy: AddressPolicy,
    /// The path that daily log files are named after.
    pub(crate) log_file: Option<PathBuf>,
    /// When the program started.
    pub(crate) started: Instant,
}

/// What handlers share. Clones are handles.
#[derive(Debug, Clone)]
pub(crate) struct ApiState(Arc<Shared>);

/// See [`ApiState`].
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: ApiConfig,
    pub(crate) agent: Agent,
    pub(crate) auth: Auth,
    pub(crate) storage: Storage,
    pub(crate) catalogue: Catalogue,
    pub(crate) rendered_list: RenderedList,
    pub(crate) rates: RateLimits,
    pub(crate) hub: Hub,
    pub(crate) recorder: Recorder,
    pub(crate) journal: Journal,
    /// Told when the landing page was changed here.
    pub(crate) landing_changed: Notify,
    pub(crate) ring: LogRing,
    /// Asks services on behalf of a person: tests and diagnoses. Under the same policy as visitors' requests.
    pub(crate) upstreams: UpstreamClient,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    pub(crate) panics: AtomicU64,
    /// Room for what takes much memory: one at a time.
    pub(crate) costly: Arc<Semaphore>,
}

impl ApiState {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Does what takes much memory and time, off the runtime's threads and one at a time.
    ///
    /// # Cancel safety
    ///
    /// Dropped, work that began goes on and keeps its place until it is done.
    pub(crate) async fn costly<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
        let room = Arc::clone(&self.0.costly).acquire_owned().await.map_err(|_closed| Problem::internal())?;
        let done = tokio::task::spawn_blocking(move || {
            let _room = room;
            work()
        });
        done.await.map_err(|_panicked| Problem::internal())
    }

    /// Counts a request that panicked (R62).
    pub(crate) fn count_panic(&self) {
        self.0.panics.fetch_add(1, Ordering::Relaxed);
    }
}

impl Deref for ApiState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
