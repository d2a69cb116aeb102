//! The tunnel's ups and downs: its history, the connection log, and the last loss with its cause.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use octoporty_client::{Agent, ConnectionState, Status, TunnelFailure};
use octoporty_core::id::SessionId;
use octoporty_store::{ConnectionOutcome, ConnectionRecord, Store, StoreError, TunnelState};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Recorder, tally::Tally};
use crate::{clock::Timestamp, storage::Storage};

/// How often it is written that the present state goes on: a killed program is missed by that much.
const CONFIRM_PERIOD: Duration = Duration::from_secs(60);

/// Connections that wait to be written while there is no database.
const UNWRITTEN_MAX: usize = 100;

/// When the tunnel was last lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loss {
    pub(crate) at: Timestamp,
    /// For how long it was down; `None` if it still is.
    pub(crate) duration: Option<Duration>,
    pub(crate) cause: String,
    /// A word for programs.
    pub(crate) code: &'static str,
}

/// What is known of the tunnel's past. Clones are handles.
#[derive(Debug, Clone, Default)]
pub(crate) struct Journal {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    connected_since: Option<Timestamp>,
    last_connected: Option<Timestamp>,
    last_loss: Option<Loss>,
}

impl Journal {
    /// The last loss, if there was one.
    pub(crate) fn last_loss(&self) -> Option<Loss> {
        self.lock().last_loss.clone()
    }

    /// Since when the tunnel is up.
    pub(crate) fn connected_since(&self) -> Option<Timestamp> {
        self.lock().connected_since
    }

    /// When it last came up.
    pub(crate) fn last_connected(&self) -> Option<Timestamp> {
        self.lock().last_connected
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches the tunnel until `stop`, when it writes down how the tunnel is then.
    pub(crate) async fn watch(self, agent: Agent, storage: Storage, recorder: Recorder, stop: CancellationToken) {
        let mut status = agent.status();
        let mut scribe = Scribe {
            journal: self,
            storage,
            recorder,
            address: agent.gateway(),
            open: None,
            session: None,
            failed_attempt: 0,
            unwritten: Vec::new(),
            history: None,
        };
        let mut ticks = tokio::time::interval(CONFIRM_PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let first = status.borrow_and_update().clone();
        scribe.note(&first).await;
        loop {
            tokio::select! {
                changed = status.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let now = status.borrow_and_update().clone();
                    scribe.note(&now).await;
                }
                _tick = ticks.tick() => scribe.confirm().await,
                store = scribe.storage.opened(), if scribe.history.is_none() => scribe.begin(store).await,
                () = stop.cancelled() => {
                    // The Agent may have said goodbye just before, and nobody looked yet.
                    let last = status.borrow_and_update().clone();
                    scribe.note(&last).await;
                    return;
                }
            }
        }
    }
}

/// Writes down what happens.
struct Scribe {
    journal: Journal,
    storage: Storage,
    recorder: Recorder,
    address: String,
    /// The connection that is up, and what had passed when it came up.
    open: Option<(ConnectionRecord, Tally)>,
    /// The stay at the Gateway that this is.
    session: Option<SessionId>,
    /// The attempt whose failure was written.
    failed_attempt: u32,
    unwritten: Vec<ConnectionRecord>,
    /// The state that was last written, once there is a database.
    history: Option<(TunnelState, Option<String>)>,
}

/// What came of a connection that is over, in a word and in a sentence.
fn ending(status: &Status) -> (ConnectionOutcome, &'static str, String) {
    if status.state == ConnectionState::Disconnected {
        return (ConnectionOutcome::Closed, "agent-stopped", "The Agent stopped.".to_owned());
    }
    let failure = status.last_failure.unwrap_or(TunnelFailure::Lost);
    let outcome = if failure.is_orderly() { ConnectionOutcome::Closed } else { ConnectionOutcome::Lost };
    let cause = match (failure, &status.last_error) {
        (TunnelFailure::Reconnect, _) => "Somebody asked for a new connection.".to_owned(),
        (_, Some(error)) => error.clone(),
        // It is back already, and what was wrong is forgotten.
        (_, None) => "The connection was lost, and is back.".to_owned(),
    };
    (outcome, failure.code(), cause)
}

impl Scribe {
    /// The database is open: what happened so far goes in.
    async fn begin(&mut self, store: Store) {
        let reason = "The Agent ended without a word, or the machine did.";
        let state = self.state();
        let outcome: Result<(), StoreError> = async {
            store.connection_log().abandon_open("agent-stopped", reason).await?;
            store.tunnel_states().start(Utc::now(), state, None).await
        }
        .await;
        if let Err(error) = outcome {
            tracing::warn!(%error, "the tunnel's history is not written");
        }
        self.history = Some((state, None));
        self.write().await;
    }

    const fn state(&self) -> TunnelState {
        if self.open.is_some() { TunnelState::Up } else { TunnelState::Down }
    }

    async fn note(&mut self, status: &Status) {
        let is_up = status.state == ConnectionState::Connected;
        // It may have gone and come back before anybody looked.
        if is_up && self.open.is_some() && self.session != status.session {
            self.went_down(status);
        }
        match (&mut self.open, is_up) {
            (None, true) => self.came_up(status),
            (Some((record, _)), true) => {
                record.lanes = record.lanes.max(u32::try_from(status.lanes).unwrap_or(u32::MAX));
                return;
            }
            (Some(_), false) => self.went_down(status),
            (None, false) => self.attempt_failed(status),
        }
        self.write().await;
    }

    fn came_up(&mut self, status: &Status) {
        let now = Timestamp::now();
        {
            let mut state = self.journal.lock();
            state.connected_since = Some(now);
            state.last_connected = Some(now);
            if let Some(loss) = state.last_loss.as_mut().filter(|loss| loss.duration.is_none()) {
                loss.duration = (now.utc() - loss.at.utc()).to_std().ok();
            }
        }
        let mut record = self.record(now.utc(), ConnectionOutcome::Open);
        record.connected_at = Some(now.utc());
        record.lanes = u32::try_from(status.lanes).unwrap_or(u32::MAX);
        record.gateway_version.clone_from(&status.gateway_version);
        let tally = self.recorder.inner.lock().tally;
        self.unwritten.push(record.clone());
        self.open = Some((record, tally));
        self.session = status.session;
        self.failed_attempt = 0;
    }

    fn went_down(&mut self, status: &Status) {
        let now = Timestamp::now();
        let (outcome, code, cause) = ending(status);
        {
            let mut state = self.journal.lock();
            state.connected_since = None;
            state.last_loss = Some(Loss { at: now, duration: None, cause: cause.clone(), code });
        }
        if let Some((mut record, begin)) = self.open.take() {
            record.outcome = outcome;
            record.ended_at = Some(now.utc());
            record.code = Some(code.to_owned());
            record.reason = Some(cause);
            self.bring_up_to_date(&mut record, &begin);
            self.unwritten.push(record);
        }
    }

    /// A try that came to nothing is in the log too, once: the status says so when the Agent waits for the next.
    fn attempt_failed(&mut self, status: &Status) {
        let is_over = status.next_attempt.is_some() && status.attempts > 0;
        if !is_over || status.attempts == self.failed_attempt {
            return;
        }
        self.failed_attempt = status.attempts;
        let failure = status.last_failure;
        let is_refusal = failure.is_some_and(TunnelFailure::is_refusal);
        let outcome = if is_refusal { ConnectionOutcome::Refused } else { ConnectionOutcome::Failed };
        let mut record = self.record(Utc::now(), outcome);
        record.ended_at = Some(record.attempted_at);
        record.code = Some(failure.map_or("not-connected", TunnelFailure::code).to_owned());
        record.reason.clone_from(&status.last_error);
        self.unwritten.push(record);
    }

    fn record(&self, at: DateTime<Utc>, outcome: ConnectionOutcome) -> ConnectionRecord {
        ConnectionRecord {
            id: Uuid::new_v4(),
            attempted_at: at,
            connected_at: None,
            ended_at: None,
            duration: Duration::ZERO,
            outcome,
            code: None,
            reason: None,
            lanes: 0,
            bytes_in: 0,
            bytes_out: 0,
            requests: 0,
            gateway_version: None,
            gateway_address: Some(self.address.clone()),
        }
    }

    fn bring_up_to_date(&self, record: &mut ConnectionRecord, begin: &Tally) {
        let passed = self.recorder.inner.lock().tally.since(begin);
        let end = record.ended_at.unwrap_or_else(Utc::now);
        record.duration = (end - record.connected_at.unwrap_or(end)).to_std().unwrap_or_default();
        record.requests = passed.requests;
        record.bytes_in = passed.bytes_in;
        record.bytes_out = passed.bytes_out;
    }

    /// Says that the present state goes on.
    async fn confirm(&mut self) {
        if let Some((mut record, begin)) = self.open.clone() {
            self.bring_up_to_date(&mut record, &begin);
            self.unwritten.push(record);
        }
        self.write().await;
        if let Some(store) = self.storage.if_open()
            && let Err(error) = store.tunnel_states().confirm(Utc::now()).await
        {
            tracing::debug!(%error, "the tunnel's history is not written");
        }
    }

    /// Writes what waits. What cannot be written waits on, the newest hundred of it.
    async fn write(&mut self) {
        let Some(store) = self.storage.if_open().filter(|_| self.history.is_some()) else {
            self.forget_oldest();
            return;
        };
        let mut records = std::mem::take(&mut self.unwritten).into_iter();
        while let Some(record) = records.next() {
            if let Err(error) = store.connection_log().put(record.clone()).await {
                tracing::debug!(%error, "the connection log is not written");
                self.unwritten = std::iter::once(record).chain(records).collect();
                self.forget_oldest();
                break;
            }
        }
        let cause = self.journal.last_loss().filter(|_| self.open.is_none()).map(|loss| loss.cause);
        let now = (self.state(), cause);
        if self.history.as_ref() == Some(&now) {
            return;
        }
        match store.tunnel_states().change(Utc::now(), now.0, now.1.as_deref()).await {
            Ok(()) => self.history = Some(now),
            Err(error) => tracing::debug!(%error, "the tunnel's history is not written"),
        }
    }

    fn forget_oldest(&mut self) {
        let over = self.unwritten.len().saturating_sub(UNWRITTEN_MAX);
        self.unwritten.drain(..over);
    }
}
