//! A family: all series of one metric, keyed by their typed labels.
//!
//! The key is the label value itself, never a hash or a concatenation of texts: `("ab", "c")` and `("a", "bc")` stay apart.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    hash::{BuildHasherDefault, DefaultHasher},
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use prometheus::proto;

use super::{
    Counter, Gauge, Histogram, LabelValues, Labels,
    exemplar::{Kept, OfSeries},
    guard::Reason,
    name,
    open::Admitted,
};
use crate::names::{Kind, Metric};

/// How many series a family keeps before further labels share one.
pub const SERIES_LIMIT: usize = 1000;

/// Up to how many series a family of counters begins before they are first written to. Prometheus sees no increase in a
/// counter that first appears with 1.
const KNOWN_LIMIT: usize = 100;

/// The value every label of the shared series has once a family is full.
pub const OVERFLOW: &str = "_overflow";

/// What a series is written with. Its implementors are [`Counter`], [`Gauge`] and [`Histogram`].
pub trait Instrument: Clone + Send + Sync + 'static {
    /// What a new series has to be told.
    type Options: Copy + Send + Sync + 'static;

    /// What kind of metric it is.
    const KIND: Kind;

    /// Begins a series.
    fn create(options: Self::Options) -> Self;

    /// Reads the value, without labels.
    fn sample(&self) -> proto::Metric;

    /// The exemplar of each bucket, for an instrument that has buckets.
    #[doc(hidden)]
    fn exemplars(&self) -> Vec<Option<Kept>> {
        Vec::new()
    }
}

/// All series of one metric. Declared as a `static` with [`counter!`](crate::counter), [`gauge!`](crate::gauge)
/// or [`histogram!`](crate::histogram), and exported once the service was told of it.
pub struct Family<L: Labels, I: Instrument> {
    name: &'static str,
    help: &'static str,
    options: I::Options,
    series: RwLock<Table<L, I>>,
    overflowed: AtomicU64,
}

/// A family of counters.
pub type CounterFamily<L = ()> = Family<L, Counter>;

/// A family of gauges.
pub type GaugeFamily<L = ()> = Family<L, Gauge>;

/// A family of histograms.
pub type HistogramFamily<L = ()> = Family<L, Histogram>;

/// The series in the order in which they began, and where each label is among them.
struct Table<L, I> {
    places: HashMap<L, usize, BuildHasherDefault<DefaultHasher>>,
    rows: Vec<Row<I>>,
    overflow: Option<Row<I>>,
    admitted: Admitted,
}

struct Row<I> {
    values: Vec<Cow<'static, str>>,
    instrument: I,
}

impl<L: Labels> Family<L, Counter> {
    /// Declares a family of counters; [`counter!`](crate::counter) is the short form.
    ///
    /// # Panics
    ///
    /// While compiling, when `name` or a label's name is not one that may be exported, or `name` does not end in `_total`.
    #[must_use]
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        assert!(
            name::ends_in(name, "_total"),
            "a counter's name ends in `_total`"
        );
        Self::declare(name, help, ())
    }
}

impl<L: Labels> Family<L, Gauge> {
    /// Declares a family of gauges; [`gauge!`](crate::gauge) is the short form.
    ///
    /// # Panics
    ///
    /// While compiling, when `name` or a label's name is not one that may be exported.
    #[must_use]
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::declare(name, help, ())
    }

    /// A family of a metric that the runtime exports.
    pub(crate) const fn of(metric: &Metric) -> Self {
        Self::gauge(metric.name, metric.help)
    }
}

impl<L: Labels> Family<L, Histogram> {
    /// Declares a family of histograms; [`histogram!`](crate::histogram) is the short form.
    ///
    /// # Panics
    ///
    /// While compiling, when `name` or a label's name is not one that may be exported, or `buckets` do not ascend.
    #[must_use]
    pub const fn histogram(
        name: &'static str,
        help: &'static str,
        buckets: &'static [f64],
    ) -> Self {
        assert!(name::ascend(buckets), "bucket bounds are finite and ascend");
        Self::declare(name, help, buckets)
    }

    /// A family of a metric that the runtime exports.
    #[cfg(any(feature = "grpc", feature = "http"))]
    pub(crate) const fn of(metric: &Metric) -> Self {
        Self::histogram(metric.name, metric.help, metric.buckets)
    }
}

impl<L: Labels, I: Instrument> Family<L, I> {
    const fn declare(name: &'static str, help: &'static str, options: I::Options) -> Self {
        assert!(
            name::is_valid(name),
            "a metric's name is `[a-z_][a-z0-9_]*`"
        );
        assert!(
            name::are_valid_labels(L::NAMES),
            "a label's name is `[a-z_][a-z0-9_]*`, and neither `le`, `quantile` nor `__…`"
        );
        if let Some(series) = L::CLOSED {
            assert!(
                series <= SERIES_LIMIT,
                "these labels make more than 1000 series: take some away, or values of them"
            );
        }
        assert!(
            name::are_closed_labels(L::NAMES, L::ALLOWED),
            "a label names no person, contact, account, credential, token, free text, raw path or URL: \
             its values would be somebody's, or without number"
        );
        let table = Table {
            places: HashMap::with_hasher(BuildHasherDefault::new()),
            rows: Vec::new(),
            overflow: None,
            admitted: Admitted::new(),
        };
        Self {
            name,
            help,
            options,
            series: RwLock::new(table),
            overflowed: AtomicU64::new(0),
        }
    }

    /// The exported name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What the metric means.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        self.help
    }

    /// The series of `labels`, which begins if there is none. Keep the handle where the labels are known beforehand:
    /// writing through it looks nothing up.
    #[must_use]
    pub fn get(&self, labels: &L) -> I {
        self.with(labels, I::clone)
    }

    /// Writes to the series of `labels` without making a handle. `write` must not ask this family for another series: it may wait
    /// for itself.
    pub fn with<T>(&self, labels: &L, write: impl FnOnce(&I) -> T) -> T {
        let table = self.series.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(instrument) = table.find(labels) {
            return write(instrument);
        }
        drop(table);
        write(&self.begin(labels))
    }

    fn begin(&self, labels: &L) -> I {
        let mut table = self.series.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(begun_meanwhile) = table.find(labels) {
            return begun_meanwhile.clone();
        }
        let mut shown = labels.clone();
        shown.admit(&mut table.admitted.admission(L::NAMES.len()));
        if let Some(begun_before) = table.find(&shown) {
            return begun_before.clone();
        }
        if table.rows.len() >= SERIES_LIMIT {
            self.overflowed.fetch_add(1, Ordering::Relaxed);
            let values = || vec![Cow::Borrowed(OVERFLOW); L::NAMES.len()];
            let row = table.overflow.get_or_insert_with(|| Row {
                values: values(),
                instrument: I::create(self.options),
            });
            return row.instrument.clone();
        }
        let place = table.rows.len();
        let instrument = I::create(self.options);
        table.places.insert(shown.clone(), place);
        table.rows.push(Row {
            values: LabelValues::of(&shown),
            instrument: instrument.clone(),
        });
        instrument
    }
}

impl<L: Labels, I: Instrument> Table<L, I> {
    fn find(&self, labels: &L) -> Option<&I> {
        self.places
            .get(labels)
            .and_then(|place| self.rows.get(*place))
            .map(|row| &row.instrument)
    }
}

impl<L: Labels, I: Instrument> fmt::Debug for Family<L, I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Family")
            .field("name", &self.name)
            .field("labels", &L::NAMES)
            .finish_non_exhaustive()
    }
}

/// A family whose labels and instrument are forgotten: what the registry needs.
pub(crate) trait Collect: Send + Sync {
    fn name(&self) -> &'static str;
    fn help(&self) -> &'static str;
    fn kind(&self) -> Kind;
    fn labels(&self) -> &'static [&'static str];
    /// How many series there are, with the overflow series.
    fn series(&self) -> usize;
    /// How often labels were asked for that found the family full.
    fn overflowed(&self) -> u64;
    /// How often a label value was not shown, by reason; nothing where every value is known.
    fn rejections(&self) -> Vec<(Reason, u64)>;
    /// Begins every series that is known beforehand, if there are few.
    fn begin_known(&self);
    fn collect(&self) -> proto::MetricFamily;
    /// The exemplars of the series that have any.
    fn exemplars(&self) -> Vec<OfSeries>;
}

impl<L: Labels, I: Instrument> Collect for Family<L, I> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn help(&self) -> &'static str {
        self.help
    }

    fn kind(&self) -> Kind {
        I::KIND
    }

    fn labels(&self) -> &'static [&'static str] {
        L::NAMES
    }

    fn series(&self) -> usize {
        let table = self.series.read().unwrap_or_else(PoisonError::into_inner);
        table.rows.len() + usize::from(table.overflow.is_some())
    }

    fn overflowed(&self) -> u64 {
        self.overflowed.load(Ordering::Relaxed)
    }

    fn rejections(&self) -> Vec<(Reason, u64)> {
        if !L::GUARDED {
            return Vec::new();
        }
        let table = self.series.read().unwrap_or_else(PoisonError::into_inner);
        table.admitted.rejections().collect()
    }

    fn begin_known(&self) {
        let begins =
            I::KIND == Kind::Counter && L::CLOSED.is_some_and(|series| series <= KNOWN_LIMIT);
        if begins {
            for labels in L::every() {
                let _ = self.get(&labels);
            }
        }
    }

    fn collect(&self) -> proto::MetricFamily {
        let table = self.series.read().unwrap_or_else(PoisonError::into_inner);
        let rows = table.rows.iter().chain(&table.overflow);
        let mut metrics: Vec<_> = rows.map(|row| labelled(row, L::NAMES)).collect();
        // Without labels there is one series, known beforehand: it is there before it is first written to.
        if L::NAMES.is_empty() && metrics.is_empty() {
            metrics.push(I::create(self.options).sample());
        }
        let mut family = proto::MetricFamily::default();
        family.set_name(self.name.to_owned());
        family.set_help(self.help.to_owned());
        family.set_field_type(match I::KIND {
            Kind::Counter => proto::MetricType::COUNTER,
            Kind::Gauge => proto::MetricType::GAUGE,
            Kind::Histogram => proto::MetricType::HISTOGRAM,
        });
        family.set_metric(metrics);
        family
    }

    fn exemplars(&self) -> Vec<OfSeries> {
        let table = self.series.read().unwrap_or_else(PoisonError::into_inner);
        let rows = table.rows.iter().chain(&table.overflow);
        rows.filter_map(exemplars_of).collect()
    }
}

fn exemplars_of<I: Instrument>(row: &Row<I>) -> Option<OfSeries> {
    let exemplars = row.instrument.exemplars();
    let any = exemplars.iter().any(Option::is_some);
    any.then(|| {
        let values = row.values.iter().map(ToString::to_string);
        (values.collect(), exemplars)
    })
}

fn labelled<I: Instrument>(row: &Row<I>, names: &[&str]) -> proto::Metric {
    let pairs = names.iter().zip(&row.values).map(|(name, value)| {
        let mut pair = proto::LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value(value.clone().into_owned());
        pair
    });
    let mut metric = row.instrument.sample();
    metric.set_label(pairs.collect());
    metric
}

impl<C: Collect + ?Sized> Collect for &'static C {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn help(&self) -> &'static str {
        (**self).help()
    }

    fn kind(&self) -> Kind {
        (**self).kind()
    }

    fn labels(&self) -> &'static [&'static str] {
        (**self).labels()
    }

    fn series(&self) -> usize {
        (**self).series()
    }

    fn overflowed(&self) -> u64 {
        (**self).overflowed()
    }

    fn rejections(&self) -> Vec<(Reason, u64)> {
        (**self).rejections()
    }

    fn begin_known(&self) {
        (**self).begin_known();
    }

    fn collect(&self) -> proto::MetricFamily {
        (**self).collect()
    }

    fn exemplars(&self) -> Vec<OfSeries> {
        (**self).exemplars()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Open;

    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Pair(&'static str, &'static str);

    impl Labels for Pair {
        const NAMES: &'static [&'static str] = &["first", "second"];

        fn values(&self, values: &mut LabelValues) {
            values.push(self.0);
            values.push(self.1);
        }
    }

    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Number(usize);

    impl Labels for Number {
        const NAMES: &'static [&'static str] = &["number"];

        fn values(&self, values: &mut LabelValues) {
            values.push(self.0.to_string());
        }
    }

    #[test]
    fn keeps_labels_apart_whose_values_concatenate_alike() {
        let family: CounterFamily<Pair> = crate::counter!("pairs", "Pairs.");
        family.get(&Pair("ab", "c")).inc();
        family.get(&Pair("a", "bc")).add(10);
        assert_eq!(family.get(&Pair("ab", "c")).value(), 1);
        assert_eq!(family.get(&Pair("a", "bc")).value(), 10);
        assert_eq!(family.collect().get_metric().len(), 2);
    }

    #[test]
    fn gives_every_handle_of_a_series_the_same_value() {
        let family: GaugeFamily<Pair> = crate::gauge!("pairs", "Pairs.");
        let handle = family.get(&Pair("a", "b"));
        family.with(&Pair("a", "b"), Gauge::inc);
        assert!((handle.value() - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn shares_one_series_once_it_is_full() {
        let family: CounterFamily<Number> = crate::counter!("numbers", "Numbers.");
        for number in 0..SERIES_LIMIT + 5 {
            family.get(&Number(number)).inc();
        }
        assert_eq!(family.series(), SERIES_LIMIT + 1);
        assert_eq!(family.overflowed(), 5);
        let collected = family.collect();
        let last = collected.get_metric().last().unwrap();
        assert_eq!(last.get_label().first().unwrap().value(), OVERFLOW);
        assert!((last.get_counter().get_value() - 5.0).abs() < f64::EPSILON);
    }

    #[derive(Clone, Debug, PartialEq, Eq, Hash, crate::metric::Labels)]
    struct Sale {
        plan: Open<2>,
        paid: bool,
    }

    #[derive(Clone, Debug, PartialEq, Eq, Hash, crate::metric::Labels)]
    struct Paid {
        paid: bool,
    }

    fn sale(plan: &str) -> Sale {
        Sale {
            plan: Open::new(plan),
            paid: true,
        }
    }

    #[test]
    fn shows_as_many_values_of_an_open_label_as_it_may() {
        let family: CounterFamily<Sale> = crate::counter!("sales", "Sales.");
        for plan in ["a", "b", "c", "d", "a", "c", "ada@example.com"] {
            family.get(&sale(plan)).inc();
        }
        assert_eq!(family.get(&sale("a")).value(), 2);
        assert_eq!(family.get(&sale("d")).value(), 3);
        assert_eq!(family.series(), 4);
        let of = |wanted| {
            let mut rejections = family.rejections().into_iter();
            rejections.find_map(|(reason, count)| (reason == wanted).then_some(count))
        };
        // Every look-up of a value that is not shown counts.
        assert_eq!(of(Reason::Limit), Some(4));
        assert_eq!(of(Reason::Contact), Some(1));
    }

    #[test]
    fn begins_the_counters_that_are_known_beforehand() {
        let known: CounterFamily<Paid> = crate::counter!("known", "Known.");
        known.begin_known();
        assert_eq!(known.series(), 2);
        let open: CounterFamily<Sale> = crate::counter!("open", "Open.");
        open.begin_known();
        assert_eq!(open.series(), 0);
        let gauge: GaugeFamily<Paid> = crate::gauge!("gauge", "Gauge.");
        gauge.begin_known();
        assert_eq!(gauge.series(), 0);
    }

    #[test]
    fn begins_a_series_once_when_threads_ask_at_once() {
        let family: CounterFamily<Number> = crate::counter!("numbers", "Numbers.");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..100).for_each(|number| family.get(&Number(number)).inc()));
            }
        });
        assert_eq!(family.series(), 100);
        assert!((0..100).all(|number| family.get(&Number(number)).value() == 4));
    }

    #[test]
    fn counts_every_write_when_threads_fill_it_at_once() {
        let family: CounterFamily<Number> = crate::counter!("numbers", "Numbers.");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    (0..SERIES_LIMIT + 100).for_each(|number| family.get(&Number(number)).inc());
                });
            }
        });
        assert_eq!(family.series(), SERIES_LIMIT + 1);
        assert_eq!(family.overflowed(), 400);
        let table = family.series.read().unwrap();
        let rows = table.rows.iter().chain(&table.overflow);
        let written: u64 = rows.map(|row| row.instrument.value()).sum();
        assert_eq!(written, 4 * (SERIES_LIMIT as u64 + 100));
    }
}
