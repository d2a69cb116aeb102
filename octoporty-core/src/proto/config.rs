//! What a lane is configured with.

use std::time::Duration;

use crate::limits;

/// Which end of the lane this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Accepts lanes, opens streams for visitors; its stream identifiers are odd.
    Gateway,
    /// Dials lanes, answers streams, opens control streams only; its stream identifiers are even.
    Agent,
}

impl Role {
    pub(super) const fn first_stream(self) -> u32 {
        match self {
            Self::Gateway => 1,
            Self::Agent => 2,
        }
    }

    pub(super) const fn owns(self, stream: u32) -> bool {
        (stream % 2 == 1) == matches!(self, Self::Gateway)
    }
}

/// Settings of one lane. The defaults are the ones of [`crate::limits`].
#[derive(Debug, Clone)]
pub struct Config {
    role: Role,
    streams_max: u32,
    window_bytes: u32,
    lane_budget_bytes: u64,
    ping_interval: Duration,
    liveness_timeout: Duration,
    compression: bool,
}

impl Config {
    /// The defaults for one end.
    #[must_use]
    pub const fn new(role: Role) -> Self {
        Self {
            role,
            streams_max: limits::STREAMS_MAX,
            window_bytes: limits::STREAM_WINDOW_BYTES,
            lane_budget_bytes: limits::LANE_BUDGET_BYTES,
            ping_interval: limits::PING_INTERVAL,
            liveness_timeout: limits::LIVENESS_TIMEOUT,
            compression: true,
        }
    }

    /// Streams that the peer may have open at once. Fewer refuse honest load, more cost memory under attack:
    /// each can hold [`limits::INLINE_BODY_BYTES_MAX`] outside flow control. At least 1.
    #[must_use]
    pub const fn streams_max(mut self, streams: u32) -> Self {
        self.streams_max = if streams == 0 { 1 } else { streams };
        self
    }

    /// Bytes that a stream may receive before it is read, while the lane's budget lasts; kept between
    /// [`limits::STREAM_WINDOW_BYTES_MIN`] and [`limits::STREAM_WINDOW_BYTES_MAX`]. Small windows slow bulk
    /// down, large ones let bulk delay small answers.
    #[must_use]
    pub fn window_bytes(mut self, bytes: u32) -> Self {
        self.window_bytes = bytes.clamp(limits::STREAM_WINDOW_BYTES_MIN, limits::STREAM_WINDOW_BYTES_MAX);
        self
    }

    /// Bytes that all streams of the lane may be granted beyond their minimum windows.
    #[must_use]
    pub const fn lane_budget_bytes(mut self, bytes: u64) -> Self {
        self.lane_budget_bytes = bytes;
        self
    }

    /// How often to ping. Longer finds losses later, shorter costs idle wake-ups.
    #[must_use]
    pub const fn ping_interval(mut self, interval: Duration) -> Self {
        self.ping_interval = interval;
        self
    }

    /// After this long without any inbound frame the lane is dead. Keep it at three ping intervals or more.
    #[must_use]
    pub const fn liveness_timeout(mut self, timeout: Duration) -> Self {
        self.liveness_timeout = timeout;
        self
    }

    /// Whether this side offers and uses LZ4. It saves bytes on the path and costs CPU at both ends.
    #[must_use]
    pub const fn compression(mut self, on: bool) -> Self {
        self.compression = on;
        self
    }

    /// Which end this is.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Streams that the peer may have open at once; goes into `Hello` or `Welcome`.
    #[must_use]
    pub const fn streams(&self) -> u32 {
        self.streams_max
    }

    /// Bytes that a stream of the peer may send at its start; goes into `Hello` or `Welcome`.
    #[must_use]
    pub const fn first_window_bytes(&self) -> u32 {
        limits::STREAM_WINDOW_BYTES_MIN
    }

    /// Whether LZ4 is offered; goes into `Hello` or `Welcome`.
    #[must_use]
    pub const fn offers_compression(&self) -> bool {
        self.compression
    }

    pub(super) const fn window(&self) -> u32 {
        self.window_bytes
    }

    pub(super) const fn lane_budget(&self) -> u64 {
        self.lane_budget_bytes
    }

    pub(super) const fn pings(&self) -> (Duration, Duration) {
        (self.ping_interval, self.liveness_timeout)
    }
}
