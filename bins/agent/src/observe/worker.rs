//! Counts what the recorder takes, on the runtime that serves no visitors: statistics, request log, events.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use chrono::Utc;
use octoporty_client::{Agent, ConnectionState};
use octoporty_store::Side;
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use super::{
    ExchangeRecord, Hub, Recorder, Recording, Records, Topic, intake,
    recorder::{IN_FULL_MAX, Told},
    rollup,
};
use crate::{
    api::{RequestEvent, StatsPoint},
    catalogue::Catalogue,
    storage::Storage,
};

/// Exchanges that are counted in one go. Few, as each takes kilobytes until it is on its way to the log.
const BATCH_MAX: usize = 32;

/// How long exchanges are gathered before they are counted: longer, and a burst fills memory; shorter, and each exchange
/// of a busy tunnel wakes this worker, which costs more than counting it.
const GATHER_TIME: Duration = Duration::from_millis(10);

/// Exchanges that each such time adds to those that may be told of in full: 1,000 a second.
const IN_FULL_PER_GATHERING: u32 = 10;

/// How often time that passed is counted.
const TICK: Duration = Duration::from_secs(1);

/// Ticks between two looks at what is to be saved.
const TICKS_PER_SAVE: u32 = 10;

/// What the worker needs.
pub(crate) struct Surroundings {
    pub(crate) agent: Agent,
    pub(crate) storage: Storage,
    pub(crate) catalogue: Catalogue,
    pub(crate) hub: Hub,
}

impl Recorder {
    /// Starts the recorder's worker on `tasks`, which saves what is left when `stop` is cancelled.
    pub(crate) fn start(&self, records: Records, around: Surroundings, tasks: &TaskTracker, stop: CancellationToken) {
        let worker = Worker { recorder: self.clone(), around, failing: HashMap::new(), told: 0 };
        tasks.spawn(worker.run(records.0, stop));
    }
}

impl Told {
    fn kept(self) -> (ExchangeRecord, bool) {
        match self {
            Self::Raw(exchange, at) => intake::kept(&exchange, at),
            #[cfg(test)]
            Self::Ready(record) => (record, true),
        }
    }
}

struct Worker {
    recorder: Recorder,
    around: Surroundings,
    /// Whether the last request of each mapping failed at its service.
    failing: HashMap<Uuid, bool>,
    /// Requests when statistics were last told.
    told: u64,
}

impl Worker {
    async fn run(mut self, mut records: mpsc::Receiver<Told>, stop: CancellationToken) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = Instant::now();
        let mut count = 0_u32;
        let mut totals = std::pin::pin!(load_totals(self.recorder.clone(), self.around.storage.clone()));
        let mut is_loaded = false;
        let mut gathered = std::pin::pin!(tokio::time::sleep(GATHER_TIME));
        let mut is_gathering = false;
        loop {
            tokio::select! {
                _count = records.recv_many(&mut batch, BATCH_MAX), if !is_gathering => {
                    self.count(&mut batch);
                    while records.try_recv().map(|told| batch.push(told)).is_ok() {
                        if batch.len() == BATCH_MAX {
                            self.count(&mut batch);
                        }
                    }
                    self.count(&mut batch);
                    // Whoever tells of an exchange meanwhile has nobody to wake.
                    gathered.as_mut().reset(Instant::now() + GATHER_TIME);
                    is_gathering = true;
                }
                () = &mut gathered, if is_gathering => {
                    is_gathering = false;
                    let more = |left: u32| Some((left + IN_FULL_PER_GATHERING).min(IN_FULL_MAX));
                    let _before = self.recorder.inner.in_full.fetch_update(Relaxed, Relaxed, more);
                }
                _tick = ticks.tick() => {
                    let now = Instant::now();
                    self.observe(now - last);
                    last = now;
                    count = count.wrapping_add(1);
                    if count.is_multiple_of(2) {
                        self.tell();
                    }
                    // What was saved before is added first, so that nothing is counted twice.
                    if is_loaded && count.is_multiple_of(TICKS_PER_SAVE) {
                        self.save(false).await;
                    }
                }
                () = &mut totals, if !is_loaded => is_loaded = true,
                () = stop.cancelled() => break,
            }
        }
        while records.try_recv().map(|told| batch.push(told)).is_ok() {
            self.count(&mut batch);
        }
        if is_loaded {
            self.save(true).await;
        }
    }

    fn count(&mut self, batch: &mut Vec<Told>) {
        let now = Utc::now();
        let mut batch: Vec<_> = batch.drain(..).map(Told::kept).collect();
        // A Gateway can name what it likes, and each name would be counted by itself (R36).
        self.around.catalogue.forget_unknown(batch.iter_mut().map(|(record, _in_full)| &mut record.mapping));
        {
            let mut counts = self.recorder.inner.lock();
            for (record, _in_full) in &batch {
                counts.rollup.add(record, now);
                counts.failures.add(record);
                counts.tally.add(record);
            }
        }
        let store = self.around.storage.if_open();
        for (record, in_full) in batch {
            self.note_health(&record);
            if !in_full {
                if self.recorder.inner.recording == Recording::On {
                    self.recorder.skip();
                }
                continue;
            }
            self.around.hub.request(|skipped| RequestEvent::of(&record, skipped));
            if let Some(store) = &store {
                store.request_log().offer(record);
            }
        }
    }

    /// Tells the catalogue when a service begins to fail, and when it answers again.
    fn note_health(&mut self, record: &ExchangeRecord) {
        let Some(mapping) = record.mapping else { return };
        let error = match &record.failure {
            Some(failure) if failure.side == Side::Service => Some(failure.message.clone()),
            // Others say nothing of the service.
            Some(_) => return,
            None => None,
        };
        let is_failing = error.is_some();
        if self.failing.insert(mapping, is_failing) != Some(is_failing) {
            self.around.catalogue.note_health(mapping, error);
        }
    }

    fn observe(&self, ran: Duration) {
        let is_up = self.around.agent.status().borrow().state == ConnectionState::Connected;
        let up = if is_up { ran } else { Duration::ZERO };
        self.recorder.inner.lock().rollup.observe(ran, up, Utc::now());
    }

    /// Tells of the present minute, if it moved.
    fn tell(&mut self) {
        let (present, requests) = {
            let counts = self.recorder.inner.lock();
            (counts.rollup.present(), counts.tally.requests)
        };
        if requests != self.told {
            self.told = requests;
            self.around.hub.tell(Topic::Stats, "stats", &StatsPoint::of(&present));
        }
    }

    /// Saves what is finished, or at the end everything.
    async fn save(&self, at_end: bool) {
        let Some(store) = self.around.storage.if_open() else { return };
        let inner = Arc::clone(&self.recorder.inner);
        let (minutes, failures) = {
            let mut counts = inner.lock();
            let minutes = if at_end { counts.rollup.take_all() } else { counts.rollup.take_finished(Utc::now()) };
            (minutes, counts.failures.take())
        };
        if !minutes.is_empty()
            && let Err(error) = store.minutes().add(minutes.clone()).await
        {
            tracing::debug!(%error, "statistics are not saved");
            inner.lock().rollup.put_back(minutes);
        }
        if !failures.is_empty()
            && let Err(error) = store.failures().add(failures.clone()).await
        {
            tracing::debug!(%error, "failures are not saved");
            inner.lock().failures.put_back(failures);
        }
    }
}

/// Adds what was saved since midnight by an earlier run.
async fn load_totals(recorder: Recorder, storage: Storage) {
    let store = storage.opened().await;
    let now = Utc::now();
    match store.minutes().totals(rollup::midnight(now), now).await {
        Ok(totals) => recorder.inner.lock().rollup.add_totals(totals, now),
        Err(error) => tracing::warn!(%error, "the statistics of today before this start are not known"),
    }
}
