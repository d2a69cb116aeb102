//! Which mappings are counted apart: a bounded number, so that counts of no Agent's making fill the memory.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use octoporty_core::id::MappingId;

/// Mappings that are counted apart, the first since the start. Each costs 64 bytes a shard, and up to seven lines where
/// they are read; later ones are counted together.
const MAPPINGS_COUNTED_MAX: usize = 1000;

/// Places: one for each mapping that is counted apart, and the first for all others.
pub(super) const SLOTS: usize = MAPPINGS_COUNTED_MAX + 1;

/// Where a mapping is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RouteSlot(u16);

impl RouteSlot {
    /// Together with others.
    pub(crate) const OTHER: Self = Self(0);

    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Gives places away.
#[derive(Debug, Default)]
pub(crate) struct RouteSlots {
    given: Mutex<HashMap<MappingId, RouteSlot>>,
}

impl RouteSlots {
    /// The mapping's place, the same at each call.
    pub(crate) fn of(&self, mapping: MappingId) -> RouteSlot {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = given.get(&mapping) {
            return *slot;
        }
        match u16::try_from(given.len() + 1) {
            Ok(next) if usize::from(next) < SLOTS => {
                given.insert(mapping, RouteSlot(next));
                RouteSlot(next)
            }
            _ => RouteSlot::OTHER,
        }
    }

    /// All mappings that are counted apart, in the order of their places.
    pub(super) fn all(&self) -> Vec<(MappingId, RouteSlot)> {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = given.iter().map(|(mapping, slot)| (*mapping, *slot)).collect();
        all.sort_unstable_by_key(|(_, slot)| slot.0);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_kept_and_bounded() {
        let slots = RouteSlots::default();
        let of = |n: usize| slots.of(MappingId::from_u128(n as u128));
        let first = of(1);
        assert_eq!((first, of(1)), (RouteSlot(1), first));
        let last = (2..=MAPPINGS_COUNTED_MAX).map(of).last().unwrap();
        assert_eq!(last.index(), SLOTS - 1);
        assert_eq!(of(MAPPINGS_COUNTED_MAX + 1), RouteSlot::OTHER);
        assert_eq!((of(1), slots.all().len()), (first, MAPPINGS_COUNTED_MAX));
    }
}
