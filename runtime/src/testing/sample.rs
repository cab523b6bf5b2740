//! The samples of a scrape, as they are named there.

use std::fmt::{self, Write};

use prometheus::proto::{Metric, MetricFamily, MetricType};

use crate::names::Kind;

/// One line of a scrape.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: Vec<(String, String)>,
    pub(super) value: f64,
}

impl Sample {
    /// Whether it has every one of `labels`, whatever else it has.
    pub(super) fn has(&self, labels: &[(&str, &str)]) -> bool {
        labels.iter().all(|(name, value)| {
            let mut own = self.labels.iter();
            own.any(|(own, has)| own == name && has == value)
        })
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        for (place, (name, value)) in self.labels.iter().enumerate() {
            let opening = if place == 0 { '{' } else { ',' };
            write!(formatter, "{opening}{name}={value:?}")?;
        }
        let closing = if self.labels.is_empty() { "" } else { "}" };
        write!(formatter, "{closing} {}", self.value)
    }
}

/// A line for each sample, each after a line break.
pub(super) fn listed<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> String {
    samples.into_iter().fold(String::new(), |mut text, sample| {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {sample}");
        text
    })
}

/// The suffixes of the samples that a metric of this kind has.
pub(super) const fn suffixes(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Histogram => &["_count", "_sum", "_bucket"],
        Kind::Counter | Kind::Gauge => &[""],
    }
}

/// The samples of every family.
pub(super) fn samples(families: &[MetricFamily]) -> Vec<Sample> {
    let of_family = |family: &MetricFamily| {
        let metrics = family.get_metric().iter();
        let samples = metrics.flat_map(|metric| of_metric(family, metric));
        samples.collect::<Vec<_>>()
    };
    families.iter().flat_map(of_family).collect()
}

fn of_metric(family: &MetricFamily, metric: &Metric) -> Vec<Sample> {
    let labels = metric.get_label().iter();
    let labels: Vec<_> = labels
        .map(|label| (label.name().to_owned(), label.value().to_owned()))
        .collect();
    let sample = |suffix: &str, value| Sample {
        name: format!("{}{suffix}", family.name()),
        labels: labels.clone(),
        value,
    };
    match family.get_field_type() {
        MetricType::COUNTER => vec![sample("", metric.get_counter().get_value())],
        MetricType::HISTOGRAM => {
            let histogram = metric.get_histogram();
            let count = float(histogram.get_sample_count());
            let bounds = histogram.get_bucket().iter();
            let bounds = bounds.map(|bucket| {
                let bound = bucket.upper_bound().to_string();
                (bound, float(bucket.cumulative_count()))
            });
            let buckets = bounds.chain([("+Inf".to_owned(), count)]);
            let buckets = buckets.map(|(bound, count)| {
                let mut bucket = sample("_bucket", count);
                bucket.labels.push(("le".to_owned(), bound));
                bucket
            });
            let totals = [
                sample("_sum", histogram.get_sample_sum()),
                sample("_count", count),
            ];
            buckets.chain(totals).collect()
        }
        _ => vec![sample("", metric.get_gauge().get_value())],
    }
}

#[expect(clippy::cast_precision_loss, reason = "the format knows only floats")]
const fn float(count: u64) -> f64 {
    count as f64
}
