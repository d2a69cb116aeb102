//! How many certificates strangers can make the proxy fetch: few new names below a wildcard, and few questions at all.

use std::{collections::HashSet, time::Duration};

use octoporty_core::host::Hostname;
use tokio::time::Instant;

/// Names below wildcards that are allowed in [`PERIOD`] beyond those that were allowed before. Certificate authorities
/// give a domain some fifty a week, and anyone may knock with names that he made up.
const NEW_NAMES_MAX: u32 = 100;

/// The period that new names are counted in.
const PERIOD: Duration = Duration::from_secs(3600);

/// Names below wildcards that are remembered. Beyond it all are forgotten, and count as new again.
const NAMES_MAX: usize = 10_000;

/// Questions a second that are answered, and how many may come at once.
const QUESTIONS_PER_SECOND: f64 = 100.0;
const QUESTIONS_BURST: f64 = 200.0;

/// Counts questions, and names below wildcards.
#[derive(Debug)]
pub(super) struct AskLimits {
    names: HashSet<Hostname>,
    new_names: u32,
    since: Instant,
    questions: f64,
    at: Instant,
}

impl AskLimits {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { names: HashSet::new(), new_names: 0, since: now, questions: QUESTIONS_BURST, at: now }
    }

    /// Whether one more question may be answered now.
    pub(super) fn admit_question(&mut self) -> bool {
        let now = Instant::now();
        let earned = (now - self.at).as_secs_f64() * QUESTIONS_PER_SECOND;
        self.at = now;
        self.questions = (self.questions + earned).min(QUESTIONS_BURST);
        if self.questions < 1.0 {
            return false;
        }
        self.questions -= 1.0;
        true
    }

    /// Whether a name below a wildcard may have a certificate.
    pub(super) fn admit_name(&mut self, name: &Hostname) -> bool {
        if self.names.contains(name) {
            return true;
        }
        if self.since.elapsed() >= PERIOD {
            self.since = Instant::now();
            self.new_names = 0;
        }
        if self.new_names >= NEW_NAMES_MAX {
            return false;
        }
        self.new_names += 1;
        if self.names.len() >= NAMES_MAX {
            self.names.clear();
        }
        self.names.insert(name.clone());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn made_up_names_run_out_and_known_ones_do_not() {
        let mut limits = AskLimits::new();
        let name = |n: u32| Hostname::parse(&format!("n{n}.example.com")).unwrap();
        for n in 0..NEW_NAMES_MAX {
            assert!(limits.admit_name(&name(n)));
        }
        assert!(!limits.admit_name(&name(NEW_NAMES_MAX)));
        assert!(limits.admit_name(&name(0)));
        tokio::time::advance(PERIOD).await;
        assert!(limits.admit_name(&name(NEW_NAMES_MAX)));
    }

    #[tokio::test(start_paused = true)]
    async fn questions_come_back_with_time() {
        let mut limits = AskLimits::new();
        for _ in 0..200 {
            assert!(limits.admit_question());
        }
        assert!(!limits.admit_question());
        tokio::time::advance(Duration::from_millis(15)).await;
        assert!(limits.admit_question());
        assert!(!limits.admit_question());
    }
}
