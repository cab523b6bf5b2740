//! The families that transactions and operations are counted in. They are the process's, as their declarations are.

use std::sync::Arc;

use super::outcome::End;
use crate::{
    metric::{Collect, Exemplar, GaugeFamily, Histogram, HistogramFamily, LabelValues, Labels},
    names,
};

pub(super) static TRANSACTION_DURATION: HistogramFamily<TransactionEnd> =
    HistogramFamily::histogram(
        names::MARTY_BUSINESS_TRANSACTION_DURATION.name,
        names::MARTY_BUSINESS_TRANSACTION_DURATION.help,
        names::MARTY_BUSINESS_TRANSACTION_DURATION.buckets,
    );

pub(super) static TRANSACTIONS_ACTIVE: GaugeFamily<TransactionName> = GaugeFamily::gauge(
    names::MARTY_BUSINESS_TRANSACTIONS_ACTIVE.name,
    names::MARTY_BUSINESS_TRANSACTIONS_ACTIVE.help,
);

pub(super) static OPERATION_DURATION: HistogramFamily<OperationEnd> = HistogramFamily::histogram(
    names::MARTY_OPERATION_DURATION.name,
    names::MARTY_OPERATION_DURATION.help,
    names::MARTY_OPERATION_DURATION.buckets,
);

/// What a service exports of them.
pub(crate) fn families() -> [Arc<dyn Collect>; 3] {
    [
        Arc::new(&TRANSACTION_DURATION),
        Arc::new(&TRANSACTIONS_ACTIVE),
        Arc::new(&OPERATION_DURATION),
    ]
}

/// Counts how long something took, and where that can be looked at.
pub(super) fn observe(series: &Histogram, seconds: f64, exemplar: Option<Exemplar>) {
    match exemplar {
        None => series.observe(seconds),
        Some(exemplar) => series.observe_with(seconds, exemplar),
    }
}

/// The name of a transaction: out of a declaration in the source.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct TransactionName(pub(super) &'static str);

impl Labels for TransactionName {
    const NAMES: &'static [&'static str] = names::MARTY_BUSINESS_TRANSACTIONS_ACTIVE.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.0);
    }
}

/// A transaction and how it ended.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct TransactionEnd(pub(super) &'static str, pub(super) End);

impl Labels for TransactionEnd {
    const NAMES: &'static [&'static str] = names::MARTY_BUSINESS_TRANSACTION_DURATION.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.0);
        self.1.write(values);
    }
}

/// An operation and how it ended.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct OperationEnd(pub(super) &'static str, pub(super) End);

impl Labels for OperationEnd {
    const NAMES: &'static [&'static str] = names::MARTY_OPERATION_DURATION.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.0);
        self.1.write(values);
    }
}
