//! Failures, grouped by what they have in common, until they are saved.

use std::collections::HashMap;

use octoporty_store::{Failure, FailureGroup};
use uuid::Uuid;

use super::ExchangeRecord;

/// Groups that wait to be saved. More come of an attacker alone; those are left out of the groups, not of the counts by
/// side.
const GROUPS_MAX: usize = 1_000;

/// Groups that are not saved yet.
#[derive(Debug, Default)]
pub(super) struct PendingFailures {
    groups: HashMap<(Failure, Option<Uuid>), FailureGroup>,
}

impl PendingFailures {
    pub(super) fn add(&mut self, record: &ExchangeRecord) {
        let Some(failure) = &record.failure else { return };
        self.count(FailureGroup {
            failure: failure.clone(),
            mapping: record.mapping,
            count: 1,
            last_at: record.at,
            example: Some(record.id),
        });
    }

    fn count(&mut self, count: FailureGroup) {
        let key = (count.failure.clone(), count.mapping);
        if !self.groups.contains_key(&key) && self.groups.len() >= GROUPS_MAX {
            return;
        }
        self.groups.entry(key).and_modify(|group| join(group, &count)).or_insert(count);
    }

    /// Takes them out, to be saved.
    pub(super) fn take(&mut self) -> Vec<FailureGroup> {
        std::mem::take(&mut self.groups).into_values().collect()
    }

    /// Puts back what could not be saved.
    pub(super) fn put_back(&mut self, counts: Vec<FailureGroup>) {
        for count in counts {
            self.count(count);
        }
    }

    /// What is saved and what is not in one, the one met last first.
    pub(super) fn merged_with(&self, saved: Vec<FailureGroup>) -> Vec<FailureGroup> {
        let mut all: HashMap<_, FailureGroup> = self.groups.clone();
        for group in saved {
            let key = (group.failure.clone(), group.mapping);
            all.entry(key).and_modify(|known| join(known, &group)).or_insert(group);
        }
        let mut groups: Vec<_> = all.into_values().collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.last_at));
        groups
    }
}

fn join(group: &mut FailureGroup, other: &FailureGroup) {
    group.count = group.count.saturating_add(other.count);
    if other.last_at >= group.last_at {
        group.last_at = other.last_at;
        group.example = other.example;
    }
}
