//! Whether the peer is there, and how far away: pings on a schedule, any inbound frame as a sign of life (R30).

use std::time::{Duration, Instant};

/// Round trips that the smallest one is taken of, so that queueing does not look like distance.
const SAMPLES: usize = 8;

#[derive(Debug)]
pub(super) struct Keepalive {
    interval: Duration,
    timeout: Duration,
    last_inbound: Instant,
    next_ping: Instant,
    /// A ping is due and was not sent yet.
    ping_due: bool,
    /// Number of the ping that is under way, and when it went out.
    sent: Option<(u64, Instant)>,
    number: u64,
    samples: [Option<Duration>; SAMPLES],
    next_sample: usize,
    latest: Option<Duration>,
}

impl Keepalive {
    pub(super) const fn new((interval, timeout): (Duration, Duration), now: Instant) -> Self {
        Self {
            interval,
            timeout,
            last_inbound: now,
            next_ping: now,
            ping_due: false,
            sent: None,
            number: 0,
            samples: [None; SAMPLES],
            next_sample: 0,
            latest: None,
        }
    }

    pub(super) const fn handle_inbound(&mut self, now: Instant) {
        self.last_inbound = now;
    }

    pub(super) fn handle_pong(&mut self, number: u64, now: Instant) {
        if let Some((expected, sent)) = self.sent
            && expected == number
        {
            let round_trip = now.saturating_duration_since(sent);
            self.samples[self.next_sample] = Some(round_trip);
            self.next_sample = (self.next_sample + 1) % SAMPLES;
            self.latest = Some(round_trip);
            self.sent = None;
        }
    }

    /// Notes a ping that is due, and moves the deadline on whether or not the transport takes a message now: a
    /// deadline that stays in the past would have the driver look again and again.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if now >= self.next_ping {
            self.next_ping = now + self.interval;
            self.ping_due = true;
        }
    }

    /// The number of a ping to send, when one is due.
    pub(super) fn poll_ping(&mut self, now: Instant) -> Option<u64> {
        self.handle_timeout(now);
        if !std::mem::take(&mut self.ping_due) {
            return None;
        }
        self.number += 1;
        self.sent = Some((self.number, now));
        Some(self.number)
    }

    pub(super) fn is_silent(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last_inbound) >= self.timeout
    }

    pub(super) const fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) fn next_deadline(&self) -> Instant {
        self.next_ping.min(self.last_inbound + self.timeout)
    }

    /// The smallest of the last round trips.
    pub(super) fn path(&self) -> Option<Duration> {
        self.samples.iter().flatten().min().copied()
    }

    /// The last round trip, queueing included.
    pub(super) const fn latest(&self) -> Option<Duration> {
        self.latest
    }
}
