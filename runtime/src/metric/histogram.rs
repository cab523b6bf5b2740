//! The histogram: how often a measurement fell into each bucket.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use prometheus::proto;

use super::{Exemplar, exemplar::Kept, family::Instrument, gauge};
use crate::names::Kind;

/// A handle to one series of a [`HistogramFamily`](super::HistogramFamily). Clones share the counts.
#[derive(Clone, Debug)]
pub struct Histogram(Arc<Cells>);

/// The count of a scrape is the sum of the buckets it read, so that the two never contradict each other
/// although writers go on; only the sum of values may be a few measurements apart.
#[derive(Debug)]
struct Cells {
    bounds: &'static [f64],
    /// One count for each bound, and one more for what lies above the last.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
    /// The last exemplar of each bucket, from the first on.
    exemplars: OnceLock<Box<[Mutex<Option<Kept>>]>>,
}

impl Histogram {
    /// Counts one measurement. A value that is infinite or not a number is left out, for it would spoil the sum for ever.
    pub fn observe(&self, value: f64) {
        if value.is_finite() {
            self.count_in(self.bucket(value), value);
        }
    }

    /// Counts one measurement, and refers to the trace it was made in where a scraper asks for that.
    pub fn observe_with(&self, value: f64, exemplar: Exemplar) {
        if !value.is_finite() {
            return;
        }
        let bucket = self.bucket(value);
        self.count_in(bucket, value);
        let places = self.0.exemplars.get_or_init(|| {
            let places = self.0.counts.iter().map(|_| Mutex::default());
            places.collect()
        });
        // Of two at once either will do: nobody waits.
        if let Some(Ok(mut place)) = places.get(bucket).map(Mutex::try_lock) {
            *place = Some(Kept {
                exemplar,
                value,
                time: SystemTime::now(),
            });
        }
    }

    /// The place of the value's bucket. Most measurements fall into the first, where a scan beats a binary search.
    fn bucket(&self, value: f64) -> usize {
        let mut bounds = self.0.bounds.iter();
        let place = bounds.position(|bound| value <= *bound);
        place.unwrap_or(self.0.bounds.len())
    }

    fn count_in(&self, bucket: usize, value: f64) {
        if let Some(count) = self.0.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        gauge::add(&self.0.sum, value);
    }

    /// How many measurements were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .sum()
    }

    /// The sum of all measurements.
    #[must_use]
    pub fn sum(&self) -> f64 {
        f64::from_bits(self.0.sum.load(Ordering::Relaxed))
    }
}

impl Instrument for Histogram {
    type Options = &'static [f64];

    const KIND: Kind = Kind::Histogram;

    fn create(bounds: Self::Options) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self(Arc::new(Cells {
            bounds,
            counts,
            sum: AtomicU64::new(0),
            exemplars: OnceLock::new(),
        }))
    }

    fn exemplars(&self) -> Vec<Option<Kept>> {
        let places = self.0.exemplars.get().into_iter().flatten();
        let kept = places.map(|place| place.lock().unwrap_or_else(PoisonError::into_inner).clone());
        kept.collect()
    }

    fn sample(&self) -> proto::Metric {
        // What lies above the last bound counts only in the whole: the formats write its bucket themselves.
        let mut cumulative = 0;
        let mut buckets = Vec::with_capacity(self.0.counts.len());
        for (count, bound) in self.0.counts.iter().zip(self.0.bounds) {
            cumulative += count.load(Ordering::Relaxed);
            let mut bucket = proto::Bucket::default();
            bucket.set_cumulative_count(cumulative);
            bucket.set_upper_bound(*bound);
            buckets.push(bucket);
        }
        cumulative += self
            .0
            .counts
            .last()
            .map_or(0, |above| above.load(Ordering::Relaxed));
        let mut histogram = proto::Histogram::default();
        histogram.set_sample_count(cumulative);
        histogram.set_sample_sum(self.sum());
        histogram.set_bucket(buckets);
        let mut metric = proto::Metric::default();
        metric.set_histogram(histogram);
        metric
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, expected: [u64; 3]) {
        let histogram = Histogram::create(&[1.0, 2.0]);
        histogram.observe(value);
        let sample = histogram.sample();
        let histogram = sample.get_histogram();
        let buckets = histogram
            .get_bucket()
            .iter()
            .map(proto::Bucket::cumulative_count);
        let cumulative: Vec<u64> = buckets.chain([histogram.get_sample_count()]).collect();
        assert_eq!(cumulative, expected);
    }

    #[test]
    fn counts_a_value_in_every_bucket_that_reaches_it() {
        check(0.5, [1, 1, 1]);
        check(1.5, [0, 1, 1]);
        check(9.0, [0, 0, 1]);
    }

    #[test]
    fn counts_a_value_on_a_bound_in_the_bucket_of_that_bound() {
        check(1.0, [1, 1, 1]);
        check(2.0, [0, 1, 1]);
    }

    #[test]
    fn leaves_out_what_is_not_a_number() {
        let histogram = Histogram::create(&[1.0]);
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            histogram.observe(value);
            histogram.observe_with(value, Exemplar::new([1; 16], [1; 8]));
        }
        histogram.observe(0.5);
        assert_eq!(histogram.count(), 1);
        assert!((histogram.sum() - 0.5).abs() < f64::EPSILON);
    }

    #[test]
    fn loses_nothing_and_contradicts_nothing_while_threads_write_and_scrape() {
        const WRITES: u8 = 200;
        let histogram = Histogram::create(&[64.0, 128.0]);
        let consistent = || {
            let sample = histogram.sample();
            let sample = sample.get_histogram();
            let buckets = sample.get_bucket().iter();
            let mut counts: Vec<u64> = buckets.map(proto::Bucket::cumulative_count).collect();
            counts.push(sample.get_sample_count());
            assert!(counts.is_sorted(), "{counts:?}");
            for (bucket, kept) in histogram.exemplars().into_iter().enumerate() {
                if let Some(kept) = kept {
                    // Value and trace are of one measurement, and that is one of the bucket.
                    let mut ids = 0..WRITES;
                    let id = ids.find(|id| f64::from(*id).to_bits() == kept.value.to_bits());
                    let id = id.unwrap();
                    assert_eq!(kept.exemplar, Exemplar::new([id; 16], [id; 8]));
                    assert_eq!(histogram.bucket(kept.value), bucket);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 0..50 {
                        for id in 0..WRITES {
                            let exemplar = Exemplar::new([id; 16], [id; 8]);
                            histogram.observe_with(f64::from(id), exemplar);
                        }
                        if round % 10 == 0 {
                            consistent();
                        }
                    }
                });
            }
        });
        consistent();
        assert_eq!(histogram.count(), 4 * 50 * u64::from(WRITES));
        let sum = f64::from(4 * 50 * (0..u32::from(WRITES)).sum::<u32>());
        assert!((histogram.sum() - sum).abs() < f64::EPSILON);
    }
}
