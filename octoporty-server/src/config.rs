//! What a Gateway is built from. Checked once, in [`GatewayBuilder::build`].

use std::{path::PathBuf, sync::Arc, time::Duration};

use octoporty_core::{
    host::{HostPattern, Hostname},
    limits,
    secret::Secret,
};
use tokio::runtime::Handle;

use crate::{
    Authenticator, CaddySource, Clock, Gateway, LogSource, RouteRegistry, auth::ErasedAuthenticator,
    claims::AgreeToAll, clock::SharedClock, edge::Edge, observe::VisitObserver, trusted_proxies::TrustedProxies,
};

/// Shortest key that an Agent may be asked for, in characters: 128 bits in hex (R22).
const KEY_CHARACTERS_MIN: usize = 32;

/// Long enough that some hundred Agents do not come back at once, short enough that visitors may wait for it.
const RECONNECT_SPREAD: Duration = Duration::from_secs(2);

/// Settings that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The key is too short to be safe.
    #[error("the key has {actual} characters, at least {least} are needed (openssl rand -hex 32 makes a good one)")]
    KeyTooShort {
        /// Fewest characters.
        least: usize,
        /// Characters of this key.
        actual: usize,
    },
    /// Nobody could be let in.
    #[error("a gateway needs an api_key or an authenticator")]
    NoAuthenticator,
    /// It would not be clear who decides.
    #[error("a gateway takes an api_key or an authenticator, not both")]
    TwoAuthenticators,
    /// Names cannot be made up under a name.
    #[error("the share domain is {domain}; it must be a wildcard such as *.share.example.com")]
    ShareDomain {
        /// What was given.
        domain: HostPattern,
    },
}

/// Collects the settings of a [`Gateway`].
#[must_use = "a builder does nothing before it is built"]
pub struct GatewayBuilder {
    key: Option<Secret>,
    authenticator: Option<Arc<dyn ErasedAuthenticator>>,
    pub(crate) claims: Arc<dyn RouteRegistry>,
    pub(crate) observer: Option<Arc<dyn VisitObserver>>,
    pub(crate) clock: SharedClock,
    pub(crate) share_domain: Option<HostPattern>,
    pub(crate) name: String,
    pub(crate) own_hosts: Vec<Hostname>,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) grace_period: Duration,
    pub(crate) startup_hold: Duration,
    pub(crate) state_path: Option<PathBuf>,
    pub(crate) connections_max: usize,
    pub(crate) connections_per_address_max: usize,
    pub(crate) exchanges_per_mapping_max: usize,
    pub(crate) shards: Vec<Handle>,
    pub(crate) ping_interval: Duration,
    pub(crate) liveness_timeout: Duration,
    pub(crate) compression: bool,
    pub(crate) logs: Option<Arc<dyn LogSource>>,
    pub(crate) caddy: Option<Arc<dyn CaddySource>>,
    pub(crate) landing_path: Option<PathBuf>,
    pub(crate) update_signal_path: Option<PathBuf>,
    pub(crate) edge: Option<Edge>,
    pub(crate) reconnect_spread: Duration,
}

impl std::fmt::Debug for GatewayBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewayBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}

impl GatewayBuilder {
    pub(crate) fn new() -> Self {
        Self {
            key: None,
            authenticator: None,
            claims: Arc::new(AgreeToAll),
            observer: None,
            clock: SharedClock::default(),
            share_domain: None,
            name: String::new(),
            own_hosts: Vec::new(),
            trusted_proxies: TrustedProxies::default(),
            grace_period: limits::GRACE_PERIOD,
            startup_hold: limits::GRACE_PERIOD,
            state_path: None,
            connections_max: limits::CONNECTIONS_MAX,
            connections_per_address_max: limits::CONNECTIONS_PER_ADDRESS_MAX,
            exchanges_per_mapping_max: limits::EXCHANGES_PER_MAPPING_MAX,
            shards: Vec::new(),
            ping_interval: limits::PING_INTERVAL,
            liveness_timeout: limits::LIVENESS_TIMEOUT,
            compression: true,
            logs: None,
            caddy: None,
            landing_path: None,
            update_signal_path: None,
            edge: None,
            reconnect_spread: RECONNECT_SPREAD,
        }
    }

    /// The key that all Agents must present, at least 32 characters. Needed, unless there is a
    /// [`Self::authenticator`].
    pub fn api_key(mut self, key: impl Into<Secret>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Who judges keys, in place of one key for all: a key for each Agent, with domains of its own (R22, R24).
    pub fn authenticator(mut self, authenticator: impl Authenticator) -> Self {
        self.authenticator = Some(Arc::new(authenticator));
        self
    }

    /// Who has a say in which domains become routes. Default: nobody but the Gateway.
    pub fn route_registry(mut self, registry: impl RouteRegistry) -> Self {
        self.claims = Arc::new(registry);
        self
    }

    /// Who is told of each exchange when it is over. Default: nobody.
    pub fn observer(mut self, observer: Arc<dyn VisitObserver>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Tells the time of day. Default: the system's clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = SharedClock::new(clock);
        self
    }

    /// The wildcard under which Agents may take names that they made up, such as `*.share.example.com`. Its DNS records,
    /// and its certificate, must be there. Default: none.
    pub fn share_domain(mut self, wildcard: HostPattern) -> Self {
        self.share_domain = Some(wildcard);
        self
    }

    /// The name that Agents are shown. Default: none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// A host name of the Gateway itself. No Agent can claim it (R24), and its landing page comes with 200.
    pub fn own_host(mut self, host: Hostname) -> Self {
        self.own_hosts.push(host);
        self
    }

    /// Whose `X-Forwarded-*` fields are believed. Default: loopback.
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.trusted_proxies = proxies;
        self
    }

    /// How long requests for a known host wait for a lost tunnel to return (R31). Default: 10 s. Zero answers 503 at
    /// once; long periods pile up visitors.
    pub const fn grace_period(mut self, period: Duration) -> Self {
        self.grace_period = period;
        self
    }

    /// How long after the start requests for unknown hosts wait for the Agents of the last run. Default: 10 s. Needs
    /// [`Self::state_path`].
    pub const fn startup_hold(mut self, period: Duration) -> Self {
        self.startup_hold = period;
        self
    }

    /// Where the Agents of this run are written down for the next. Default: nowhere.
    pub fn state_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_path = Some(path.into());
        self
    }

    /// Visitors' connections in all (R20). Default: 65,536.
    pub const fn connections_max(mut self, connections: usize) -> Self {
        self.connections_max = connections;
        self
    }

    /// Visitors' connections that one address may hold (R20); trusted proxies are exempt. Default: 256.
    pub const fn connections_per_address_max(mut self, connections: usize) -> Self {
        self.connections_per_address_max = connections;
        self
    }

    /// Exchanges of one mapping that may be open at once, WebSockets among them (R20); the next are answered with 503.
    /// Default: 32,768.
    pub const fn exchanges_per_mapping_max(mut self, exchanges: usize) -> Self {
        self.exchanges_per_mapping_max = exchanges;
        self
    }

    /// The runtimes that visitors and lanes are served on, one thread each: the shards. Default: the runtime that
    /// [`Gateway::serve`] is called on. An Agent is asked for a lane to each.
    pub fn shards(mut self, shards: Vec<Handle>) -> Self {
        self.shards = shards;
        self
    }

    /// How often lanes are pinged, and after how long a silent one is given up. Default: 5 s and 15 s (R30).
    pub const fn heartbeat(mut self, interval: Duration, timeout: Duration) -> Self {
        self.ping_interval = interval;
        self.liveness_timeout = timeout;
        self
    }

    /// Whether LZ4 is used on lanes whose Agent can. Default: yes.
    pub const fn compression(mut self, on: bool) -> Self {
        self.compression = on;
        self
    }

    /// Where Agents' dashboards get the Gateway's log lines from. Default: nowhere.
    pub fn logs(mut self, logs: Arc<dyn LogSource>) -> Self {
        self.logs = Some(logs);
        self
    }

    /// Where Agents' dashboards get Caddy's configuration and state from. Default: there is no Caddy.
    pub fn caddy(mut self, caddy: Arc<dyn CaddySource>) -> Self {
        self.caddy = Some(caddy);
        self
    }

    /// Where the landing page that an Agent's user wrote is kept over restarts, as a file of mode 0600 (R60). Default:
    /// nowhere; the Agent then brings it again.
    pub fn landing_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.landing_path = Some(path.into());
        self
    }

    /// Lets Agents ask for an update of the Gateway (R37): what the host should do is written to this file, for a watcher
    /// on the host; a second file, with `.last` behind its name, tells when. Default: they may not ask.
    pub fn remote_update(mut self, signal_path: impl Into<PathBuf>) -> Self {
        self.update_signal_path = Some(signal_path.into());
        self
    }

    /// The proxy in front whose routes [`Gateway::keep_edge`] keeps, and that Agents are shown unless
    /// [`Self::caddy`] says otherwise. Default: none.
    pub fn edge(mut self, edge: Edge) -> Self {
        self.caddy.get_or_insert_with(|| Arc::new(edge.clone()));
        self.edge = Some(edge);
        self
    }

    /// Over how long Agents should spread their return if this Gateway goes without a goodbye though it told them that it
    /// will restart; [`Gateway::shutdown`] says it for one with a goodbye. Default: 2 s.
    pub const fn reconnect_spread(mut self, spread: Duration) -> Self {
        self.reconnect_spread = spread;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// When one cannot be.
    pub fn build(mut self) -> Result<Gateway, ConfigError> {
        let authenticator: Arc<dyn ErasedAuthenticator> = match (self.authenticator.take(), self.key.take()) {
            (Some(authenticator), None) => authenticator,
            (None, Some(key)) => {
                let actual = key.expose().chars().count();
                if actual < KEY_CHARACTERS_MIN {
                    return Err(ConfigError::KeyTooShort { least: KEY_CHARACTERS_MIN, actual });
                }
                Arc::new(key)
            }
            (Some(_), Some(_)) => return Err(ConfigError::TwoAuthenticators),
            (None, None) => return Err(ConfigError::NoAuthenticator),
        };
        if let Some(domain) = self.share_domain.as_ref().filter(|domain| !domain.is_wildcard()) {
            return Err(ConfigError::ShareDomain { domain: domain.clone() });
        }
        Ok(Gateway::new(self, authenticator))
    }
}
