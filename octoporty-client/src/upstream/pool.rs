//! The free connections of one client, by target, last used first. It never waits and opens nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    connection::{H1Connection, H2Connection},
    target::UpstreamTarget,
};

/// Idle HTTP/1 connections that are kept for one target. A burst of more pays for new ones.
pub(super) const IDLE_PER_TARGET_MAX: usize = 128;

/// Requests at once on an HTTP/2 connection before another is opened: what most servers allow at least
/// (RFC 9113 §6.5.2).
const STREAMS_PER_CONNECTION_MAX: usize = 100;

/// A connection that may take a request.
#[derive(Debug)]
pub(super) enum Connection {
    H1(H1Connection),
    H2(H2Connection),
}

/// What requests may be sent over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Either protocol.
    Any,
    /// HTTP/1.1, for an upgrade.
    Http1,
}

/// The pool itself; its lock is held for a few moves at most.
#[derive(Debug, Default)]
pub(super) struct PoolInner {
    targets: Mutex<HashMap<Arc<UpstreamTarget>, Slot>>,
}

#[derive(Debug, Default)]
struct Slot {
    /// Idle, last used last.
    h1: Vec<H1Connection>,
    /// In use or not.
    h2: Vec<H2Connection>,
}

impl PoolInner {
    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<UpstreamTarget>, Slot>> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that looks alive, marked as in use.
    pub(super) fn take(&self, target: &Arc<UpstreamTarget>, wanted: Wanted) -> Option<Connection> {
        let mut targets = self.lock();
        let slot = targets.get_mut(target)?;
        if wanted == Wanted::Any
            && let Some(found) = slot.shareable()
        {
            found.shared.begin();
            return Some(Connection::H2(found));
        }
        slot.idle().map(|found| {
            found.shared.begin();
            Connection::H1(found)
        })
    }

    /// Keeps an HTTP/1 connection whose exchange is over, both ways.
    pub(super) fn put(&self, target: &Arc<UpstreamTarget>, connection: H1Connection) {
        connection.shared.end();
        if connection.is_closed() {
            return;
        }
        let mut targets = self.lock();
        let slot = slot(&mut targets, target);
        if slot.h1.len() >= IDLE_PER_TARGET_MAX {
            slot.h1.retain(|idle| !idle.is_closed());
        }
        if slot.h1.len() < IDLE_PER_TARGET_MAX {
            slot.h1.push(connection);
        }
    }

    /// Makes a new HTTP/2 connection known to others.
    pub(super) fn share(&self, target: &Arc<UpstreamTarget>, connection: H2Connection) {
        slot(&mut self.lock(), target).h2.push(connection);
    }

    /// Forgets the connections of a target that have ended, and the target with the last of them.
    pub(super) fn prune(&self, target: &Arc<UpstreamTarget>) {
        let mut targets = self.lock();
        let Some(slot) = targets.get_mut(target) else {
            return;
        };
        slot.h1.retain(|idle| !idle.is_closed());
        slot.h2.retain(|shared| !shared.is_closed());
        if slot.h1.is_empty() && slot.h2.is_empty() {
            targets.remove(target);
        }
    }

    /// Idle HTTP/1 connections and HTTP/2 connections of all targets.
    pub(super) fn len(&self) -> usize {
        self.lock().values().map(|slot| slot.h1.len() + slot.h2.len()).sum()
    }
}

fn slot<'a>(targets: &'a mut HashMap<Arc<UpstreamTarget>, Slot>, target: &Arc<UpstreamTarget>) -> &'a mut Slot {
    // Not `entry`: it would clone the key each time.
    if !targets.contains_key(target) {
        targets.insert(Arc::clone(target), Slot::default());
    }
    targets.get_mut(target).expect("it was inserted just now")
}

impl Slot {
    /// The HTTP/2 connection that was opened last and has room.
    fn shareable(&self) -> Option<H2Connection> {
        let usable = |connection: &&H2Connection| {
            !connection.is_closed() && connection.shared.in_flight() < STREAMS_PER_CONNECTION_MAX
        };
        self.h2.iter().rev().find(usable).cloned()
    }

    /// The connection used last. One that hyper has not got ready again yet is passed over, not waited for.
    fn idle(&mut self) -> Option<H1Connection> {
        let mut at = self.h1.len();
        while at > 0 {
            at -= 1;
            if self.h1[at].is_closed() {
                self.h1.remove(at);
            } else if self.h1[at].sender.is_ready() {
                return Some(self.h1.remove(at));
            }
        }
        None
    }
}
