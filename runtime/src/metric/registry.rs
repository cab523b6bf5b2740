//! The registry: every family of one service, and what a scrape reads from it.

use std::{collections::HashMap, fmt, sync::Arc};

use prometheus::{
    core::{Collector, Desc},
    proto::MetricFamily,
};

use super::{Collect, CounterFamily, Exemplars, GaugeFamily, LabelValues, Labels};
use crate::names::{self, Kind};

/// The families of one service.
pub(crate) struct Registry {
    inner: prometheus::Registry,
    families: Vec<Arc<dyn Collect>>,
    /// The names of families and of their samples, and the metric that has each.
    taken: HashMap<String, &'static str>,
}

/// Why a family cannot be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// Another has one of its names already.
    #[error(
        "the metric `{name}` cannot be exported: the name `{taken}` is taken by the metric `{by}`"
    )]
    Taken {
        name: &'static str,
        taken: String,
        by: &'static str,
    },
    /// It is not a metric.
    #[error("the metric `{name}` cannot be exported")]
    Refused {
        name: &'static str,
        source: prometheus::Error,
    },
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
            .map_err(|source| RegisterError::Refused {
                name: "process",
                source,
            })?;
        if let Some(executor) = super::executor::Executor::current() {
            executor
                .and_then(|executor| inner.register(Box::new(executor)))
                .map_err(|source| RegisterError::Refused {
                    name: "tokio",
                    source,
                })?;
        }
        let mut registry = Self {
            inner,
            families: Vec::new(),
            taken: HashMap::new(),
        };
        for metric in names::ALL {
            let of_others = ["process_", "tokio_"]
                .iter()
                .any(|prefix| metric.name.starts_with(prefix));
            if of_others || OF_THE_REGISTRY.contains(&metric.name) {
                registry.take(metric.name, metric.kind)?;
            }
        }
        Ok(registry)
    }

    /// Takes the names that a metric has in either format, all of them or none.
    fn take(&mut self, name: &'static str, kind: Kind) -> Result<(), RegisterError> {
        let names = names_of(name, kind);
        for taken in &names {
            if let Some(by) = self.taken.get(taken) {
                let taken = taken.clone();
                return Err(RegisterError::Taken { name, taken, by });
            }
        }
        self.taken.extend(names.into_iter().map(|own| (own, name)));
        Ok(())
    }

    /// Exports `family` from now on.
    ///
    /// # Errors
    ///
    /// If a family is exported already that has a name in common with it, be it the name of a sample only.
    pub(crate) fn register(&mut self, family: Arc<dyn Collect>) -> Result<(), RegisterError> {
        let name = family.name();
        let refused = |source| RegisterError::Refused { name, source };
        self.take(name, family.kind())?;
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

    /// Every metric with its kind and its labels, whether it has a series or not. One of the runtime's may come twice.
    #[cfg(feature = "testing")]
    pub(crate) fn declared(
        &self,
    ) -> impl Iterator<Item = (&'static str, Kind, &'static [&'static str])> {
        let own = self.families.iter();
        let own = own.map(|family| (family.name(), family.kind(), family.labels()));
        let metrics = names::ALL.iter();
        metrics
            .map(|metric| (metric.name, metric.kind, metric.labels))
            .chain(own)
    }

    /// Every family that has a series, sorted by name.
    pub(crate) fn gather(&self) -> Vec<MetricFamily> {
        let mut families = self.inner.gather();
        families.extend(self.cardinality());
        families.retain(|family| !family.get_metric().is_empty());
        families.sort_by(|one, other| one.name().cmp(other.name()));
        families
    }

    /// What the histograms' measurements refer to.
    pub(crate) fn exemplars(&self) -> Exemplars {
        let mut exemplars = Exemplars::default();
        for family in &self.families {
            exemplars.insert(family.name(), family.exemplars());
        }
        exemplars
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

/// The families that the registry makes itself.
const OF_THE_REGISTRY: [&str; 3] = [
    names::MARTY_METRIC_SERIES.name,
    names::MARTY_METRIC_OVERFLOW.name,
    names::MARTY_LABEL_REJECTIONS.name,
];

/// The names of a metric's family and of every sample it may have, as the section on metric families of OpenMetrics 1.0 counts them.
/// None of them may belong to two: a scraper that asks for OpenMetrics would refuse the whole answer.
fn names_of(name: &str, kind: Kind) -> Vec<String> {
    let (family, samples): (_, &[&str]) = match kind {
        Kind::Counter => (
            name.strip_suffix("_total").unwrap_or(name),
            &["_total", "_created"],
        ),
        Kind::Gauge => (name, &[]),
        Kind::Histogram => (name, &["_bucket", "_count", "_sum", "_created"]),
    };
    let samples = samples.iter().map(|suffix| format!("{family}{suffix}"));
    samples.chain([family.to_owned()]).collect()
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
    use crate::metric::HistogramFamily;

    static APPLES: GaugeFamily = crate::gauge!("apples", "Apples.");
    static APPLES_PICKED: CounterFamily = crate::counter!("apples", "Apples.");
    static PEARS: GaugeFamily = crate::gauge!("pears", "Pears.");
    static WEIGHT: HistogramFamily = crate::histogram!("weight_grams", "Weight.", [100.0]);
    static WEIGHT_SUM: GaugeFamily = crate::gauge!("weight_grams_sum", "Weight.");
    static WEIGHTS: CounterFamily = crate::counter!("weight_grams_count", "Weights.");

    fn register(families: [&'static dyn Collect; 2]) -> Result<(), String> {
        let mut registry = Registry::new().unwrap();
        registry.register(Arc::new(families[0])).unwrap();
        let second = registry.register(Arc::new(families[1]));
        second.map_err(|error| error.to_string())
    }

    #[track_caller]
    fn refuses(families: [&'static dyn Collect; 2], taken: &str) {
        let [first, second] = families.map(Collect::name);
        let expected = format!(
            "the metric `{second}` cannot be exported: the name `{taken}` is taken by the metric `{first}`"
        );
        assert_eq!(register(families), Err(expected));
    }

    #[test]
    fn refuses_a_second_family_with_a_name_of_the_first() {
        refuses([&APPLES, &APPLES], "apples");
        refuses([&APPLES, &APPLES_PICKED], "apples");
        refuses([&APPLES_PICKED, &APPLES], "apples");
        refuses([&WEIGHT, &WEIGHT_SUM], "weight_grams_sum");
        refuses([&WEIGHT_SUM, &WEIGHT], "weight_grams_sum");
        refuses([&WEIGHT, &WEIGHTS], "weight_grams_count");
        assert_eq!(register([&WEIGHT, &APPLES]), Ok(()));
        assert_eq!(register([&WEIGHT_SUM, &WEIGHTS]), Ok(()));
    }

    #[test]
    fn refuses_the_names_it_exports_itself() {
        static SERIES: GaugeFamily = crate::gauge!("marty_metric_series", "Mine.");
        static OVERFLOW: GaugeFamily = crate::gauge!("marty_metric_overflow", "Mine.");
        static CPU: CounterFamily = crate::counter!("process_cpu_seconds", "Mine.");
        let own: [&'static dyn Collect; 3] = [&SERIES, &OVERFLOW, &CPU];
        for family in own {
            let mut registry = Registry::new().unwrap();
            let refused = registry.register(Arc::new(family)).unwrap_err();
            assert!(matches!(refused, RegisterError::Taken { .. }), "{refused}");
        }
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
