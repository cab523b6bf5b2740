//! Counts what was recorded and did not arrive.

use std::sync::{Arc, LazyLock};

use crate::{
    metric::{Collect, CounterFamily, LabelValue, Labels},
    names::{self, Metric},
};

/// Spans that were lost. There is one way out of a process, and so there is one count.
pub(super) static SPANS: LazyLock<Lost> = LazyLock::new(|| Lost::of(&names::MARTY_SPANS_DROPPED));

/// Log events that were not sent.
pub(super) static LOGS: LazyLock<Lost> =
    LazyLock::new(|| Lost::of(&names::MARTY_OTLP_LOGS_DROPPED));

/// The families about telemetry. Every reason has a series: a rate needs the zero before the first loss.
pub(crate) fn families() -> [Arc<dyn Collect>; 2] {
    [&SPANS, &LOGS].map(|lost| {
        for reason in [Reason::QueueFull, Reason::ExportFailed, Reason::Shutdown] {
            lost.0.with(&ReasonLabels { reason }, |_| ());
        }
        Arc::clone(&lost.0) as Arc<dyn Collect>
    })
}

/// Why something recorded did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, LabelValue)]
pub(super) enum Reason {
    /// More came than was sent.
    QueueFull,
    /// The collector could not be reached, or did not take it.
    ExportFailed,
    /// The service ended.
    Shutdown,
}

#[derive(Clone, PartialEq, Eq, Hash, Labels)]
struct ReasonLabels {
    reason: Reason,
}

/// How much was lost, by reason. Clones share the counts.
#[derive(Clone, Debug)]
pub(super) struct Lost(Arc<CounterFamily<ReasonLabels>>);

impl Lost {
    pub(super) fn of(metric: &Metric) -> Self {
        let family = CounterFamily::counter(metric.name, metric.help);
        Self(Arc::new(family))
    }

    pub(super) fn add(&self, reason: Reason, count: u64) {
        self.0
            .with(&ReasonLabels { reason }, |counter| counter.add(count));
    }

    #[cfg(test)]
    pub(super) fn count(&self, reason: Reason) -> u64 {
        self.0.get(&ReasonLabels { reason }).value()
    }
}
