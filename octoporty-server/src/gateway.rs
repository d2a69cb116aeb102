//! The Gateway itself: a cheap handle to what its connections share.

use std::{sync::Arc, time::Duration};

use octoporty_core::{
    host::HostPattern,
    message::GoAwayReason,
    proto::{Config, Role},
};
use tokio::{
    runtime::Handle,
    sync::{Mutex, Semaphore},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    AgentStatus, GatewayBuilder, RouteRegistry, auth::ErasedAuthenticator, control::Control, edge::Edge,
    limiter::Limiter, metrics::Metrics, observe::VisitObserver, pages::LandingPage, registry::Registry,
    request_ids::RequestIds, state, throttle::Throttle, trusted_proxies::TrustedProxies,
};

/// Requests that may wait for a tunnel at once; each holds a visitor's connection and a small head.
pub(crate) const WAITING_MAX: usize = 4096;

/// Calls of an Agent that may be open on one lane at once: a few are answered at a time, live streams of log lines beside
/// them, and each that waits may hold a head and an inlined body.
const CALLS_OPEN_MAX: u32 = 256;

/// A Gateway. Clones are handles to the same one.
#[derive(Debug, Clone)]
pub struct Gateway {
    pub(crate) inner: Arc<Inner>,
}

/// How a shutdown went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Tasks that were still at work at the deadline and were cut.
    pub cut: usize,
}

pub(crate) struct Inner {
    pub(crate) authenticator: Arc<dyn ErasedAuthenticator>,
    pub(crate) claims: Arc<dyn RouteRegistry>,
    pub(crate) observer: Option<Arc<dyn VisitObserver>>,
    pub(crate) share_domain: Option<HostPattern>,
    pub(crate) name: String,
    pub(crate) started: Instant,
    pub(crate) registry: Registry,
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) exchanges_per_mapping_max: usize,
    pub(crate) throttle: Throttle,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) grace_period: Duration,
    pub(crate) startup_hold: Duration,
    pub(crate) reconnect_spread: Duration,
    pub(crate) edge: Option<Edge>,
    pub(crate) request_ids: RequestIds,
    pub(crate) waiting: Semaphore,
    pub(crate) control: Control,
    pub(crate) metrics: Metrics,
    pub(crate) shards: Vec<Handle>,
    /// Visitors' connections and what belongs to their exchanges.
    pub(crate) visitors: TaskTracker,
    /// Lanes.
    pub(crate) lanes: TaskTracker,
    /// No new connections, and the open ones end after what they are at.
    pub(crate) stopping: CancellationToken,
    /// Everything ends now.
    pub(crate) cutting: CancellationToken,
    state_path: Option<std::path::PathBuf>,
    /// Held while the state is written down.
    saving: Mutex<()>,
    ping_interval: Duration,
    liveness_timeout: Duration,
    compression: bool,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Gateway {
    /// Starts with no settings.
    pub fn builder() -> GatewayBuilder {
        GatewayBuilder::new()
    }

    pub(crate) fn new(builder: GatewayBuilder, authenticator: Arc<dyn ErasedAuthenticator>) -> Self {
        let (expected, hold) = last_run(&builder);
        let control = Control::new(&builder);
        let metrics = Metrics::new(builder.shards.len());
        Self {
            inner: Arc::new(Inner {
                authenticator,
                claims: builder.claims,
                observer: builder.observer,
                share_domain: builder.share_domain,
                name: builder.name,
                started: Instant::now(),
                registry: Registry::new(builder.own_hosts, expected, hold, Arc::clone(&metrics.routes)),
                limiter: Limiter::new(builder.connections_max, builder.connections_per_address_max),
                exchanges_per_mapping_max: builder.exchanges_per_mapping_max,
                throttle: Throttle::default(),
                trusted_proxies: builder.trusted_proxies,
                grace_period: builder.grace_period,
                startup_hold: builder.startup_hold,
                reconnect_spread: builder.reconnect_spread,
                edge: builder.edge,
                request_ids: RequestIds::new(),
                waiting: Semaphore::new(WAITING_MAX),
                control,
                metrics,
                shards: builder.shards,
                visitors: TaskTracker::new(),
                lanes: TaskTracker::new(),
                stopping: CancellationToken::new(),
                cutting: CancellationToken::new(),
                state_path: builder.state_path,
                saving: Mutex::new(()),
                ping_interval: builder.ping_interval,
                liveness_timeout: builder.liveness_timeout,
                compression: builder.compression,
            }),
        }
    }

    /// The Agents that are known, here or away.
    #[must_use]
    pub fn agents(&self) -> Vec<AgentStatus> {
        self.inner.registry.statuses()
    }

    /// How many hosts have a route.
    #[must_use]
    pub fn routes(&self) -> usize {
        self.inner.registry.table().len()
    }

    /// The landing page that is shown now: an Agent's user's, or the default one.
    #[must_use]
    pub fn landing_page(&self) -> LandingPage {
        self.inner.control.landing.page()
    }

    /// Stops: no new connections, open exchanges may finish within `period`, Agents are told to go and to come back at
    /// a random moment within `spread`. What is left at the end is cut.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: dropped half-way, connections stay as they are.
    pub async fn shutdown(&self, period: Duration, spread: Duration) -> Drained {
        let deadline = Instant::now() + period;
        let inner = &self.inner;
        inner.stopping.cancel();
        inner.visitors.close();
        let finished = async {
            // A connection may have been taken at this very moment and be in no tracker yet.
            inner.last_requests_are_in().await;
            inner.visitors.wait().await;
        };
        let drained = tokio::time::timeout_at(deadline, finished).await.is_ok();
        let cut = if drained { 0 } else { inner.visitors.len() };
        let reason = if inner.control.updates.is_queued() { UPDATED } else { "the gateway stops" };
        for session in inner.registry.sessions() {
            for slot in session.lanes() {
                slot.lane.go_away(GoAwayReason::Restart, reason, spread);
            }
        }
        inner.cutting.cancel();
        inner.lanes.close();
        let _cut_off = tokio::time::timeout(CUT_PERIOD, async {
            inner.visitors.wait().await;
            inner.lanes.wait().await;
        })
        .await;
        Drained { cut }
    }
}

/// Why a Gateway restarts that told its host to update it.
pub(crate) const UPDATED: &str = "the gateway is updated";

/// For how long after the stop began requests are still taken on connections that are open. HTTP/1 cannot say that no more
/// are wanted but in an answer, so a close at once would meet requests that are on their way. As long as the longest of
/// ordinary round trips, and a quarter of the second that an idle stop may take.
const LAST_REQUESTS_PERIOD: Duration = Duration::from_millis(250);

/// How long connections have to end once they were told to end at once.
const CUT_PERIOD: Duration = Duration::from_millis(500);

impl Inner {
    /// Ready a moment after the stop began, when connections by HTTP/1 that are silent may be closed.
    pub(crate) async fn last_requests_are_in(&self) {
        self.stopping.cancelled().await;
        tokio::time::sleep(LAST_REQUESTS_PERIOD).await;
    }

    /// The settings of a new lane.
    pub(crate) fn lane_config(&self) -> Config {
        // Agents open calls only.
        Config::new(Role::Gateway)
            .streams_max(CALLS_OPEN_MAX)
            .ping_interval(self.ping_interval)
            .liveness_timeout(self.liveness_timeout)
            .compression(self.compression)
    }

    /// Lanes that a session should have: one for each shard.
    pub(crate) fn lanes_wanted(&self) -> u8 {
        u8::try_from(self.shards.len()).unwrap_or(u8::MAX).clamp(1, octoporty_core::limits::LANES_MAX)
    }

    /// Writes down whom the next run should wait for. A failure costs only that.
    pub(crate) async fn save_state(&self) {
        let Some(path) = self.state_path.clone() else {
            return;
        };
        // One after the other: two at once would write to one draft, and the older could be the last.
        let _saving = self.saving.lock().await;
        let agents = self.registry.to_expect();
        let shown = path.display().to_string();
        let written = tokio::task::spawn_blocking(move || state::write(&path, agents)).await;
        match written {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(path = shown, %error, "state file not written"),
            Err(error) => tracing::warn!(path = shown, %error, "state file not written"),
        }
    }
}

/// Whom to wait for, and how long: for nobody if there was no run, or its file cannot be read.
fn last_run(builder: &GatewayBuilder) -> (Vec<octoporty_core::id::AgentId>, Duration) {
    let Some(path) = &builder.state_path else {
        return (Vec::new(), Duration::ZERO);
    };
    match state::read(path) {
        Ok(agents) => (agents, builder.startup_hold),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "state file not read");
            (Vec::new(), Duration::ZERO)
        }
    }
}
