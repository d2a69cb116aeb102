//! The loop that keeps the proxy's routes: on each change, now and then without one, and with pauses after failures.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use octoporty_core::{
    host::HostPattern,
    message::{CaddyHealth, CaddyState},
};
use tokio::{sync::watch, time::Instant};

use super::{
    Applied, EdgeError, EdgeProxy,
    backoff::Backoff,
    desired::{self, RemovalRules},
};
use crate::gateway::{Gateway, Inner};

/// Domains that one line of the log names.
const DOMAINS_LOGGED_MAX: usize = 10;

/// How a Gateway keeps the routes of the proxy in front of it.
#[derive(Debug, Clone, Copy)]
#[must_use = "options do nothing before an edge is made of them"]
pub struct EdgeOptions {
    debounce: Duration,
    repair_interval: Duration,
    pause_least: Duration,
    pause_most: Duration,
    removes_when_away: bool,
}

impl Default for EdgeOptions {
    fn default() -> Self {
        Self {
            debounce: Duration::from_millis(100),
            repair_interval: Duration::from_secs(30),
            pause_least: Duration::from_secs(1),
            pause_most: Duration::from_secs(60),
            removes_when_away: false,
        }
    }
}

impl EdgeOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long to gather changes before a pass. Default: 100 ms. Each change makes Caddy load its whole configuration
    /// anew, so a short one costs reloads; a long one lets a new domain wait.
    pub const fn debounce(mut self, period: Duration) -> Self {
        self.debounce = period;
        self
    }

    /// How often to look for routes that went missing. Default: 30 s. A look that finds nothing is one request.
    pub const fn repair_interval(mut self, interval: Duration) -> Self {
        self.repair_interval = interval;
        self
    }

    /// The shortest and the longest pause after a failure. Default: 1 s and 60 s.
    pub const fn pauses(mut self, least: Duration, most: Duration) -> Self {
        self.pause_least = least;
        self.pause_most = most;
        self
    }

    /// Takes routes away once their tunnel has been gone for the grace period. Off by default: each removal makes the
    /// proxy load its configuration anew, which may drop long-lived connections, the Agent's own among them.
    pub const fn remove_routes_on_tunnel_unavailable(mut self) -> Self {
        self.removes_when_away = true;
        self
    }
}

/// The proxy in front of a Gateway, and how its routes are kept. Clones are handles to the same one.
#[derive(Debug, Clone)]
pub struct Edge {
    proxy: Arc<dyn EdgeProxy>,
    options: EdgeOptions,
    /// How the last pass went.
    state: Arc<Mutex<CaddyState>>,
}

impl Edge {
    /// Keeps the routes of `proxy`.
    #[must_use]
    pub fn new(proxy: Arc<dyn EdgeProxy>, options: EdgeOptions) -> Self {
        let state = CaddyState { health: CaddyHealth::Unknown, message: String::new() };
        Self { proxy, options, state: Arc::new(Mutex::new(state)) }
    }

    /// The proxy's configuration as it is now, with secrets redacted (R63).
    ///
    /// # Errors
    ///
    /// When the proxy could not be read.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn caddy_config(&self) -> Result<serde_json::Value, EdgeError> {
        self.proxy.config().await
    }

    pub(super) fn last_state(&self) -> CaddyState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, health: CaddyHealth, message: String) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = CaddyState { health, message };
    }
}

impl Gateway {
    /// The proxy in front, if there is one.
    #[must_use]
    pub fn edge(&self) -> Option<&Edge> {
        self.inner.edge.as_ref()
    }

    /// Keeps the routes of the proxy in front until [`Gateway::shutdown`] begins; without a proxy, ends at once. Call it
    /// once. The routes stay when it ends: the next run takes them over.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a change half-way is made whole or not at all.
    pub async fn keep_edge(&self) {
        let inner = &self.inner;
        let Some(edge) = &inner.edge else {
            return;
        };
        let mut keeper = Keeper::new(inner, edge);
        tokio::select! {
            () = inner.stopping.cancelled() => {}
            () = keeper.run() => {}
        }
    }
}

/// How the last pass went, as far as the log needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Unknown,
    Well,
    Failing(&'static str),
}

struct Keeper<'a> {
    inner: &'a Inner,
    edge: &'a Edge,
    rules: RemovalRules,
    changes: watch::Receiver<u64>,
    backoff: Backoff,
    health: Health,
    /// Domains that the log was told of.
    shadowed: Vec<HostPattern>,
}

impl<'a> Keeper<'a> {
    fn new(inner: &'a Inner, edge: &'a Edge) -> Self {
        let options = edge.options;
        Self {
            inner,
            edge,
            rules: RemovalRules {
                started: inner.started,
                settled_at: inner.started + inner.startup_hold,
                away_max: options.removes_when_away.then_some(inner.grace_period),
            },
            changes: inner.registry.changes(),
            backoff: Backoff::new(options.pause_least, options.pause_most),
            health: Health::Unknown,
            shadowed: Vec::new(),
        }
    }

    async fn run(&mut self) {
        loop {
            self.changes.mark_unchanged();
            let (desired, next) = desired::read(&self.inner.registry, self.rules);
            let outcome = self.edge.proxy.apply(&desired).await;
            let pause = match &outcome {
                Ok(_) => {
                    self.backoff.reset();
                    self.edge.options.repair_interval
                }
                Err(_) => self.backoff.next_pause(),
            };
            self.tell(outcome);
            let wake_at = Instant::now() + pause;
            self.wait(next.map_or(wake_at, |next| wake_at.min(next))).await;
        }
    }

    /// Waits for a change, at most until `wake_at`.
    async fn wait(&mut self, wake_at: Instant) {
        // Whoever waits for a new domain should not wait for a long pause too; a proxy that fails is still left alone for
        // the shortest one.
        let gather = match self.health {
            Health::Failing(_) => self.edge.options.pause_least,
            Health::Unknown | Health::Well => self.edge.options.debounce,
        };
        tokio::select! {
            () = tokio::time::sleep_until(wake_at) => {
                // A time that has come already must not make this spin on a proxy that fails.
                if let Health::Failing(_) = self.health {
                    tokio::time::sleep(self.edge.options.debounce).await;
                }
            }
            changed = self.changes.changed() => match changed {
                Ok(()) => tokio::time::sleep(gather).await,
                // The registry lives as long as the Gateway, which is borrowed here.
                Err(_gone) => tokio::time::sleep_until(wake_at).await,
            },
        }
    }

    /// Logs what is new: a proxy that is away for hours is one line, and one more when it is back.
    fn tell(&mut self, outcome: Result<Applied, EdgeError>) {
        let health = match outcome {
            Ok(applied) => {
                if matches!(self.health, Health::Failing(_)) {
                    tracing::info!("the proxy in front can be configured again");
                }
                self.tell_applied(applied);
                self.edge.note(CaddyHealth::Ok, String::new());
                Health::Well
            }
            Err(error) => {
                let health = Health::Failing(error.kind());
                let text = chain(&error);
                self.edge.note(CaddyHealth::Failing, text.clone());
                if health == self.health {
                    tracing::debug!(error = text, "the proxy in front cannot be configured yet");
                } else {
                    tracing::warn!(
                        error = text,
                        "the proxy in front cannot be configured; its routes stay as they are, and it is tried again \
                         (Gateway__CaddyAdminUrl; empty where there is none)"
                    );
                }
                health
            }
        };
        self.health = health;
    }

    fn tell_applied(&mut self, applied: Applied) {
        if applied.is_change() {
            let Applied { added, changed, removed, .. } = applied;
            tracing::info!(added, changed, removed, "routes of the proxy in front updated");
        }
        if applied.shadowed != self.shadowed {
            if !applied.shadowed.is_empty() {
                let names: Vec<_> = applied.shadowed.iter().take(DOMAINS_LOGGED_MAX).map(ToString::to_string).collect();
                tracing::warn!(
                    domains = names.join(" "),
                    count = applied.shadowed.len(),
                    "the proxy's own configuration serves these domains, so their mappings are never reached"
                );
            }
            self.shadowed = applied.shadowed;
        }
    }
}

/// The error with its causes.
fn chain(error: &EdgeError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
