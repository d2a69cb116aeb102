//! The passes over Caddy's configuration: read, plan, write if it is still the one that was read.

use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _};
use serde_json::Value;

use super::{AdminAddress, api, config, redact::redact};
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
}

impl Caddy {
    /// The Caddy whose admin API is at `address`. `upstream` is where it finds the Gateway, as `host:port`; it goes into
    /// the routes as it is.
    #[must_use]
    pub fn new(address: AdminAddress, upstream: impl Into<String>) -> Self {
        Self { address, settings: config::Settings { upstream: upstream.into(), server: None } }
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
                Err(error) => return Err(error),
            }
        }
        Err(EdgeError::Contended { tries: TRIES_MAX })
    }

    /// Reads, plans and writes once; nothing if the configuration changed in between.
    async fn attempt(&self, desired: &Desired) -> Result<Option<Applied>, EdgeError> {
        let snapshot = api::read(&self.address).await?;
        let plan = config::plan(&snapshot.config, desired, &self.settings)?;
        let Some(write) = plan.write else {
            return Ok(Some(plan.applied));
        };
        match api::write(&self.address, &snapshot, &write).await? {
            api::Written::Yes => Ok(Some(plan.applied)),
            api::Written::Stale => Ok(None),
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
