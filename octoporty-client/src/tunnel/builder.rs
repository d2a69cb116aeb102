//! What a tunnel is built from.

use std::{num::NonZeroU8, sync::Arc, time::Duration};

use octoporty_core::{id::AgentId, secret::Secret};

use super::{ConnectError, Tunnel};
use crate::{
    Agent, AgentBuilder, Failure, Status,
    connect::{DialTargetBuilder, OpenTransport},
    observe::ExchangeObserver,
};

/// Collects the settings of a [`Tunnel`].
#[derive(Debug)]
#[must_use = "a builder does nothing before it is connected"]
pub struct TunnelBuilder {
    gateway: Option<String>,
    key: Option<Secret>,
    give_up_after: Option<Duration>,
    changes: Changes,
}

/// What is changed about the Agent, in order.
#[derive(Default)]
struct Changes(Vec<Box<dyn FnOnce(AgentBuilder) -> AgentBuilder + Send>>, bool);

impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} settings", self.0.len())
    }
}

impl TunnelBuilder {
    pub(super) fn new() -> Self {
        Self { gateway: None, key: None, give_up_after: None, changes: Changes::default() }
    }

    /// The Gateway's URL, such as `wss://gateway.example.com/tunnel`. Needed, unless there is a [`Self::transport`].
    pub fn gateway(mut self, url: impl Into<String>) -> Self {
        self.gateway = Some(url.into());
        self
    }

    /// The key that the Gateway asks for. Needed, unless there is a [`Self::transport`].
    pub fn api_key(mut self, key: impl Into<Secret>) -> Self {
        self.key = Some(key.into());
        self
    }

    fn change(mut self, change: impl FnOnce(AgentBuilder) -> AgentBuilder + Send + 'static) -> Self {
        self.changes.0.push(Box::new(change));
        self
    }

    /// Who the tunnel is, over restarts: its hosts are its own again when it comes back, even if the Gateway did not notice
    /// yet that it was gone. Default: random, so a newcomer each time.
    pub fn id(self, id: AgentId) -> Self {
        self.change(move |agent| agent.id(id))
    }

    /// A name for people, as the Gateway's log and status show it. Default: none.
    pub fn name(self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.change(move |agent| agent.name(name))
    }

    /// Most lanes, whatever the Gateway offers. Default: 8.
    pub fn lanes(self, most: NonZeroU8) -> Self {
        self.change(move |agent| agent.lanes_max(most))
    }

    /// Changes how the Gateway is dialled: a proxy, own certificates, own sockets, plain text.
    pub fn dial(self, change: impl FnOnce(DialTargetBuilder) -> DialTargetBuilder + Send + 'static) -> Self {
        self.change(move |agent| agent.dial(change))
    }

    /// Opens the transports of lanes itself: no URL and no key are needed then.
    pub fn transport(mut self, transport: impl OpenTransport) -> Self {
        self.changes.1 = true;
        self.change(move |agent| agent.transport(transport))
    }

    /// Who is told of each exchange when it is over. Default: nobody.
    pub fn observer(self, observer: Arc<dyn ExchangeObserver>) -> Self {
        self.change(move |agent| agent.observer(observer))
    }

    /// How often lanes are pinged, and after how long a silent one is given up. Default: 5 s and 15 s.
    pub fn heartbeat(self, interval: Duration, timeout: Duration) -> Self {
        self.change(move |agent| agent.heartbeat(interval, timeout))
    }

    /// Whatever else an [`AgentBuilder`] can be told, such as the runtimes that requests are served on.
    pub fn agent(self, change: impl FnOnce(AgentBuilder) -> AgentBuilder + Send + 'static) -> Self {
        self.change(change)
    }

    /// How long [`Self::connect`] tries. Default: until it succeeds or only a person can help.
    pub const fn give_up_after(mut self, period: Duration) -> Self {
        self.give_up_after = Some(period);
        self
    }

    /// Connects. A dial that fails is tried again, with growing pauses; what trying again cannot mend, such as a wrong
    /// key, ends it. Once connected, the tunnel stays up by itself until it is closed.
    ///
    /// # Errors
    ///
    /// When a setting cannot be, or only a person can mend what is wrong, or the time is over.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped before it is ready, nothing stays open.
    pub async fn connect(self) -> Result<Tunnel, ConnectError> {
        let give_up_after = self.give_up_after;
        let tunnel = self.start()?;
        let connecting = tunnel.connected();
        let connected = match give_up_after {
            Some(after) => tokio::time::timeout(after, connecting).await.map_err(|_elapsed| {
                let last = last_failure(&tunnel.status().borrow());
                ConnectError::TimedOut { after, last }
            })?,
            None => connecting.await,
        };
        connected.map_err(ConnectError::Refused)?;
        Ok(tunnel)
    }

    /// Begins to connect and gives the tunnel at once, so that its events and status can be watched meanwhile.
    /// Endpoints can be put up too; they are online as soon as the tunnel is.
    ///
    /// # Errors
    ///
    /// When a setting cannot be.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn start(self) -> Result<Tunnel, ConnectError> {
        let Self { gateway, key, give_up_after: _, changes: Changes(changes, has_transport) } = self;
        let (gateway, key) = match (gateway, key, has_transport) {
            (Some(gateway), Some(key), _) => (gateway, key),
            (gateway, key, true) => (gateway.unwrap_or_default(), key.unwrap_or_else(|| Secret::new(String::new()))),
            (None, _, false) => return Err(ConnectError::Missing { setting: "gateway" }),
            (Some(_), None, false) => return Err(ConnectError::Missing { setting: "api_key" }),
        };
        let builder = changes.into_iter().fold(Agent::builder(&gateway, &key), |agent, change| change(agent));
        Ok(Tunnel::new(builder.start()?, key))
    }
}

pub(super) fn last_failure(status: &Status) -> Option<Failure> {
    Some(Failure::new(status.last_failure?, status.last_error.clone()?))
}
