//! The registry: every family of one service, and what a scrape reads from it.

use std::{collections::HashMap, fmt, sync::Arc};

use prometheus::{
    core::{Collector, Desc},
    proto::MetricFamily,
};

use super::{Collect, CounterFamily, GaugeFamily, LabelValues, Labels};
use crate::names;

/// The families of one service.
pub(crate) struct Registry {
    inner: prometheus::Registry,
    families: Vec<Arc<dyn Collect>>,
}

/// Why a family cannot be exported: another of the same name already is.
#[derive(Debug, thiserror::Error)]
#[error("the metric `{name}` cannot be exported")]
#[non_exhaustive]
pub struct RegisterError {
    name: &'static str,
    source: prometheus::Error,
}

impl Registry {
    /// A registry that so far exports the figures of the process and of the executor.
    ///
    /// # Errors
    ///
    /// Never in practice: only if those figures were described twice.
    pub(crate) fn new() -> Result<Self, RegisterError> {
        let inner = prometheus::Registry::new();
        #[cfg(target_os = "linux")]
        inner
            .register(Box::new(super::process::Process::current()))
            .map_err(|source| RegisterError {
                name: "process",
                source,
            })?;
        if let Some(executor) = super::executor::Executor::current() {
            executor
                .and_then(|executor| inner.register(Box::new(executor)))
                .map_err(|source| RegisterError {
                    name: "tokio",
                    source,
                })?;
        }
        Ok(Self {
            inner,
            families: Vec::new(),
        })
    }

    /// Exports `family` from now on.
    ///
    /// # Errors
    ///
    /// If a family of that name is exported already.
    pub(crate) fn register(&mut self, family: Arc<dyn Collect>) -> Result<(), RegisterError> {
        let name = family.name();
        let refused = |source| RegisterError { name, source };
        let taken = [
            names::MARTY_METRIC_SERIES.name,
            names::MARTY_METRIC_OVERFLOW.name,
            names::MARTY_LABEL_REJECTIONS.name,
        ]
        .contains(&name);
        if taken {
            return Err(refused(prometheus::Error::AlreadyReg));
        }
        let labels = family
            .labels()
            .iter()
            .map(|label| (*label).to_owned())
            .collect();
        let desc = Desc::new(
            name.to_owned(),
            family.help().to_owned(),
            labels,
            HashMap::new(),
        )
        .map_err(refused)?;
        self.inner
            .register(Box::new(Exported {
                desc,
                family: Arc::clone(&family),
            }))
            .map_err(refused)?;
        family.begin_known();
        self.families.push(family);
        Ok(())
    }

    /// Every family that has a series, sorted by name.
    pub(crate) fn gather(&self) -> Vec<MetricFamily> {
        let mut families = self.inner.gather();
        families.extend(self.cardinality());
        families.retain(|family| !family.get_metric().is_empty());
        families.sort_by(|one, other| one.name().cmp(other.name()));
        families
    }

    /// How many series each family has, how often one was full, and how many values were not shown. Counted anew on every scrape.
    fn cardinality(&self) -> [MetricFamily; 3] {
        let series: GaugeFamily<MetricLabels> = Family::series();
        let overflow: CounterFamily<MetricLabels> = Family::overflow();
        let rejections: CounterFamily<RejectionLabels> = Family::rejections();
        for family in &self.families {
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
}

/// Namespace of the families about families.
struct Family;

impl Family {
    const fn series() -> GaugeFamily<MetricLabels> {
        GaugeFamily::gauge(
            names::MARTY_METRIC_SERIES.name,
            names::MARTY_METRIC_SERIES.help,
        )
    }

    const fn overflow() -> CounterFamily<MetricLabels> {
        CounterFamily::counter(
            names::MARTY_METRIC_OVERFLOW.name,
            names::MARTY_METRIC_OVERFLOW.help,
        )
    }

    const fn rejections() -> CounterFamily<RejectionLabels> {
        CounterFamily::counter(
            names::MARTY_LABEL_REJECTIONS.name,
            names::MARTY_LABEL_REJECTIONS.help,
        )
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct MetricLabels(&'static str);

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

/// A family as the `prometheus` crate wants to see it.
struct Exported {
    desc: Desc,
    family: Arc<dyn Collect>,
}

impl Collector for Exported {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        vec![self.family.collect()]
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_list()
            .entries(self.families.iter().map(|family| family.name()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static APPLES: GaugeFamily = crate::gauge!("apples", "Apples.");
    static OTHER_APPLES: CounterFamily<MetricLabels> =
        CounterFamily::counter("apples_total", "Apples.");
    static PEARS: GaugeFamily = crate::gauge!("pears", "Pears.");

    #[test]
    fn refuses_a_second_family_of_the_same_name() {
        let mut registry = Registry::new().unwrap();
        registry.register(Arc::new(&APPLES)).unwrap();
        registry.register(Arc::new(&OTHER_APPLES)).unwrap();
        let refused = registry.register(Arc::new(&APPLES)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the metric `apples` cannot be exported"
        );
    }

    #[test]
    fn refuses_the_names_it_exports_itself() {
        static SERIES: GaugeFamily = crate::gauge!("marty_metric_series", "Mine.");
        assert!(
            Registry::new()
                .unwrap()
                .register(Arc::new(&SERIES))
                .is_err()
        );
    }

    #[test]
    fn exports_a_family_without_labels_before_it_is_written_to() {
        let mut registry = Registry::new().unwrap();
        registry.register(Arc::new(&PEARS)).unwrap();
        assert!(
            registry
                .gather()
                .iter()
                .any(|family| family.name() == "pears")
        );
    }

    #[test]
    fn leaves_families_out_that_have_no_series() {
        let family: CounterFamily<MetricLabels> = CounterFamily::counter("plums_total", "Plums.");
        let family = Arc::new(family);
        let mut registry = Registry::new().unwrap();
        registry
            .register(Arc::clone(&family) as Arc<dyn Collect>)
            .unwrap();
        assert!(
            !registry
                .gather()
                .iter()
                .any(|family| family.name() == "plums_total")
        );
        family.get(&MetricLabels("x")).inc();
        assert!(
            registry
                .gather()
                .iter()
                .any(|family| family.name() == "plums_total")
        );
    }
}
