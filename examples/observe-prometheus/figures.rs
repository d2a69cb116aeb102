//! Figures of exchanges, as Prometheus reads them. Their memory is fixed: no label takes a value from a visitor.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use octoporty_client::observe::{Detail, ExchangeObserver, ExchangeRecord};
use octoporty_server::observe::{VisitObserver, VisitRecord};

/// Upper bounds of the buckets of durations, in milliseconds.
const BUCKETS_MS: [u64; 8] = [5, 10, 25, 50, 100, 500, 1_000, 5_000];

/// Kinds of outcomes, by the first digit of the status; 0 stands for exchanges without an answer.
const OUTCOMES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// Counts. It only adds to atomics, so it may be called on every shard and never blocks.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    outcomes: [AtomicU64; OUTCOMES.len()],
    failures: AtomicU64,
    request_bytes: AtomicU64,
    response_bytes: AtomicU64,
    buckets: [AtomicU64; BUCKETS_MS.len()],
    duration_us: AtomicU64,
}

impl Figures {
    fn add(&self, status: u16, failed: bool, bytes: (u64, u64), duration: Duration) {
        let outcome = self.outcomes.get(usize::from(status / 100)).unwrap_or(&self.outcomes[0]);
        outcome.fetch_add(1, Relaxed);
        self.failures.fetch_add(failed.into(), Relaxed);
        self.request_bytes.fetch_add(bytes.0, Relaxed);
        self.response_bytes.fetch_add(bytes.1, Relaxed);
        self.duration_us.fetch_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX), Relaxed);
        let bucket = BUCKETS_MS.iter().zip(&self.buckets).find(|(ms, _)| duration <= Duration::from_millis(**ms));
        if let Some((_, count)) = bucket {
            count.fetch_add(1, Relaxed);
        }
    }

    /// The text format of Prometheus. `side` becomes part of the names.
    pub(crate) fn write(&self, side: &str, text: &mut String) {
        let mut line = |args: std::fmt::Arguments<'_>| {
            text.write_fmt(args).expect("writing to a string does not fail");
            text.push('\n');
        };
        line(format_args!("# TYPE {side}_exchanges_total counter"));
        let mut all = 0;
        for (name, count) in OUTCOMES.iter().zip(&self.outcomes) {
            let count = count.load(Relaxed);
            all += count;
            line(format_args!("{side}_exchanges_total{{status=\"{name}\"}} {count}"));
        }
        for (name, count) in [
            ("failures", &self.failures),
            ("request_bytes", &self.request_bytes),
            ("response_bytes", &self.response_bytes),
        ] {
            line(format_args!("# TYPE {side}_{name}_total counter\n{side}_{name}_total {}", count.load(Relaxed)));
        }
        line(format_args!("# TYPE {side}_duration_seconds histogram"));
        let mut below = 0;
        for (ms, count) in BUCKETS_MS.iter().zip(&self.buckets) {
            below += count.load(Relaxed);
            let bound = Duration::from_millis(*ms).as_secs_f64();
            line(format_args!("{side}_duration_seconds_bucket{{le=\"{bound}\"}} {below}"));
        }
        line(format_args!("{side}_duration_seconds_bucket{{le=\"+Inf\"}} {all}"));
        let sum = Duration::from_micros(self.duration_us.load(Relaxed)).as_secs_f64();
        line(format_args!("{side}_duration_seconds_sum {sum}\n{side}_duration_seconds_count {all}"));
    }
}

/// At the Agent's end.
impl ExchangeObserver for Figures {
    fn detail(&self) -> Detail {
        // Heads would cost a copy, for nothing.
        Detail::Figures
    }

    fn exchange(&self, record: ExchangeRecord) {
        let bytes = (record.request_bytes, record.response_bytes);
        self.add(record.status.unwrap_or(0), record.failure.is_some(), bytes, record.duration);
    }
}

/// At the Gateway's end.
impl VisitObserver for Figures {
    fn visit(&self, record: &VisitRecord) {
        let bytes = (record.bytes_from_visitor, record.bytes_to_visitor);
        self.add(record.status, record.failure.is_some(), bytes, record.duration);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_add_up() {
        let figures = Figures::default();
        for (status, ms) in [(200, 5), (204, 6), (404, 60_000), (0, 1)] {
            figures.add(status, status == 0, (1, 2), Duration::from_millis(ms));
        }
        let mut text = String::new();
        figures.write("agent", &mut text);
        for line in [
            "agent_exchanges_total{status=\"2xx\"} 2",
            "agent_exchanges_total{status=\"4xx\"} 1",
            "agent_exchanges_total{status=\"none\"} 1",
            "agent_failures_total 1",
            "agent_response_bytes_total 8",
            "agent_duration_seconds_bucket{le=\"0.005\"} 2",
            "agent_duration_seconds_bucket{le=\"5\"} 3",
            "agent_duration_seconds_bucket{le=\"+Inf\"} 4",
            "agent_duration_seconds_sum 60.012",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
