//! Gauges that are asked for their values when they are scraped.

use prometheus::proto::MetricFamily;

use super::{Collect, GaugeFamily, Labels, exemplar::OfSeries, guard::Reason};
use crate::names::{Kind, Metric};

/// A family whose values are somebody else's, and read anew on every scrape.
pub(crate) struct Sampled<L: Labels> {
    metric: &'static Metric,
    sample: Box<Sample<L>>,
}

/// Writes the values into a family that has none yet.
type Sample<L> = dyn Fn(&GaugeFamily<L>) + Send + Sync;

impl<L: Labels> Sampled<L> {
    pub(crate) fn new(
        metric: &'static Metric,
        sample: impl Fn(&GaugeFamily<L>) + Send + Sync + 'static,
    ) -> Self {
        Self {
            metric,
            sample: Box::new(sample),
        }
    }
}

impl<L: Labels> Collect for Sampled<L> {
    fn name(&self) -> &'static str {
        self.metric.name
    }

    fn help(&self) -> &'static str {
        self.metric.help
    }

    fn kind(&self) -> Kind {
        Kind::Gauge
    }

    fn labels(&self) -> &'static [&'static str] {
        L::NAMES
    }

    fn series(&self) -> usize {
        self.collect().get_metric().len()
    }

    fn overflowed(&self) -> u64 {
        0
    }

    fn rejections(&self) -> Vec<(Reason, u64)> {
        Vec::new()
    }

    fn begin_known(&self) {}

    fn collect(&self) -> MetricFamily {
        let family = GaugeFamily::of(self.metric);
        (self.sample)(&family);
        family.collect()
    }

    fn exemplars(&self) -> Vec<OfSeries> {
        Vec::new()
    }
}
