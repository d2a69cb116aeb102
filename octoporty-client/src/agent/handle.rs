//! A handle to a running Agent.

use std::{fmt, sync::Arc, time::Duration};

use futures::stream::BoxStream;
use octoporty_core::{
    id::AgentId,
    proto::{Config, Role},
    secret::Secret,
};
use tokio::{
    runtime::Handle,
    sync::{Notify, broadcast, watch},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{AgentBuilder, builder::BoxedRoutes, supervisor};
#[cfg(feature = "tls-no-provider")]
use crate::upstream::UpstreamTls;
use crate::{
    ConnectionState, Event, Mapping, Status,
    connect::Way,
    control::{GatewayControl, call::Lanes},
    counts::ExchangeCounts,
    events::{self, EVENTS_MAX},
    mapping::Mappings,
    observe::ExchangeObserver,
    upstream::UpstreamClient,
};

/// A running Agent. Clones are handles to the same one; it runs until [`Agent::shutdown`], or until the last handle is
/// dropped.
#[derive(Debug, Clone)]
pub struct Agent {
    inner: Arc<Inner>,
    _last: Arc<StopOnDrop>,
}

/// Cuts everything once no handle is left.
#[derive(Debug)]
struct StopOnDrop {
    stopping: CancellationToken,
    cutting: CancellationToken,
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.stopping.cancel();
        self.cutting.cancel();
    }
}

/// One runtime of the data path, with connections to upstreams of its own.
#[derive(Debug, Clone)]
pub(super) struct Shard {
    pub(super) handle: Handle,
    pub(super) upstreams: UpstreamClient,
}

pub(super) struct Inner {
    pub(super) id: AgentId,
    /// Tells this process from others that claim the same identity.
    pub(super) instance: u64,
    pub(super) name: String,
    pub(super) way: Way,
    pub(super) lanes_max: u8,
    pub(super) shards: Vec<Shard>,
    pub(super) mappings: Mappings,
    /// The lanes that calls can take.
    pub(super) lanes: Lanes,
    pub(super) status: watch::Sender<Status>,
    pub(super) events: broadcast::Sender<Event>,
    /// Exchanges that are open, and that are over.
    pub(super) exchanges: ExchangeCounts,
    /// Told when the mappings were replaced.
    pub(super) changed: Notify,
    /// Told when the tunnel should be dropped and dialled again.
    pub(super) reconnect: Notify,
    /// Lanes and their requests.
    pub(super) tasks: TaskTracker,
    /// Connections to upstreams. Apart, since one that is kept for the next request does not hold a shutdown up.
    connections: TaskTracker,
    pub(super) stopping: CancellationToken,
    pub(super) cutting: CancellationToken,
    ping_interval: Duration,
    liveness_timeout: Duration,
    compression: bool,
    /// How often mappings that the Gateway did not take are offered again.
    pub(super) offer_interval: Duration,
    /// Told of each exchange when it is over.
    pub(super) observer: Option<Arc<dyn ExchangeObserver>>,
    /// What certificates of upstreams are checked against.
    #[cfg(feature = "tls-no-provider")]
    upstream_tls: UpstreamTls,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

impl Inner {
    pub(super) fn new(builder: AgentBuilder, way: Way) -> Arc<Self> {
        let connections = TaskTracker::new();
        let cutting = CancellationToken::new();
        // Once for all shards, as it reads the system's roots.
        #[cfg(feature = "tls-no-provider")]
        let upstream_tls = builder.upstream_tls.unwrap_or_else(UpstreamTls::platform);
        let handles = if builder.shards.is_empty() { vec![Handle::current()] } else { builder.shards.clone() };
        let shards = handles
            .into_iter()
            .map(|handle| {
                let client = UpstreamClient::builder(connections.clone(), cutting.clone())
                    .policy(builder.policy.clone())
                    .resolver(Arc::clone(&builder.resolver));
                let client = match &builder.prepare {
                    Some(prepare) => client.prepare(Arc::clone(prepare)),
                    None => client,
                };
                #[cfg(feature = "tls-no-provider")]
                let client = client.tls(upstream_tls.clone());
                Shard { handle, upstreams: client.build() }
            })
            .collect();
        Arc::new(Self {
            id: builder.id,
            instance: rand::random(),
            name: builder.name,
            way,
            lanes_max: builder.lanes_max.get(),
            shards,
            mappings: Mappings::default(),
            lanes: Lanes::default(),
            status: watch::Sender::new(Status::default()),
            events: broadcast::Sender::new(EVENTS_MAX),
            exchanges: ExchangeCounts::default(),
            changed: Notify::new(),
            reconnect: Notify::new(),
            tasks: TaskTracker::new(),
            connections,
            stopping: CancellationToken::new(),
            cutting,
            ping_interval: builder.ping_interval,
            liveness_timeout: builder.liveness_timeout,
            compression: builder.compression,
            offer_interval: builder.offer_interval,
            observer: builder.observer,
            #[cfg(feature = "tls-no-provider")]
            upstream_tls,
        })
    }

    pub(super) fn lane_config(&self) -> Config {
        Config::new(Role::Agent)
            .ping_interval(self.ping_interval)
            .liveness_timeout(self.liveness_timeout)
            .compression(self.compression)
    }

    /// Replaces the mappings, and lets the Gateway know.
    pub(super) fn replace_mappings(&self, mappings: Vec<Mapping>) -> u64 {
        let revision = self.mappings.replace(mappings);
        self.changed.notify_one();
        revision
    }

    /// Tells whoever follows; nobody need.
    pub(super) fn tell(&self, event: Event) {
        let _followers = self.events.send(event);
    }

    /// Enters a state, and changes what goes with it.
    pub(super) fn enter(&self, state: ConnectionState, change: impl FnOnce(&mut Status)) {
        self.status.send_modify(|status| {
            status.state = state;
            status.since = Some(Instant::now());
            if !matches!(state, ConnectionState::Syncing | ConnectionState::Connected) {
                status.session = None;
                status.synced = None;
            }
            change(status);
        });
    }
}

impl Agent {
    /// Starts from a Gateway's URL, such as `wss://gateway.example.com/tunnel`, and its key.
    pub fn builder(url: &str, key: &Secret) -> AgentBuilder {
        AgentBuilder::new(url, key)
    }

    pub(super) fn start(inner: Arc<Inner>, routes: Option<BoxedRoutes>) -> Self {
        let last = StopOnDrop { stopping: inner.stopping.clone(), cutting: inner.cutting.clone() };
        inner.tasks.spawn(supervisor::run(Arc::clone(&inner)));
        if let Some(routes) = routes {
            let (following, stopping) = (routes(Arc::clone(&inner)), inner.stopping.clone());
            inner.tasks.spawn(async move {
                tokio::select! {
                    () = following => {}
                    () = stopping.cancelled() => {}
                }
            });
        }
        Self { inner, _last: Arc::new(last) }
    }

    /// How the tunnel is doing, now and from now on.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.inner.status.subscribe()
    }

    /// Waits until requests come through.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn connected(&self) {
        let mut status = self.inner.status.subscribe();
        let _always_open = status.wait_for(|status| status.state == ConnectionState::Connected).await;
    }

    /// Replaces all mappings. They count for requests from now on, and the Gateway learns of them at once if the tunnel
    /// is up, otherwise when it is.
    ///
    /// Gives the number of this revision, higher than all before. Once [`Status::synced`] is as high, the Gateway has
    /// answered to these mappings, or to later ones, and the status says what it took and what not.
    pub fn replace_mappings(&self, mappings: Vec<Mapping>) -> u64 {
        self.inner.replace_mappings(mappings)
    }

    /// What happens from now on, until the Agent is gone. A reader that is too slow is told how many events it missed.
    #[must_use]
    pub fn events(&self) -> BoxStream<'static, Event> {
        events::follow(&self.inner.events)
    }

    /// Waits until the Agent begins to stop: [`Self::shutdown`] was called, or the last handle dropped. It does not keep
    /// the Agent running.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + 'static {
        self.inner.stopping.clone().cancelled_owned()
    }

    pub(crate) fn exchanges(&self) -> &ExchangeCounts {
        &self.inner.exchanges
    }

    pub(crate) fn public_url(&self, host: &str) -> String {
        self.inner.way.public_url(host)
    }

    /// How many mappings there are.
    #[must_use]
    pub fn mappings(&self) -> usize {
        self.inner.mappings.len()
    }

    /// Drops the tunnel and dials again at once.
    pub fn reconnect(&self) {
        self.inner.reconnect.notify_one();
    }

    /// Asks the Gateway for more than traffic: its status, its log lines, an update. Handles may outlive the Agent; their
    /// calls fail then.
    #[must_use]
    pub fn control(&self) -> GatewayControl {
        GatewayControl::new(self.inner.lanes.clone(), self.inner.tasks.clone(), self.inner.stopping.clone())
    }

    /// Who the Agent is.
    #[must_use]
    pub fn id(&self) -> AgentId {
        self.inner.id
    }

    /// The Gateway's address without its query.
    #[must_use]
    pub fn gateway(&self) -> String {
        self.inner.way.address()
    }

    /// What certificates of upstreams are checked against: for clients beside this Agent that should think as it does,
    /// and not read the system's roots again.
    #[cfg(feature = "tls-no-provider")]
    #[must_use]
    pub fn upstream_tls(&self) -> UpstreamTls {
        self.inner.upstream_tls.clone()
    }

    /// Stops: takes no new requests, lets open ones finish within `period`, then cuts what is left. Gives how many tasks
    /// were cut.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: dropped half-way, open requests go on until the last handle is dropped.
    pub async fn shutdown(&self, period: Duration) -> usize {
        self.shutdown_with(period, || {}).await
    }

    /// As [`Self::shutdown`]; calls `at_deadline` before anything is cut.
    pub(crate) async fn shutdown_with(&self, period: Duration, at_deadline: impl FnOnce()) -> usize {
        self.inner.stopping.cancel();
        self.inner.tasks.close();
        let drained = tokio::time::timeout(period, self.inner.tasks.wait()).await.is_ok();
        let cut = if drained { 0 } else { self.inner.tasks.len() };
        at_deadline();
        self.inner.cutting.cancel();
        self.inner.connections.close();
        let _cut_off = tokio::time::timeout(CUT_PERIOD, async {
            self.inner.tasks.wait().await;
            self.inner.connections.wait().await;
        })
        .await;
        cut
    }
}

/// How long tasks have to end once they were told to end at once.
const CUT_PERIOD: Duration = Duration::from_millis(500);
