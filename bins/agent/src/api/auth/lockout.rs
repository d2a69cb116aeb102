//! Guessing made slow (R39): counts before it checks, for each address or known browser, and for all together.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lru::LruCache;
use tokio::time::Instant;
use uuid::Uuid;

use crate::api::peer::AddressBucket;

/// Wrong passwords before each lock.
pub(super) const TRIES: u32 = 5;

/// How long each lock lasts; the last one is used again and again.
const LOCKS: [Duration; 4] =
    [Duration::from_secs(60), Duration::from_secs(5 * 60), Duration::from_secs(15 * 60), Duration::from_secs(60 * 60)];

/// Addresses and browsers that are remembered; the one unseen for longest is forgotten first.
const KEYS_MAX: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// A mistake is forgotten after so long without another: a person mistypes once a week.
const FORGET_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Checks of unknown browsers a minute, from all addresses together.
const CHECKS_PER_MINUTE: u32 = 60;

const MINUTE: Duration = Duration::from_secs(60);

/// Whose tries are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// Everybody at an address.
    Address(AddressBucket),
    /// A browser that has signed in before, so that others at its address cannot lock it out.
    Browser(Uuid),
}

/// A try that may go on to the check of its password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Try {
    /// Tries left before the next lock, should this one be wrong.
    pub(super) left: u32,
    /// How long that lock will last; if none is left, it lasts from now.
    pub(super) lock: Duration,
}

/// A try that may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Locked {
    /// How long to wait.
    pub(super) wait: Duration,
    /// How long the lock after this one will last.
    pub(super) next: Duration,
    /// All are slowed down, not this one alone.
    pub(super) global: bool,
}

/// What is remembered.
#[derive(Debug)]
pub(super) struct Lockout {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    entries: LruCache<Key, Entry>,
    minute: Instant,
    checks: u32,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Wrong ones since the last lock, and those being checked.
    tries: u32,
    locks: usize,
    until: Option<Instant>,
    last: Instant,
}

impl Lockout {
    pub(super) fn new() -> Self {
        Self::at(Instant::now())
    }

    fn at(now: Instant) -> Self {
        let state = State { entries: LruCache::new(KEYS_MAX), minute: now, checks: 0 };
        Self { state: Mutex::new(state) }
    }

    /// Counts a try as wrong, before it is checked, so that a hundred at once are a hundred.
    pub(super) fn begin(&self, key: Key) -> Result<Try, Locked> {
        self.begin_at(key, Instant::now())
    }

    fn begin_at(&self, key: Key, now: Instant) -> Result<Try, Locked> {
        let mut state = self.lock();
        let fresh = Entry { tries: 0, locks: 0, until: None, last: now };
        let known = state.entries.get(&key).copied().filter(|entry| now < entry.last + FORGET_AFTER);
        let mut entry = known.unwrap_or(fresh);
        if let Some(until) = entry.until {
            if until > now {
                return Err(Locked { wait: until - now, next: lock_of(entry.locks), global: false });
            }
            entry.until = None;
        }
        if matches!(key, Key::Address(_))
            && let Err(wait) = state.count_check(now)
        {
            return Err(Locked { wait, next: lock_of(entry.locks), global: true });
        }
        entry.tries += 1;
        entry.last = now;
        let lock = lock_of(entry.locks);
        let left = TRIES.saturating_sub(entry.tries);
        if left == 0 {
            entry.until = Some(now + lock);
            entry.tries = 0;
            entry.locks += 1;
        }
        state.entries.put(key, entry);
        Ok(Try { left, lock })
    }

    /// The password was right, so all is forgotten.
    pub(super) fn clear(&self, key: Key) {
        self.lock().entries.pop(&key);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts a check among all of this minute.
    fn count_check(&mut self, now: Instant) -> Result<(), Duration> {
        if now >= self.minute + MINUTE {
            self.minute = now;
            self.checks = 0;
        }
        if self.checks >= CHECKS_PER_MINUTE {
            return Err(self.minute + MINUTE - now);
        }
        self.checks += 1;
        Ok(())
    }
}

fn lock_of(locks: usize) -> Duration {
    LOCKS[locks.min(LOCKS.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::peer::Peer;

    fn address(last: u8) -> Key {
        Key::Address(Peer { address: [10, 0, 0, last].into(), is_https: false }.bucket())
    }

    fn minutes(count: u64) -> Duration {
        MINUTE * u32::try_from(count).unwrap()
    }

    #[test]
    fn five_tries_then_locks_that_grow() {
        // R39
        let lockout = Lockout::new();
        let mut now = Instant::now();
        for lock in [1, 5, 15, 60, 60] {
            for left in (0..5).rev() {
                assert_eq!(lockout.begin_at(address(1), now), Ok(Try { left, lock: minutes(lock) }));
            }
            let locked = lockout.begin_at(address(1), now).unwrap_err();
            assert_eq!((locked.wait, locked.global), (minutes(lock), false));
            now += minutes(lock);
        }
    }

    #[test]
    fn one_success_clears_everything() {
        let lockout = Lockout::new();
        let now = Instant::now();
        for _ in 0..5 {
            lockout.begin_at(address(1), now).unwrap();
        }
        lockout.clear(address(1));
        assert_eq!(lockout.begin_at(address(1), now), Ok(Try { left: 4, lock: MINUTE }));
    }

    #[test]
    fn a_day_without_a_mistake_forgets() {
        let lockout = Lockout::new();
        let now = Instant::now();
        for _ in 0..4 {
            lockout.begin_at(address(1), now).unwrap();
        }
        assert_eq!(lockout.begin_at(address(1), now + FORGET_AFTER).unwrap().left, 4);
    }

    #[test]
    fn many_addresses_are_slowed_and_known_browsers_are_not() {
        // R39
        let now = Instant::now();
        let lockout = Lockout::at(now);
        for last in 0..60 {
            lockout.begin_at(address(last), now).unwrap();
        }
        let locked = lockout.begin_at(address(200), now).unwrap_err();
        assert_eq!((locked.global, locked.wait), (true, MINUTE));
        assert!(lockout.begin_at(Key::Browser(Uuid::nil()), now).is_ok());
        assert!(lockout.begin_at(address(200), now + MINUTE).is_ok());
    }

    #[test]
    fn the_table_does_not_grow_without_end() {
        // R39
        let lockout = Lockout::new();
        let now = Instant::now();
        for id in 0..20_000 {
            lockout.begin_at(Key::Browser(Uuid::from_u128(id)), now).unwrap();
        }
        assert_eq!(lockout.lock().entries.len(), KEYS_MAX.get());
    }
}
