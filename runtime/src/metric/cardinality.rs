//! The families about families: how many series each has, and what found no place in it.

use std::sync::Arc;

use prometheus::proto::MetricFamily;

use super::{Collect, CounterFamily, GaugeFamily, LabelValues, Labels};
use crate::names;

/// What they are called.
pub(super) const NAMES: [&str; 3] = [
    names::MARTY_METRIC_SERIES.name,
    names::MARTY_METRIC_OVERFLOW.name,
    names::MARTY_LABEL_REJECTIONS.name,
];

/// How many series each family has, how often one was full, and how many values were not shown. Counted anew on every scrape.
pub(super) fn of(families: &[Arc<dyn Collect>]) -> [MetricFamily; 3] {
    let series: GaugeFamily<MetricLabels> = GaugeFamily::gauge(
        names::MARTY_METRIC_SERIES.name,
        names::MARTY_METRIC_SERIES.help,
    );
    let overflow: CounterFamily<MetricLabels> = CounterFamily::counter(
        names::MARTY_METRIC_OVERFLOW.name,
        names::MARTY_METRIC_OVERFLOW.help,
    );
    let rejections: CounterFamily<RejectionLabels> = CounterFamily::counter(
        names::MARTY_LABEL_REJECTIONS.name,
        names::MARTY_LABEL_REJECTIONS.help,
    );
    for family in families {
        let labels = MetricLabels(family.name());
        #[expect(
            clippy::cast_precision_loss,
            reason = "a family has at most a thousand and one series"
        )]
        series.get(&labels).set(family.series() as f64);
        overflow.get(&labels).add(family.overflowed());
        for (reason, count) in family.rejections() {
            let labels = RejectionLabels(family.name(), reason.as_str());
            rejections.get(&labels).add(count);
        }
    }
    [series.collect(), overflow.collect(), rejections.collect()]
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct MetricLabels(pub(super) &'static str);

impl Labels for MetricLabels {
    const NAMES: &'static [&'static str] = names::MARTY_METRIC_SERIES.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.0);
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct RejectionLabels(&'static str, &'static str);

impl Labels for RejectionLabels {
    const NAMES: &'static [&'static str] = names::MARTY_LABEL_REJECTIONS.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.0);
        values.push(self.1);
    }
}
