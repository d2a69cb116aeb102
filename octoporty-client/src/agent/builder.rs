//! What an Agent is started from.

use std::{num::NonZeroU8, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use octoporty_core::{id::AgentId, limits, secret::Secret};
use tokio::runtime::Handle;

use super::{Agent, handle::Inner};
use crate::{
    Mapping, RouteSource,
    connect::{DialError, DialTarget, DialTargetBuilder, ErasedOpen, OpenTransport, PrepareTcp, Way},
    observe::ExchangeObserver,
    upstream::{AddressPolicy, Resolve, SystemResolver},
};

/// Follows a source of mappings for as long as the Agent runs.
pub(super) type BoxedRoutes = Box<dyn FnOnce(Arc<Inner>) -> BoxFuture<'static, ()> + Send>;
/// How often mappings that the Gateway did not take are offered again. Each offer is one call with all mappings.
const OFFER_INTERVAL: Duration = Duration::from_secs(30);

/// Collects the settings of an [`Agent`].
#[must_use = "a builder does nothing before it is started"]
pub struct AgentBuilder {
    target: DialTargetBuilder,
    transport: Option<Arc<dyn ErasedOpen>>,
    routes: Option<BoxedRoutes>,
    pub(super) id: AgentId,
    pub(super) name: String,
    pub(super) lanes_max: NonZeroU8,
    pub(super) shards: Vec<Handle>,
    pub(super) mappings: Vec<Mapping>,
    pub(super) policy: AddressPolicy,
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) prepare: Option<PrepareTcp>,
    pub(super) ping_interval: Duration,
    pub(super) liveness_timeout: Duration,
    pub(super) compression: bool,
    pub(super) offer_interval: Duration,
    pub(super) observer: Option<Arc<dyn ExchangeObserver>>,
    #[cfg(feature = "tls-no-provider")]
    pub(super) upstream_tls: Option<crate::upstream::UpstreamTls>,
}

impl std::fmt::Debug for AgentBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentBuilder").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

impl AgentBuilder {
    pub(super) fn new(url: &str, key: &Secret) -> Self {
        Self {
            target: DialTarget::builder(url, key),
            transport: None,
            routes: None,
            id: AgentId::from_u128(rand::random()),
            name: String::new(),
            lanes_max: NonZeroU8::new(limits::LANES_MAX).expect("the limit is not zero"),
            shards: Vec::new(),
            mappings: Vec::new(),
            policy: AddressPolicy::default(),
            resolver: Arc::new(SystemResolver),
            prepare: None,
            ping_interval: limits::PING_INTERVAL,
            liveness_timeout: limits::LIVENESS_TIMEOUT,
            compression: true,
            offer_interval: OFFER_INTERVAL,
            observer: None,
            #[cfg(feature = "tls-no-provider")]
            upstream_tls: None,
        }
    }

    /// Who the Agent is, over restarts: a domain that it held is its own again when it comes back. Default: random, so
    /// a newcomer each time.
    pub const fn id(mut self, id: AgentId) -> Self {
        self.id = id;
        self
    }

    /// A name for people. Default: none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Changes how the Gateway is dialled: a proxy, own certificates, own sockets, plain text.
    pub fn dial(mut self, change: impl FnOnce(DialTargetBuilder) -> DialTargetBuilder) -> Self {
        self.target = change(self.target);
        self
    }

    /// Opens the transports of lanes itself: the URL and the key are not used then.
    pub fn transport(mut self, transport: impl OpenTransport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Where the mappings come from, with each change. Default: from [`Self::mappings`] and [`Agent::replace_mappings`];
    /// whichever came last counts.
    pub fn routes(mut self, mut source: impl RouteSource) -> Self {
        self.routes = Some(Box::new(move |inner: Arc<Inner>| {
            Box::pin(async move {
                source.begin();
                while let Some(mappings) = source.next().await {
                    inner.replace_mappings(mappings);
                }
            })
        }));
        self
    }

    /// The mappings to begin with. Default: none; see [`Agent::replace_mappings`].
    pub fn mappings(mut self, mappings: Vec<Mapping>) -> Self {
        self.mappings = mappings;
        self
    }

    /// Most lanes, whatever the Gateway offers. Default: [`limits::LANES_MAX`].
    pub const fn lanes_max(mut self, lanes: NonZeroU8) -> Self {
        self.lanes_max = lanes;
        self
    }

    /// The runtimes that lanes and their requests are served on, one thread each. Default: the runtime that
    /// [`Self::start`] is called on.
    pub fn shards(mut self, shards: Vec<Handle>) -> Self {
        self.shards = shards;
        self
    }

    /// Addresses that no mapping may reach (R33). Default: cloud metadata, link-local, multicast, unspecified.
    pub fn address_policy(mut self, policy: AddressPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// How names of upstreams are looked up. Default: as the system does.
    pub fn resolver(mut self, resolver: Arc<dyn Resolve>) -> Self {
        self.resolver = resolver;
        self
    }

    /// Is shown each connection when it is open, to the Gateway and to upstreams. Default: nobody is.
    pub fn prepare(mut self, prepare: PrepareTcp) -> Self {
        self.target = self.target.prepare(Arc::clone(&prepare));
        self.prepare = Some(prepare);
        self
    }

    /// What certificates of upstreams are checked against. Default: the system's roots.
    #[cfg(feature = "tls-no-provider")]
    pub fn upstream_tls(mut self, tls: crate::upstream::UpstreamTls) -> Self {
        self.upstream_tls = Some(tls);
        self
    }

    /// How often lanes are pinged, and after how long a silent one is given up. Default: 5 s and 15 s (R30).
    pub const fn heartbeat(mut self, interval: Duration, timeout: Duration) -> Self {
        self.ping_interval = interval;
        self.liveness_timeout = timeout;
        self
    }

    /// Whether LZ4 is used when the Gateway can. Default: yes.
    pub const fn compression(mut self, on: bool) -> Self {
        self.compression = on;
        self
    }

    /// How often mappings that the Gateway did not take are offered again, since the Agent that holds their domain may
    /// have left. Default: 30 s.
    pub const fn offer_interval(mut self, interval: Duration) -> Self {
        self.offer_interval = interval;
        self
    }

    /// Who is told of each exchange when it is over. Default: nobody.
    pub fn observer(mut self, observer: Arc<dyn ExchangeObserver>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Checks the settings and starts dialling, on the current runtime.
    ///
    /// # Errors
    ///
    /// When the URL, the key or the proxy cannot be. A Gateway that cannot be reached is no error here: see
    /// [`Agent::status`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn start(mut self) -> Result<Agent, DialError> {
        let way = match self.transport.take() {
            Some(transport) => Way::Transport(transport),
            None => Way::Dial(Box::new(self.target.clone().agent(self.id).build()?)),
        };
        let mappings = std::mem::take(&mut self.mappings);
        let routes = self.routes.take();
        let inner = Inner::new(self, way);
        inner.mappings.replace(mappings);
        Ok(Agent::start(inner, routes))
    }
}
