//! What Agents' calls reach: log lines, the landing page, Caddy, updates.

use std::sync::{Arc, atomic::AtomicU64};

use octoporty_core::version::VERSION;
use tokio::sync::Semaphore;

use crate::{CaddySource, GatewayBuilder, LogSource, clock::SharedClock, landing::Landing, update::Updates};

/// Live streams of log lines at once, of all Agents: dashboards that are looked at.
const FOLLOWERS_MAX: usize = 32;

/// Shared by the calls of all Agents.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) logs: Option<Arc<dyn LogSource>>,
    pub(crate) caddy: Option<Arc<dyn CaddySource>>,
    pub(crate) landing: Landing,
    pub(crate) updates: Updates,
    pub(crate) clock: SharedClock,
    /// Places for live streams of log lines.
    pub(crate) followers: Semaphore,
    /// Lines that live streams left out.
    pub(crate) lines_skipped: AtomicU64,
}

impl Control {
    pub(crate) fn new(builder: &GatewayBuilder) -> Self {
        Self {
            logs: builder.logs.clone(),
            caddy: builder.caddy.clone(),
            landing: Landing::new(builder.landing_path.clone()).with_clock(builder.clock.clone()),
            updates: {
                let clock = builder.clock.clone();
                Updates::with_clock(builder.update_signal_path.clone(), VERSION, move || clock.now_ms())
            },
            clock: builder.clock.clone(),
            followers: Semaphore::new(FOLLOWERS_MAX),
            lines_skipped: AtomicU64::new(0),
        }
    }
}
