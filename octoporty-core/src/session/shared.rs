//! What handles and driver share: the connection, and who waits for what.

use std::{
    collections::{HashMap, VecDeque},
    hash::BuildHasherDefault,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

use tokio::sync::Notify;

use super::lane::Incoming;
use crate::{
    message::{GoAway, Hello, Welcome},
    proto::{Connection, Event, IdHasher, StreamId},
};

/// Wakers of one stream's handles.
#[derive(Debug, Default)]
struct Waiting {
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// The state behind the lock.
#[derive(Debug)]
pub(super) struct State {
    pub(super) connection: Connection,
    waiting: HashMap<StreamId, Waiting, BuildHasherDefault<IdHasher>>,
    /// Streams of the peer that were not accepted yet; bounded by the streams that the peer may open.
    pub(super) incoming: VecDeque<Opened>,
    acceptor: Option<Waker>,
    /// Who waits for room to open a stream or send a head.
    openers: Vec<Waker>,
    driver: Option<Waker>,
    driver_woken: bool,
    pub(super) hello: Option<Hello>,
    pub(super) welcome: Option<Welcome>,
    pub(super) go_away: Option<GoAway>,
    pub(super) drained: bool,
}

/// A stream of the peer, before it is accepted.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) stream: StreamId,
    pub(super) kind: crate::frame::StreamKind,
    pub(super) head: bytes::Bytes,
}

/// Shared by a lane's handles and its driver.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Told at each step of the lane's life: introduced, open, leaving, drained, over.
    pub(super) milestone: Notify,
}

/// Wakers to be woken once the lock is free.
pub(super) type Wakers = Vec<Waker>;

impl Shared {
    pub(super) fn new(connection: Connection) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                connection,
                waiting: HashMap::default(),
                incoming: VecDeque::new(),
                acceptor: None,
                openers: Vec::new(),
                driver: None,
                driver_woken: false,
                hello: None,
                welcome: None,
                go_away: None,
                drained: false,
            }),
            milestone: Notify::new(),
        })
    }

    /// The lock. A panic elsewhere while it was held costs that task alone: the state machine's steps leave it
    /// consistent.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to the connection, passes on what came of it, and lets the driver send.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut State) -> R) -> R {
        let mut wakers = Wakers::new();
        let mut state = self.lock();
        let result = act(&mut state);
        let milestone = state.pass_on_events(&mut wakers);
        let driver = state.wake_driver();
        drop(state);
        self.wake(&mut wakers, milestone);
        if let Some(driver) = driver {
            driver.wake();
        }
        result
    }

    pub(super) fn wake(&self, wakers: &mut Wakers, milestone: bool) {
        if milestone {
            self.milestone.notify_waiters();
        }
        for waker in wakers.drain(..) {
            waker.wake();
        }
    }

    /// Waits until `check` finds what it looks for. Cancel safe.
    pub(super) async fn until<R>(&self, mut check: impl FnMut(&mut State) -> Option<R>) -> R {
        loop {
            let notified = self.milestone.notified();
            let mut notified = std::pin::pin!(notified);
            notified.as_mut().enable();
            if let Some(found) = check(&mut self.lock()) {
                return found;
            }
            notified.await;
        }
    }
}

impl State {
    /// Turns events into wakers; says whether the lane made a step in its life.
    pub(super) fn pass_on_events(&mut self, wakers: &mut Wakers) -> bool {
        let mut milestone = false;
        while let Some(event) = self.connection.poll_event() {
            match event {
                Event::Readable(id) => {
                    wakers.extend(self.waiting.get_mut(&id).and_then(|waiting| waiting.reader.take()));
                }
                Event::Writable(id) => {
                    wakers.extend(self.waiting.get_mut(&id).and_then(|waiting| waiting.writer.take()));
                }
                Event::Opened { stream, kind, head } => {
                    self.incoming.push_back(Opened { stream, kind, head });
                    wakers.extend(self.acceptor.take());
                }
                Event::Room => {
                    wakers.append(&mut self.openers);
                    if self.connection.error().is_some() {
                        wakers.extend(self.acceptor.take());
                        milestone = true;
                    }
                }
                Event::Hello(hello) => {
                    self.hello = Some(hello);
                    milestone = true;
                }
                Event::Welcomed(welcome) => {
                    self.welcome = Some(welcome);
                    milestone = true;
                }
                Event::GoAway(go_away) => {
                    self.go_away = Some(go_away);
                    milestone = true;
                }
                Event::Drained => {
                    self.drained = true;
                    milestone = true;
                }
            }
        }
        milestone
    }

    pub(super) fn register_driver(&mut self, context: &Context<'_>) {
        self.driver_woken = false;
        store(&mut self.driver, context);
    }

    fn wake_driver(&mut self) -> Option<Waker> {
        if std::mem::replace(&mut self.driver_woken, true) { None } else { self.driver.clone() }
    }

    pub(super) fn register_acceptor(&mut self, context: &Context<'_>) {
        store(&mut self.acceptor, context);
    }

    pub(super) fn register_opener(&mut self, context: &Context<'_>) {
        if !self.openers.iter().any(|waker| waker.will_wake(context.waker())) {
            self.openers.push(context.waker().clone());
        }
    }

    pub(super) fn register_reader(&mut self, id: StreamId, context: &Context<'_>) {
        store(&mut self.waiting.entry(id).or_default().reader, context);
    }

    pub(super) fn register_writer(&mut self, id: StreamId, context: &Context<'_>) {
        store(&mut self.waiting.entry(id).or_default().writer, context);
    }

    pub(super) fn forget_reader(&mut self, id: StreamId) {
        if let Some(waiting) = self.waiting.get_mut(&id) {
            waiting.reader = None;
            self.forget(id);
        }
    }

    pub(super) fn forget_writer(&mut self, id: StreamId) {
        if let Some(waiting) = self.waiting.get_mut(&id) {
            waiting.writer = None;
            self.forget(id);
        }
    }

    fn forget(&mut self, id: StreamId) {
        if self.waiting.get(&id).is_some_and(|waiting| waiting.reader.is_none() && waiting.writer.is_none()) {
            self.waiting.remove(&id);
        }
    }

    pub(super) fn accept(&mut self, shared: &Arc<Shared>) -> Option<Incoming> {
        self.incoming.pop_front().map(|opened| Incoming::new(shared, opened))
    }
}

fn store(slot: &mut Option<Waker>, context: &Context<'_>) {
    match slot {
        Some(waker) if waker.will_wake(context.waker()) => {}
        slot => *slot = Some(context.waker().clone()),
    }
}
