//! Events for those who watch: the last thousand in one ring, which every follower reads at its own pace.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde::Serialize;
use tokio::{sync::Notify, time::Instant};
use uuid::Uuid;

/// Events that are kept, for followers that come back and for those that are slow.
const EVENTS_MAX: usize = 1_000;

/// Followers at once. Each holds a connection.
const FOLLOWERS_MAX: usize = 16;

/// Requests that are shown a second. A person reads fewer; the log has all.
const REQUESTS_PER_SECOND_MAX: u32 = 50;

/// Requests are shown for so long after the last follower left, so that one that comes back misses none.
const WATCHED_FOR: Duration = Duration::from_secs(60);

/// What an event is about, for those who want to hear of some things alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    /// The tunnel, the storage, sessions, an update: who follows at all hears of these.
    Status,
    Mappings,
    Requests,
    Stats,
}

/// One event.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) number: u64,
    pub(crate) topic: Topic,
    pub(crate) name: &'static str,
    /// JSON.
    pub(crate) data: Box<str>,
    /// The session that alone hears of it.
    pub(crate) session: Option<Uuid>,
}

/// A follower was too slow, or away for too long: what it missed is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Missed;

/// The events. Clones are handles to the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Hub {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Tells the events of this run from those of the last.
    epoch: String,
    ring: Mutex<Ring>,
    news: Notify,
    followers: AtomicUsize,
}

#[derive(Debug)]
struct Ring {
    events: VecDeque<Arc<Event>>,
    next: u64,
    second: Instant,
    shown: u32,
    skipped: u64,
    watched: Instant,
}

impl Hub {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        let ring = Ring { events: VecDeque::new(), next: 0, second: now, shown: 0, skipped: 0, watched: now };
        let epoch = format!("{:08x}", rand::random::<u32>());
        Self {
            inner: Arc::new(Inner {
                epoch,
                ring: Mutex::new(ring),
                news: Notify::new(),
                followers: AtomicUsize::new(0),
            }),
        }
    }

    /// Tells everybody.
    pub(crate) fn tell(&self, topic: Topic, name: &'static str, data: &impl Serialize) {
        self.push(topic, name, data, None);
    }

    /// Tells the pages of a session that it is over.
    pub(crate) fn session_expired(&self, session: Uuid) {
        self.push(Topic::Status, "session-expired", &serde_json::json!({}), Some(session));
    }

    /// Tells of a request, if somebody may want to know and not too many were told of in this second. `make` gets the
    /// number of those that were left out since the last one.
    pub(crate) fn request<T: Serialize>(&self, make: impl FnOnce(u64) -> T) {
        let skipped = {
            let mut ring = self.lock();
            let now = Instant::now();
            let watched = self.inner.followers.load(Ordering::Relaxed) > 0 || now < ring.watched + WATCHED_FOR;
            if !watched {
                return;
            }
            if now >= ring.second + Duration::from_secs(1) {
                ring.second = now;
                ring.shown = 0;
            }
            if ring.shown >= REQUESTS_PER_SECOND_MAX {
                ring.skipped += 1;
                return;
            }
            ring.shown += 1;
            std::mem::take(&mut ring.skipped)
        };
        self.push(Topic::Requests, "request", &make(skipped), None);
    }

    fn push(&self, topic: Topic, name: &'static str, data: &impl Serialize, session: Option<Uuid>) {
        let Ok(data) = serde_json::to_string(data) else {
            tracing::error!(name, "an event cannot be written as JSON");
            return;
        };
        let gone = {
            let mut ring = self.lock();
            let event = Event { number: ring.next, topic, name, data: data.into(), session };
            ring.next += 1;
            ring.events.push_back(Arc::new(event));
            if ring.events.len() > EVENTS_MAX { ring.events.pop_front() } else { None }
        };
        drop(gone);
        self.inner.news.notify_waiters();
    }

    /// Follows from now on, or from behind the event of this id; `None` if too many follow.
    pub(crate) fn follow(&self, last_id: Option<&str>) -> Option<Follower> {
        let room = |count: usize| (count < FOLLOWERS_MAX).then_some(count + 1);
        self.inner.followers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).ok()?;
        let end = self.lock().next;
        let mut follower = Follower { hub: self.clone(), next: end, missed: false };
        if let Some(last) = last_id {
            let (epoch, number) = last.split_once('-').unwrap_or_default();
            match number.parse::<u64>() {
                Ok(number) if epoch == self.inner.epoch && number < end => follower.next = number + 1,
                _ => follower.missed = true,
            }
        }
        Some(follower)
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.inner.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the events in their order. Dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct Follower {
    hub: Hub,
    next: u64,
    missed: bool,
}

impl Follower {
    /// The next event, or that some were missed; it goes on with the present then.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<Arc<Event>, Missed> {
        let inner = Arc::clone(&self.hub.inner);
        loop {
            let news = inner.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            if let Some(found) = self.try_next() {
                return found;
            }
            news.await;
        }
    }

    fn try_next(&mut self) -> Option<Result<Arc<Event>, Missed>> {
        let missed = std::mem::take(&mut self.missed);
        let (event, end) = {
            let ring = self.hub.lock();
            let first = ring.events.front().map_or(ring.next, |event| event.number);
            let at = self.next.checked_sub(first).filter(|_| !missed);
            let event = at.map(|at| usize::try_from(at).ok().and_then(|at| ring.events.get(at).cloned()));
            (event, ring.next)
        };
        let Some(event) = event else {
            self.next = end;
            return Some(Err(Missed));
        };
        let event = event?;
        self.next += 1;
        Some(Ok(event))
    }

    /// The id of an event, for who comes back.
    pub(crate) fn id_of(&self, event: &Event) -> String {
        format!("{}-{}", self.hub.inner.epoch, event.number)
    }

    /// The id of the last event that was read or passed over, if there was one.
    pub(crate) fn last_id(&self) -> Option<String> {
        Some(format!("{}-{}", self.hub.inner.epoch, self.next.checked_sub(1)?))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.hub.inner.followers.fetch_sub(1, Ordering::Relaxed);
        self.hub.lock().watched = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(hub: &Hub, count: usize) {
        for number in 0..count {
            hub.tell(Topic::Status, "status", &number);
        }
    }

    #[tokio::test]
    async fn who_comes_back_goes_on_behind_the_last_event() {
        let hub = Hub::new();
        let mut first = hub.follow(None).unwrap();
        tell(&hub, 3);
        let seen = first.next().await.unwrap();
        let id = first.id_of(&seen);
        drop(first);
        let mut second = hub.follow(Some(&id)).unwrap();
        assert_eq!(&*second.next().await.unwrap().data, "1");
        assert_eq!(&*second.next().await.unwrap().data, "2");
    }

    #[tokio::test]
    async fn who_was_away_too_long_or_is_too_slow_is_told_once() {
        let hub = Hub::new();
        let mut slow = hub.follow(None).unwrap();
        tell(&hub, EVENTS_MAX + 1);
        assert_eq!(slow.next().await.unwrap_err(), Missed);
        for id in ["00000000-0", "nonsense", "", "-"] {
            let mut stranger = hub.follow(Some(id)).unwrap();
            assert_eq!(stranger.next().await.unwrap_err(), Missed, "{id}");
        }
        tell(&hub, 1);
        assert_eq!(&*slow.next().await.unwrap().data, "0");
    }

    #[tokio::test]
    async fn followers_are_bounded_and_make_room() {
        let hub = Hub::new();
        let followers: Vec<_> = (0..FOLLOWERS_MAX).map(|_| hub.follow(None).unwrap()).collect();
        assert!(hub.follow(None).is_none());
        drop(followers);
        assert!(hub.follow(None).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_requests_is_thinned_and_counted() {
        let hub = Hub::new();
        let mut follower = hub.follow(None).unwrap();
        for _ in 0..60 {
            hub.request(|skipped| skipped);
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        hub.request(|skipped| skipped);
        let mut told = Vec::new();
        for _ in 0..=REQUESTS_PER_SECOND_MAX {
            told.push(follower.next().await.unwrap().data.to_string());
        }
        assert!(told[..50].iter().all(|data| data == "0"));
        assert_eq!(told[50], "10");
    }
}
