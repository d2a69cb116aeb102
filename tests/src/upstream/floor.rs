//! What the connections of one raw upstream share.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use tokio::{sync::Semaphore, time::Instant};
use tokio_util::sync::CancellationToken;

use super::RequestRecord;
use crate::ledger::Ledger;

/// Records, steps that tests give, answers that tests set.
#[derive(Debug)]
pub(super) struct Floor {
    pub(super) ledger: Ledger<RequestRecord>,
    pub(super) started: Instant,
    steps: Mutex<HashMap<String, Arc<Semaphore>>>,
    raw_answers: Mutex<HashMap<String, Bytes>>,
    connections: Mutex<CancellationToken>,
}

impl Floor {
    pub(super) fn new() -> Self {
        Self {
            ledger: Ledger::default(),
            started: Instant::now(),
            steps: Mutex::default(),
            raw_answers: Mutex::default(),
            connections: Mutex::default(),
        }
    }

    /// The steps of `tag`, given and not yet taken.
    pub(super) fn steps(&self, tag: &str) -> Arc<Semaphore> {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let of_tag = steps.entry(tag.to_owned());
        Arc::clone(of_tag.or_insert_with(|| Arc::new(Semaphore::new(0))))
    }

    pub(super) fn set_raw_answer(&self, path: &str, answer: Bytes) {
        let mut answers = self.raw_answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(path.to_owned(), answer);
    }

    pub(super) fn raw_answer(&self, path: &str) -> Option<Bytes> {
        let answers = self.raw_answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(path).cloned()
    }

    /// Cancelled when the connections of now are to be closed.
    pub(super) fn closing(&self) -> CancellationToken {
        let connections = self.connections.lock();
        connections.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Closes the connections of now; later ones are not touched.
    pub(super) fn close_connections(&self) {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *connections).cancel();
    }
}
