//! What can be done to the lines of a [`World`](super::World).

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
    time::Duration,
};

/// Faults of all lines between the Agents and the Gateway of one world. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Counts the cuts: lines that were opened before the last one are dead.
    cuts: u64,
    stalled: bool,
    refusing: bool,
    delay: Duration,
    /// At most one for each task that drives a line: a waker is kept once, and all go at each change.
    waiting: Vec<Waker>,
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let waiting = {
            let mut state = self.lock();
            change(&mut state);
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Cuts all lines that are open, as a reset connection is. New ones can be opened.
    pub fn cut(&self) {
        self.change(|state| state.cuts += 1);
    }

    /// Lets nothing through in either direction, as a half-open connection does: both ends think the line is there.
    pub fn stall(&self) {
        self.change(|state| state.stalled = true);
    }

    /// Lets everything through again.
    pub fn resume(&self) {
        self.change(|state| state.stalled = false);
    }

    /// How long each message takes from now on, in each direction. Default: no time.
    pub fn delay(&self, delay: Duration) {
        self.change(|state| state.delay = delay);
    }

    /// Opens no new lines, as if the Gateway were not reachable; open ones stay.
    pub fn refuse(&self) {
        self.change(|state| state.refusing = true);
    }

    /// Opens new lines again.
    pub fn accept(&self) {
        self.change(|state| state.refusing = false);
    }

    pub(super) fn is_refusing(&self) -> bool {
        self.lock().refusing
    }

    pub(super) fn current_delay(&self) -> Duration {
        self.lock().delay
    }

    pub(super) fn cuts(&self) -> u64 {
        self.lock().cuts
    }

    /// Whether a line that was opened after `cuts` cuts is dead; whether it lets anything through. Who is held up is woken
    /// by the next change.
    pub(super) fn look(&self, cuts: u64, context: &mut Context<'_>) -> Line {
        let mut state = self.lock();
        if !state.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            state.waiting.push(context.waker().clone());
        }
        match (state.cuts > cuts, state.stalled) {
            (true, _) => Line::Cut,
            (false, true) => Line::Stalled,
            (false, false) => Line::Open,
        }
    }
}

/// How a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Open,
    Stalled,
    Cut,
}
