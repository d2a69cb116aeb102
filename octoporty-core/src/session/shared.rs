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
    milestone: Notify,
    /// Told when there may be room to open a stream or send a head.
    room: Notify,
}

/// Wakers to be woken once the lock is free.
pub(super) type Wakers = Vec<Waker>;

/// What else is to be told then.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct News {
    milestone: bool,
    room: bool,
}

impl Shared {
    pub(super) fn new(connection: Connection) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                connection,
                waiting: HashMap::default(),
                incoming: VecDeque::new(),
                acceptor: None,
                driver: None,
                driver_woken: false,
                hello: None,
                welcome: None,
                go_away: None,
                drained: false,
            }),
            milestone: Notify::new(),
            room: Notify::new(),
        })
    }

    /// The lock. A panic elsewhere while it was held costs that task alone: the state machine's steps leave it
    /// consistent.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to the connection, passes on what came of it, and lets the driver send what there is to send.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut State) -> R) -> R {
        let mut wakers = Wakers::new();
        let mut state = self.lock();
        let result = act(&mut state);
        let news = state.pass_on_events(&mut wakers);
        let driver = state.wake_driver();
        drop(state);
        self.wake(&mut wakers, news);
        if let Some(driver) = driver {
            driver.wake();
        }
        result
    }

    pub(super) fn wake(&self, wakers: &mut Wakers, news: News) {
        if news.milestone {
            self.milestone.notify_waiters();
        }
        if news.room {
            self.room.notify_waiters();
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

    /// Does what there is no room for yet, once there is. Cancel safe: who gives up leaves nothing behind.
    pub(super) async fn once_there_is_room<R>(&self, mut act: impl FnMut(&mut State) -> Option<R>) -> R {
        loop {
            let told = self.room.notified();
            let mut told = std::pin::pin!(told);
            told.as_mut().enable();
            if let Some(done) = self.with(&mut act) {
                return done;
            }
            told.await;
        }
    }
}

impl State {
    /// Turns events into wakers; says what else is to be told.
    pub(super) fn pass_on_events(&mut self, wakers: &mut Wakers) -> News {
        let mut news = News::default();
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
                    news.room = true;
                    if self.connection.error().is_some() {
                        wakers.extend(self.acceptor.take());
                        news.milestone = true;
                    }
                }
                Event::Hello(hello) => {
                    self.hello = Some(hello);
                    news.milestone = true;
                }
                Event::Welcomed(welcome) => {
                    self.welcome = Some(welcome);
                    news.milestone = true;
                }
                Event::GoAway(go_away) => {
                    self.go_away = Some(go_away);
                    news.milestone = true;
                }
                Event::Drained => {
                    self.drained = true;
                    news.milestone = true;
                }
            }
        }
        news
    }

    pub(super) fn register_driver(&mut self, context: &Context<'_>) {
        self.driver_woken = false;
        store(&mut self.driver, context);
    }

    fn wake_driver(&mut self) -> Option<Waker> {
        if !self.connection.wants_driver() {
            return None;
        }
        if std::mem::replace(&mut self.driver_woken, true) { None } else { self.driver.clone() }
    }

    pub(super) fn register_acceptor(&mut self, context: &Context<'_>) {
        store(&mut self.acceptor, context);
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
