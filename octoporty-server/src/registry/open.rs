//! How many exchanges of one mapping are open, so that no mapping leaves the others without (R20).

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// The exchanges of one mapping that are open, over all shards.
#[derive(Debug, Default)]
pub(crate) struct OpenExchanges(AtomicUsize);

/// One exchange's place, given back when dropped.
#[derive(Debug)]
pub(crate) struct ExchangePlace(Arc<OpenExchanges>);

impl OpenExchanges {
    /// A place, if fewer than `max` are taken.
    pub(crate) fn enter(self: &Arc<Self>, max: usize) -> Option<ExchangePlace> {
        let place = ExchangePlace(Arc::clone(self));
        // A place that there was not is given back like any other.
        (place.0.0.fetch_add(1, Relaxed) < max).then_some(place)
    }
}

impl Drop for ExchangePlace {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_few_and_come_back() {
        let open = Arc::new(OpenExchanges::default());
        let enter = || open.enter(2);
        let (first, second) = (enter(), enter());
        assert!(first.is_some() && second.is_some() && enter().is_none());
        drop(first);
        assert!(enter().is_some());
        drop(second);
        assert_eq!(open.0.load(Relaxed), 0);
    }
}
