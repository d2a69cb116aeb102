//! Opens the store, tries again while it does not open, and says what is wrong meanwhile.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use octoporty_core::secret::Secret;
use octoporty_store::{Actor, Clock, Health, Location, OpenError, Store, StoreConfig, StoreError};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{api::Problem, password_hash::PasswordHash};

/// How long to wait before the store is opened again: short enough that a disk which was freed is noticed.
const RETRY_PERIOD: Duration = Duration::from_secs(10);

/// The setting that holds a digest of the password's hash, so that a new password ends old sessions (R44).
const PASSWORD_KEY: &str = "auth.password-digest";

/// What the store is opened with.
#[derive(Debug, Clone)]
pub(crate) struct StorageConfig {
    /// Where it is.
    pub(crate) location: Location,
    /// Changes when the password does. Not the password, nor its hash.
    pub(crate) password_digest: [u8; 32],
    /// Where the store reads the time of day.
    pub(crate) clock: Clock,
}

impl StorageConfig {
    /// `secret` keeps the digest from being of use to whoever gets the database alone.
    pub(crate) fn new(location: Location, password: &PasswordHash, secret: &Secret) -> Self {
        let mut digest = Sha256::new();
        digest.update("octoporty password digest\0");
        digest.update(password.fingerprint());
        digest.update(secret.expose());
        Self { location, password_digest: digest.finalize().into(), clock: Clock::default() }
    }
}

/// The store, once it is open.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    state: Arc<watch::Sender<State>>,
}

#[derive(Debug, Clone)]
enum State {
    Opening,
    Failed(OpenError),
    Open(Store),
}

impl Storage {
    /// Begins to open it. Gives up when `stop` is cancelled.
    pub(crate) fn open(config: StorageConfig, tasks: &TaskTracker, stop: CancellationToken) -> Self {
        let state = Arc::new(watch::Sender::new(State::Opening));
        let own = Self { state: Arc::clone(&state) };
        // Its tasks outlive the others, which write to it until they end.
        let store_tasks = TaskTracker::new();
        tasks.spawn(async move {
            tokio::select! {
                () = keep_opening(&config, &store_tasks, &state) => {}
                () = stop.cancelled() => {}
            }
        });
        own
    }

    /// The store, or why there is none.
    pub(crate) fn store(&self) -> Result<Store, Problem> {
        match &*self.state.borrow() {
            State::Open(store) => Ok(store.clone()),
            State::Opening => Err(unavailable("The database is being opened. Try again in a moment.")),
            State::Failed(error) => Err(unavailable(&sentence(&error.to_string()))),
        }
    }

    /// The store, if it is open.
    pub(crate) fn if_open(&self) -> Option<Store> {
        match &*self.state.borrow() {
            State::Open(store) => Some(store.clone()),
            State::Opening | State::Failed(_) => None,
        }
    }

    /// Waits until it is open.
    pub(crate) async fn opened(&self) -> Store {
        let mut state = self.state.subscribe();
        loop {
            if let State::Open(store) = &*state.borrow_and_update() {
                return store.clone();
            }
            // The sender lives as long as this handle.
            let _told = state.changed().await;
        }
    }

    /// Waits until the first try to open it is over.
    pub(crate) async fn tried(&self) {
        let mut state = self.state.subscribe();
        let _over = state.wait_for(|state| !matches!(state, State::Opening)).await;
    }

    /// What cannot be saved now, in sentences for a person.
    pub(crate) fn problems(&self) -> Vec<String> {
        match &*self.state.borrow() {
            State::Opening => Vec::new(),
            State::Failed(error) => vec![sentence(&error.to_string())],
            State::Open(store) => {
                store.health().borrow().problems().map(|problem| sentence(&problem.to_string())).collect()
            }
        }
    }

    /// Follows whether [`Self::problems`] may say something else.
    pub(crate) fn changes(&self) -> Changes {
        Changes { state: self.state.subscribe(), health: None }
    }
}

/// Tells when [`Storage::problems`] may say something else. What it has told once it does not tell again.
#[derive(Debug)]
pub(crate) struct Changes {
    state: watch::Receiver<State>,
    /// The store's, once it is open.
    health: Option<watch::Receiver<Health>>,
}

impl Changes {
    /// Waits for the next change.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub(crate) async fn next(&mut self) {
        // What the state says that is not told yet goes first.
        if self.health.is_none()
            && !self.state.has_changed().unwrap_or(false)
            && let State::Open(store) = &*self.state.borrow()
        {
            self.health = Some(store.health());
        }
        let told = match &mut self.health {
            Some(health) => health.changed().await,
            None => self.state.changed().await,
        };
        if told.is_err() {
            // The store is closed, or nobody opens it any more.
            std::future::pending::<()>().await;
        }
    }
}

async fn keep_opening(config: &StorageConfig, tasks: &TaskTracker, state: &watch::Sender<State>) {
    let mut told = None;
    loop {
        let store = StoreConfig::new(config.location.clone()).clock(config.clock.clone());
        match Store::open(store, tasks).await {
            Ok(store) => {
                forget_sessions_of_other_password(&store, config.password_digest).await;
                tracing::info!("database open");
                state.send_replace(State::Open(store));
                return;
            }
            Err(error) => {
                if told.as_ref() != Some(&error.kind) {
                    tracing::error!(error = %error, detail = error.detail, "database not open; trying again, tunnelling goes on");
                }
                told = Some(error.kind);
                state.send_replace(State::Failed(error));
            }
        }
        tokio::time::sleep(RETRY_PERIOD).await;
    }
}

/// A new password ends the sessions of the old one (R44).
async fn forget_sessions_of_other_password(store: &Store, digest: [u8; 32]) {
    use std::fmt::Write;
    let mut text = String::with_capacity(64);
    for byte in digest {
        let _infallible = write!(text, "{byte:02x}");
    }
    let outcome: Result<(), StoreError> = async {
        let known = store.settings().get(PASSWORD_KEY).await?;
        if known.as_deref() == Some(&text) {
            return Ok(());
        }
        if known.is_some() {
            let ended = store.sessions().end_all(&Actor::program()).await?;
            tracing::info!(ended, "the password was changed, so all sessions ended");
        }
        store.settings().set(&Actor::program(), PASSWORD_KEY, &text).await
    }
    .await;
    if let Err(error) = outcome {
        tracing::warn!(%error, "whether the password was changed is not known");
    }
}

/// A sentence as the API shows it.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    // A path stays as it is.
    if text.starts_with('/') { format!("{text}.") } else { format!("{first}{}.", characters.as_str()) }
}

fn unavailable(message: &str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "database-unavailable", message).retry_after(RETRY_PERIOD)
}

impl From<StoreError> for Problem {
    /// What the store says, as the API tells it. A caller that can say more about a conflict does so itself.
    fn from(error: StoreError) -> Self {
        let message = sentence(&error.to_string());
        match &error {
            StoreError::Conflict { .. } => Self::new(StatusCode::CONFLICT, "conflict", message),
            StoreError::NotFound { .. } => Self::not_found(message),
            StoreError::TooMany { .. } => Self::new(StatusCode::CONFLICT, "too-many", message),
            StoreError::TooLong { field, .. } => Self::field(field, message),
            StoreError::Database { detail, .. } => {
                tracing::error!(%error, detail, "the database failed");
                unavailable(&message)
            }
            _ => unavailable("The database is closed."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More than the store takes to notice a directory that is gone, or back.
    const DEADLINE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_problem_that_came_and_went_is_not_told_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let location = Location::file(data.join("octoporty.db"));
        let config = StorageConfig { location, password_digest: [0; 32], clock: Clock::default() };
        let storage = Storage::open(config, &TaskTracker::new(), CancellationToken::new());
        let store = storage.opened().await;
        let mut changes = storage.changes();
        std::fs::remove_dir_all(&data).unwrap();
        while storage.problems().len() < 2 {
            tokio::time::timeout(DEADLINE, changes.next()).await.expect("it is told");
        }
        std::fs::create_dir(&data).unwrap();
        while !storage.problems().is_empty() {
            tokio::time::timeout(DEADLINE, changes.next()).await.expect("it is told");
        }
        let moment = Duration::from_millis(100);
        // One that came while the last was looked at may still be told.
        let _late = tokio::time::timeout(moment, changes.next()).await;
        assert!(tokio::time::timeout(moment, changes.next()).await.is_err(), "there is nothing new");
        store.close().await;
    }
}
