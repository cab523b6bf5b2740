//! The gauge: a number that goes up and down.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use prometheus::proto;

use super::Instrument;
use crate::names::Kind;

/// A handle to one series of a [`GaugeFamily`](super::GaugeFamily). Clones share the value.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicU64>);

impl Gauge {
    /// Replaces the value.
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    /// Adds `change`, which may be negative.
    pub fn add(&self, change: f64) {
        add(&self.0, change);
    }

    /// Adds one.
    pub fn inc(&self) {
        self.add(1.0);
    }

    /// Takes one away.
    pub fn dec(&self) {
        self.add(-1.0);
    }

    /// The value now.
    #[must_use]
    pub fn value(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

/// Adds to a float that is kept as its bits.
pub(super) fn add(cell: &AtomicU64, change: f64) {
    // Requests without a body are the most common measurement of all.
    if change == 0.0 {
        return;
    }
    let mut seen = cell.load(Ordering::Relaxed);
    loop {
        let next = (f64::from_bits(seen) + change).to_bits();
        match cell.compare_exchange_weak(seen, next, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return,
            Err(now) => seen = now,
        }
    }
}

impl Instrument for Gauge {
    type Options = ();

    const KIND: Kind = Kind::Gauge;

    fn create((): Self::Options) -> Self {
        Self::default()
    }

    fn sample(&self) -> proto::Metric {
        let mut gauge = proto::Gauge::default();
        gauge.set_value(self.value());
        let mut metric = proto::Metric::default();
        metric.set_gauge(gauge);
        metric
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loses_no_change_when_threads_write_at_once() {
        let gauge = Gauge::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| gauge.inc()));
            }
        });
        assert!((gauge.value() - 40_000.0).abs() < f64::EPSILON);
    }
}
