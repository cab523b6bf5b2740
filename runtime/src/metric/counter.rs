//! The counter: a number of things that only grows.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use prometheus::proto;

use super::family::Instrument;
use crate::names::Kind;

/// A handle to one series of a [`CounterFamily`](super::CounterFamily). Clones share the value.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Adds one.
    pub fn inc(&self) {
        self.add(1);
    }

    /// Adds `count`.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// The count so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Instrument for Counter {
    type Options = ();

    const KIND: Kind = Kind::Counter;

    fn create((): Self::Options) -> Self {
        Self::default()
    }

    fn sample(&self) -> proto::Metric {
        let mut counter = proto::Counter::default();
        #[expect(
            clippy::cast_precision_loss,
            reason = "the exposition formats know only floats"
        )]
        counter.set_value(self.value() as f64);
        let mut metric = proto::Metric::default();
        metric.set_counter(counter);
        metric
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loses_nothing_when_threads_count_at_once() {
        let counter = Counter::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| counter.inc()));
            }
        });
        assert_eq!(counter.value(), 40_000);
    }
}
