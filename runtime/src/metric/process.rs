//! The process's own figures, which the `prometheus` crate reads from the kernel, under the help texts of [`names`](crate::names).

use prometheus::{
    core::{Collector, Desc},
    process_collector::ProcessCollector,
    proto::MetricFamily,
};

use crate::names;

/// Asks the kernel anew on every scrape.
pub(super) struct Process(ProcessCollector);

impl Process {
    pub(super) fn current() -> Self {
        Self(ProcessCollector::for_self())
    }
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut families = self.0.collect();
        for family in &mut families {
            if let Some(metric) = names::ALL
                .iter()
                .find(|metric| metric.name == family.name())
            {
                family.set_help(metric.help.to_owned());
            }
        }
        families
    }
}
