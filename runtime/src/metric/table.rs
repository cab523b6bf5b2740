//! The series of a family.

use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{BuildHasherDefault, DefaultHasher},
};

use prometheus::proto;

use super::{
    Instrument, LabelValues, Labels, admission::Admitted, exemplar::OfSeries, guard::Reason,
};

/// How many series a family keeps before further labels share one.
pub const SERIES_LIMIT: usize = 1000;

/// The value every label of the shared series has once a family is full.
pub const OVERFLOW: &str = "_overflow";

/// The series in the order in which they began, and where each label is among them.
pub(super) struct Table<L, I> {
    places: HashMap<L, usize, BuildHasherDefault<DefaultHasher>>,
    rows: Vec<Row<I>>,
    overflow: Option<Row<I>>,
    overflowed: u64,
    admitted: Admitted,
}

struct Row<I> {
    values: Vec<Cow<'static, str>>,
    instrument: I,
}

impl<L: Labels, I: Instrument> Table<L, I> {
    pub(super) const fn new() -> Self {
        Self {
            places: HashMap::with_hasher(BuildHasherDefault::new()),
            rows: Vec::new(),
            overflow: None,
            overflowed: 0,
            admitted: Admitted::new(),
        }
    }

    /// The series of `labels`, if it has begun.
    pub(super) fn find(&self, labels: &L) -> Option<&I> {
        self.places
            .get(labels)
            .and_then(|place| self.rows.get(*place))
            .map(|row| &row.instrument)
    }

    /// Begins the series of `labels`, unless what is shown of them has one, or there is room for none.
    pub(super) fn begin(&mut self, labels: &L, options: I::Options) -> I {
        let mut shown = labels.clone();
        shown.admit(&mut self.admitted.admission(L::NAMES.len()));
        if let Some(begun_before) = self.find(&shown) {
            return begun_before.clone();
        }
        if self.rows.len() >= SERIES_LIMIT {
            return self.overflow(options);
        }
        let instrument = I::create(options);
        let values = LabelValues::of(&shown);
        self.places.insert(shown, self.rows.len());
        self.rows.push(Row {
            values,
            instrument: instrument.clone(),
        });
        instrument
    }

    fn overflow(&mut self, options: I::Options) -> I {
        self.overflowed += 1;
        let row = self.overflow.get_or_insert_with(|| Row {
            values: vec![Cow::Borrowed(OVERFLOW); L::NAMES.len()],
            instrument: I::create(options),
        });
        row.instrument.clone()
    }

    /// How many series there are, with the shared one.
    pub(super) fn len(&self) -> usize {
        self.rows.len() + usize::from(self.overflow.is_some())
    }

    /// How often labels found the family full.
    pub(super) const fn overflowed(&self) -> u64 {
        self.overflowed
    }

    /// How many values were not shown, by reason.
    pub(super) fn rejections(&self) -> impl Iterator<Item = (Reason, u64)> {
        self.admitted.rejections()
    }

    /// The value of every series, with its labels.
    pub(super) fn samples(&self) -> Vec<proto::Metric> {
        self.rows().map(|row| labelled(row, L::NAMES)).collect()
    }

    /// The exemplars of the series that have any.
    pub(super) fn exemplars(&self) -> Vec<OfSeries> {
        self.rows().filter_map(exemplars_of).collect()
    }

    fn rows(&self) -> impl Iterator<Item = &Row<I>> {
        self.rows.iter().chain(&self.overflow)
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
