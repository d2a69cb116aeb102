//! Requests and bytes since the start: what a connection of the tunnel carried is the difference of two of these.

use super::ExchangeRecord;

/// Running sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) requests: u64,
    /// Of bodies, from visitors.
    pub(super) bytes_in: u64,
    /// Of bodies, to visitors.
    pub(super) bytes_out: u64,
}

impl Tally {
    pub(super) fn add(&mut self, record: &ExchangeRecord) {
        self.requests += 1;
        self.bytes_in = self.bytes_in.saturating_add(record.request_bytes);
        self.bytes_out = self.bytes_out.saturating_add(record.response_bytes);
    }

    pub(super) fn since(&self, begin: &Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(begin.requests),
            bytes_in: self.bytes_in.saturating_sub(begin.bytes_in),
            bytes_out: self.bytes_out.saturating_sub(begin.bytes_out),
        }
    }
}
