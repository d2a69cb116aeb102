//! What becomes of an Agent's request for an update.

use std::{
    io,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use octoporty_core::{
    message::{QueuedUpdate, UpdateAnswer, UpdateRequest, UpdateStatus},
    version::is_newer,
};

use super::signal::{Signal, SignalFile};
#[cfg(test)]
use crate::clock::SharedClock;

/// One signal in this time (R37): an update takes minutes, and a rollback should be seen before the next try.
const PAUSE: Duration = Duration::from_secs(600);

/// A signal that waits for longer than this is probably not watched for.
const WATCHER_TIMEOUT: Duration = Duration::from_secs(300);

/// Tells the milliseconds since 1970.
struct Now(Box<dyn Fn() -> u64 + Send + Sync>);

impl std::fmt::Debug for Now {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Now")
    }
}

/// Takes requests for updates.
#[derive(Debug)]
pub(crate) struct Updates {
    /// `None` where Agents may not ask.
    file: Option<SignalFile>,
    version: &'static str,
    clock: Now,
    /// Held while a request is looked at, so that two at once do not both write.
    deciding: Mutex<()>,
    /// This process wrote a signal, so its end is probably an update.
    queued: AtomicBool,
}

impl Updates {
    /// With the system's clock.
    #[cfg(test)]
    pub(super) fn new(path: Option<PathBuf>, version: &'static str) -> Self {
        let clock = SharedClock::default();
        Self::with_clock(path, version, move || clock.now_ms())
    }

    pub(crate) fn with_clock(
        path: Option<PathBuf>,
        version: &'static str,
        clock: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Self {
        let file = path.map(SignalFile::new);
        Self { file, version, clock: Now(Box::new(clock)), deciding: Mutex::new(()), queued: AtomicBool::new(false) }
    }

    /// Whether Agents may ask.
    pub(crate) const fn is_allowed(&self) -> bool {
        self.file.is_some()
    }

    /// Whether this process told the host to update it.
    pub(crate) fn is_queued(&self) -> bool {
        self.queued.load(Ordering::Relaxed)
    }

    /// The update that waits for the host. Reads a file.
    pub(crate) fn waiting(&self) -> Option<QueuedUpdate> {
        let (signal, at_ms) = self.file.as_ref()?.waiting().ok()??;
        let signal = signal?;
        Some(QueuedUpdate { target: signal.target_version, by: signal.requested_by, at_ms })
    }

    /// Looks at a request of the Agent of this name. Writes files.
    pub(crate) fn request(&self, by: &str, request: &UpdateRequest) -> UpdateAnswer {
        let _deciding = self.deciding.lock().unwrap_or_else(PoisonError::into_inner);
        let (status, code, message) = match self.decide(by, request) {
            Ok((status, message)) => (status, "", message),
            Err(refused) => {
                tracing::info!(by, target = request.version, reason = %refused, "update refused");
                (UpdateStatus::Rejected, refused.code(), refused.to_string())
            }
        };
        UpdateAnswer { status, code: code.to_owned(), message, version: self.version.to_owned() }
    }

    fn decide(&self, by: &str, request: &UpdateRequest) -> Result<(UpdateStatus, String), Refused> {
        let file = self.file.as_ref().ok_or(Refused::NotAllowed)?;
        let is_newer =
            is_newer(&request.version, self.version).map_err(|error| Refused::BadVersion(error.to_string()))?;
        if !is_newer && !request.force {
            return Err(Refused::NotNewer { target: request.version.clone(), current: self.version });
        }
        let unreadable = |error| Refused::unavailable(file, &error);
        let now_ms = (self.clock.0)();
        if let Some((signal, at_ms)) = file.waiting().map_err(unreadable)? {
            return Ok((UpdateStatus::AlreadyQueued, already_queued(signal, now_ms.saturating_sub(at_ms))));
        }
        if let Some(last_ms) = file.last_ms().map_err(unreadable)? {
            // A clock that was set back must not bar updates until it has caught up.
            let since = now_ms.checked_sub(last_ms).map_or(PAUSE, Duration::from_millis);
            if let Some(wait) = PAUSE.checked_sub(since).filter(|wait| !wait.is_zero()) {
                return Err(Refused::TooSoon { minutes: wait.as_millis().div_ceil(60_000) });
            }
        }
        let signal = Signal::new(&request.version, self.version, by, now_ms);
        file.write(&signal, now_ms).map_err(unreadable)?;
        self.queued.store(true, Ordering::Relaxed);
        tracing::warn!(by, target = request.version, current = self.version, "the host is told to update this gateway");
        let message = format!("The host was told to update the gateway to {}. It restarts shortly.", request.version);
        Ok((UpdateStatus::Queued, message))
    }
}

fn already_queued(signal: Option<Signal>, waits_ms: u64) -> String {
    let target = signal.map_or_else(String::new, |signal| format!(" to {}", signal.target_version));
    if Duration::from_millis(waits_ms) < WATCHER_TIMEOUT {
        return format!("An update{target} waits for the host already.");
    }
    let minutes = waits_ms / 60_000;
    format!(
        "An update{target} has been waiting for the host for {minutes} min. Is the updater installed there and running?"
    )
}

/// Why nothing happens. The texts are for the user at the Agent.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("This gateway takes no update requests (Gateway__AllowRemoteUpdate).")]
    NotAllowed,
    #[error("This is no version to update to: {0}.")]
    BadVersion(String),
    #[error("{target} is not newer than the gateway's {current}.")]
    NotNewer { target: String, current: &'static str },
    #[error("The last update was asked for a moment ago. Try again in {minutes} min.")]
    TooSoon { minutes: u128 },
    #[error("The gateway cannot tell its host: {0}. Its log says more.")]
    Unavailable(io::ErrorKind),
}

impl Refused {
    fn unavailable(file: &SignalFile, error: &io::Error) -> Self {
        tracing::error!(path = %file.path().display(), %error, "update signal not written (Gateway__UpdateSignalPath)");
        Self::Unavailable(error.kind())
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed => "not-allowed",
            Self::BadVersion(_) => "bad-version",
            Self::NotNewer { .. } => "not-newer",
            Self::TooSoon { .. } => "too-soon",
            Self::Unavailable(_) => "unavailable",
        }
    }
}
