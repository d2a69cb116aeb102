//! The questions.

use bytes::Bytes;
use octoporty_core::{
    message::{
        CADDY_CONFIG_BYTES_MAX, GatewayStatus, LANDING_BYTES_MAX, LogFilter, LogHistogram, LogPage, LogsFollow,
        LogsRead, UpdateAnswer, decode, decode_caddy_config, encode, logs::HISTOGRAM_MINUTES,
    },
    version::VERSION,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    ControlError, Landing, LandingOutcome, LogTail, UpdateOutcome,
    call::Lanes,
    error::words,
    landing, tail,
    update::{self, Force},
};

/// Largest answer in bytes that is a map of a few fields.
const SMALL_BYTES_MAX: usize = 64 << 10;

/// Largest page of log lines in bytes: a mebibyte of text, and what is around it.
const PAGE_BYTES_MAX: usize = 4 << 20;

/// Largest default page in bytes.
const DEFAULT_PAGE_BYTES_MAX: usize = LANDING_BYTES_MAX;

/// Room on top of the configuration, for what stands before it.
const CADDY_HEAD_BYTES_MAX: usize = 1 << 10;

/// Asks the Gateway. Clones are handles to the same tunnel; a handle does not keep the Agent running.
///
/// All methods fail with [`ControlError::TunnelDown`] at once when there is no tunnel, and with
/// [`ControlError::Timeout`] after 12 s. They are cancel safe: dropping one cancels it at the Gateway, except that what
/// [`Self::sync_landing`] and [`Self::request_update`] have asked for may have happened.
#[derive(Debug, Clone)]
pub struct GatewayControl {
    lanes: Lanes,
    /// The Agent's, for what reads live streams.
    tasks: TaskTracker,
    /// The Agent stops.
    stopping: CancellationToken,
}

/// Caddy's configuration at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaddyConfig {
    /// The JSON as the Gateway gave it, secrets redacted (R63). Not checked to be JSON.
    pub json: Bytes,
    /// When Caddy was asked, in milliseconds since 1970 (UTC).
    pub read_at_ms: u64,
}

impl GatewayControl {
    pub(crate) const fn new(lanes: Lanes, tasks: TaskTracker, stopping: CancellationToken) -> Self {
        Self { lanes, tasks, stopping }
    }

    /// How the Gateway is doing.
    ///
    /// # Errors
    ///
    /// As all questions; see the type.
    pub async fn status(&self) -> Result<GatewayStatus, ControlError> {
        let answer = self.lanes.call("status.read", Vec::new(), SMALL_BYTES_MAX).await?;
        let mut status: GatewayStatus = decode("gateway status", &answer)?;
        for text in [&mut status.version, &mut status.name, &mut status.caddy.message] {
            *text = words(text);
        }
        if let Some(update) = &mut status.update {
            (update.target, update.by) = (words(&update.target), words(&update.by));
        }
        if let Some(landing) = &mut status.landing {
            landing.by = words(&landing.by);
        }
        Ok(status)
    }

    /// A page of the Gateway's log lines, newest first.
    ///
    /// # Errors
    ///
    /// [`ControlError::Unavailable`] when the Gateway keeps none; else as all questions.
    pub async fn logs(&self, query: LogsRead) -> Result<LogPage, ControlError> {
        let answer = self.lanes.call("logs.read", encode(&query.bounded()), PAGE_BYTES_MAX).await?;
        Ok(decode::<LogPage>("page of log lines", &answer)?.bounded()?)
    }

    /// The Gateway's log lines a minute of the last hour.
    ///
    /// # Errors
    ///
    /// As [`Self::logs`].
    pub async fn log_histogram(&self) -> Result<LogHistogram, ControlError> {
        let answer = self.lanes.call("logs.histogram", Vec::new(), SMALL_BYTES_MAX).await?;
        let mut histogram: LogHistogram = decode("histogram", &answer)?;
        histogram.minutes.truncate(HISTOGRAM_MINUTES);
        Ok(histogram)
    }

    /// Follows the Gateway's log lines from now on, or from behind the line of an id. Dropping the tail ends it at the
    /// Gateway too.
    ///
    /// # Errors
    ///
    /// [`ControlError::Unavailable`] when the Gateway keeps none or too many follow already; else as all questions.
    pub async fn follow_logs(&self, after: Option<u64>, filter: LogFilter) -> Result<LogTail, ControlError> {
        let follow = LogsFollow { after, filter: filter.bounded() };
        tail::open(self.lanes.pick()?, &follow, &self.tasks, self.stopping.clone()).await
    }

    /// Caddy's present configuration.
    ///
    /// # Errors
    ///
    /// [`ControlError::Unavailable`] when no Caddy is configured, or it does not answer; else as all questions.
    pub async fn caddy_config(&self) -> Result<CaddyConfig, ControlError> {
        let limit = CADDY_CONFIG_BYTES_MAX + CADDY_HEAD_BYTES_MAX;
        let answer = self.lanes.call("caddy.config", Vec::new(), limit).await?;
        let (head, json) = decode_caddy_config(&answer)?;
        Ok(CaddyConfig { json: answer.slice_ref(json), read_at_ms: head.read_at_ms })
    }

    /// Tells the Gateway which landing page this Agent's user wants: its digest first, the page only if the Gateway has
    /// another. The last change wins, whoever is the last to call.
    ///
    /// Call it when the user changes the page, and each time the tunnel comes up if the user ever did.
    ///
    /// # Errors
    ///
    /// [`ControlError::BadRequest`] when the Gateway does not take the page; else as all questions.
    pub async fn sync_landing(&self, page: &Landing) -> Result<LandingOutcome, ControlError> {
        landing::sync(&self.lanes, page).await
    }

    /// The Gateway's own landing page, for a preview. Show it in a sandbox (R49).
    ///
    /// # Errors
    ///
    /// As all questions.
    pub async fn default_landing(&self) -> Result<Bytes, ControlError> {
        self.lanes.call("landing.default", Vec::new(), DEFAULT_PAGE_BYTES_MAX).await
    }

    /// Asks for an update of the Gateway to this Agent's version (R37). Versions are compared here first: where the
    /// Agent is not newer, the Gateway is asked only if `force` is [`Force::Yes`].
    ///
    /// # Errors
    ///
    /// As all questions. A Gateway that will not is no error: see [`UpdateOutcome`].
    pub async fn request_update(&self, force: Force) -> Result<UpdateOutcome, ControlError> {
        let version = self.status().await?.version;
        let request = match update::compare(VERSION, &version, force) {
            Ok(request) => request,
            Err(outcome) => return Ok(outcome),
        };
        let answer = self.lanes.call("update.request", encode(&request), SMALL_BYTES_MAX).await?;
        Ok(UpdateOutcome::of(&decode::<UpdateAnswer>("answer to an update request", &answer)?))
    }
}
