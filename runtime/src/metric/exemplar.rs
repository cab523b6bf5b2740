//! Exemplars: for a bucket, one measurement and the trace it was made in.

use std::{collections::HashMap, fmt, time::SystemTime};

/// The span that a measurement was made in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Exemplar {
    trace_id: [u8; 16],
    span_id: [u8; 8],
}

impl Exemplar {
    /// A reference to a span, by the ids of W3C Trace Context.
    #[must_use]
    pub const fn new(trace_id: [u8; 16], span_id: [u8; 8]) -> Self {
        Self { trace_id, span_id }
    }
}

/// The labels that OpenMetrics shows it by.
impl fmt::Display for Exemplar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trace_id = u128::from_be_bytes(self.trace_id);
        let span_id = u64::from_be_bytes(self.span_id);
        write!(
            formatter,
            "{{trace_id=\"{trace_id:032x}\",span_id=\"{span_id:016x}\"}}"
        )
    }
}

impl fmt::Debug for Exemplar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// An exemplar with its measurement.
#[derive(Clone, Debug)]
pub struct Kept {
    pub(super) exemplar: Exemplar,
    pub(super) value: f64,
    pub(super) time: SystemTime,
}

/// The exemplars of one series: one place for each bucket, in order.
pub(crate) type OfSeries = (Vec<String>, Vec<Option<Kept>>);

/// The exemplars of all families, by name and values of labels.
#[derive(Debug, Default)]
pub(crate) struct Exemplars(HashMap<&'static str, HashMap<Vec<String>, Vec<Option<Kept>>>>);

impl Exemplars {
    pub(super) fn insert(&mut self, family: &'static str, series: Vec<OfSeries>) {
        if !series.is_empty() {
            self.0.insert(family, series.into_iter().collect());
        }
    }

    /// Those of a series, by bucket.
    pub(super) fn of<'values>(
        &self,
        family: &str,
        values: impl Iterator<Item = &'values str>,
    ) -> &[Option<Kept>] {
        let Some(of_family) = self.0.get(family) else {
            return &[];
        };
        let values: Vec<String> = values.map(str::to_owned).collect();
        of_family.get(&values).map_or(&[], Vec::as_slice)
    }
}
