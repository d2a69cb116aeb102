//! The passes over Caddy's configuration: read, plan, write if it is still the one that was read.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::{BoxFuture, FutureExt as _};
use serde_json::Value;

use super::{
    AdminAddress, api, config,
    redact::redact,
    route::{self, Streams},
};
use crate::edge::{Applied, Desired, EdgeError, EdgeProxy};

/// How often a pass reads anew because somebody else changed the configuration in between.
const TRIES_MAX: u32 = 5;

/// How many lost connections a pass forgives, and the pause after one: an admin API that restarts is back by then.
const RESETS_MAX: u32 = 2;
const RESET_PAUSE: Duration = Duration::from_millis(200);

/// A Caddy that keeps a route for each mapping.
#[derive(Debug, Clone)]
pub struct Caddy {
    address: AdminAddress,
    settings: config::Settings,
    /// It refused a configuration since it is older than 2.7. Forgotten when it goes away: another may come back.
    cuts_streams: Arc<AtomicBool>,
}

impl Caddy {
    /// The Caddy whose admin API is at `address`. `upstream` is where it finds the Gateway, as `host:port`; it goes into
    /// the routes as it is.
    #[must_use]
    pub fn new(address: AdminAddress, upstream: impl Into<String>) -> Self {
        let settings = config::Settings { upstream: upstream.into(), server: None, streams: Streams::Kept };
        Self { address, settings, cuts_streams: Arc::default() }
    }

    /// Puts the routes into the server block of this name, which is made if it is not there. By default that is the one
    /// that serves HTTPS.
    #[must_use]
    pub fn server(mut self, name: impl Into<String>) -> Self {
        self.settings.server = Some(name.into());
        self
    }

    async fn pass(&self, desired: &Desired) -> Result<Applied, EdgeError> {
        let mut resets = 0;
        for _ in 0..TRIES_MAX {
            match self.attempt(desired).await {
                Ok(Some(applied)) => return Ok(applied),
                Ok(None) => {}
                // Each change by somebody else restarts the admin API, and those who wait for it are cut off.
                Err(EdgeError::Unreachable { .. }) if resets < RESETS_MAX => {
                    resets += 1;
                    tokio::time::sleep(RESET_PAUSE).await;
                }
                Err(error) => {
                    if matches!(error, EdgeError::Unreachable { .. }) {
                        self.cuts_streams.store(false, Ordering::Relaxed);
                    }
                    return Err(error);
                }
            }
        }
        Err(EdgeError::Contended { tries: TRIES_MAX })
    }

    /// Reads, plans and writes once; nothing if the configuration changed in between, or was more than Caddy can do.
    async fn attempt(&self, desired: &Desired) -> Result<Option<Applied>, EdgeError> {
        let snapshot = api::read(&self.address).await?;
        let mut settings = self.settings.clone();
        if self.cuts_streams.load(Ordering::Relaxed) {
            settings.streams = Streams::Cut;
        }
        let plan = config::plan(&snapshot.config, desired, &settings)?;
        let Some(write) = plan.write else {
            return Ok(Some(plan.applied));
        };
        match api::write(&self.address, &snapshot, &write).await {
            Ok(api::Written::Yes) => Ok(Some(plan.applied)),
            Ok(api::Written::Stale) => Ok(None),
            Err(EdgeError::Refused { message, .. })
                if settings.streams == Streams::Kept && route::is_refusal_to_keep_streams(&message) =>
            {
                self.cuts_streams.store(true, Ordering::Relaxed);
                tracing::warn!(
                    "this Caddy is older than 2.7: each change of a mapping cuts WebSockets, and the tunnels of Agents too"
                );
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl EdgeProxy for Caddy {
    fn apply<'a>(&'a self, desired: &'a Desired) -> BoxFuture<'a, Result<Applied, EdgeError>> {
        self.pass(desired).boxed()
    }

    fn config(&self) -> BoxFuture<'_, Result<Value, EdgeError>> {
        async {
            let mut config = api::read(&self.address).await?.config;
            redact(&mut config);
            Ok(config)
        }
        .boxed()
    }
}
