//! The families of databases. Those of waiters and operations are the process's, as their declarations are; the rest is asked of
//! the pools.

use std::sync::Arc;

use super::Pool;
use crate::{
    metric::{Collect, CounterFamily, GaugeFamily, HistogramFamily, LabelValues, Labels, Sampled},
    names,
};

pub(super) static OPERATION_DURATION: HistogramFamily<OperationEnd> = HistogramFamily::histogram(
    names::DB_CLIENT_OPERATION_DURATION.name,
    names::DB_CLIENT_OPERATION_DURATION.help,
    names::DB_CLIENT_OPERATION_DURATION.buckets,
);

pub(super) static PENDING_REQUESTS: GaugeFamily<PoolName> = GaugeFamily::gauge(
    names::DB_CLIENT_CONNECTION_PENDING_REQUESTS.name,
    names::DB_CLIENT_CONNECTION_PENDING_REQUESTS.help,
);

pub(super) static TIMEOUTS: CounterFamily<PoolName> = CounterFamily::counter(
    names::DB_CLIENT_CONNECTION_TIMEOUTS.name,
    names::DB_CLIENT_CONNECTION_TIMEOUTS.help,
);

pub(super) static WAIT_TIME: HistogramFamily<PoolName> = HistogramFamily::histogram(
    names::DB_CLIENT_CONNECTION_WAIT_TIME.name,
    names::DB_CLIENT_CONNECTION_WAIT_TIME.help,
    names::DB_CLIENT_CONNECTION_WAIT_TIME.buckets,
);

/// What a service with these pools exports; nothing without one.
pub(crate) fn families(pools: &[Arc<dyn Pool>]) -> Vec<Arc<dyn Collect>> {
    if pools.is_empty() {
        return Vec::new();
    }
    for pool in pools {
        let pool = PoolName(pool.name());
        // The series of a pool are there from the start, not from the first time somebody waits.
        let _ = (PENDING_REQUESTS.get(&pool), TIMEOUTS.get(&pool));
        let _ = WAIT_TIME.get(&pool);
    }
    let counted = pools.to_vec();
    let count = Sampled::new(&names::DB_CLIENT_CONNECTION_COUNT, move |family| {
        for pool in &counted {
            let connections = pool.connections();
            for (state, count) in [("idle", connections.idle), ("used", connections.used)] {
                let labels = PoolState(pool.name(), state);
                family.get(&labels).set(f64::from(count));
            }
        }
    });
    let bounded = pools.to_vec();
    let max = Sampled::new(&names::DB_CLIENT_CONNECTION_MAX, move |family| {
        for pool in &bounded {
            let max = f64::from(pool.connections().max);
            family.get(&PoolName(pool.name())).set(max);
        }
    });
    vec![
        Arc::new(&OPERATION_DURATION),
        Arc::new(count),
        Arc::new(max),
        Arc::new(&PENDING_REQUESTS),
        Arc::new(&TIMEOUTS),
        Arc::new(&WAIT_TIME),
    ]
}

/// The name of a pool: out of a declaration in the source.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct PoolName(pub(super) &'static str);

impl Labels for PoolName {
    const NAMES: &'static [&'static str] = names::DB_CLIENT_CONNECTION_MAX.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.0);
    }
}

/// A pool and the state of a connection.
#[derive(Clone, PartialEq, Eq, Hash)]
struct PoolState(&'static str, &'static str);

impl Labels for PoolState {
    const NAMES: &'static [&'static str] = names::DB_CLIENT_CONNECTION_COUNT.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.0);
        values.push(self.1);
    }
}

/// An operation of a kind of database, and the class of its error, which is empty where there was none.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct OperationEnd {
    pub(super) system: &'static str,
    pub(super) operation: &'static str,
    pub(super) error_type: &'static str,
}

impl Labels for OperationEnd {
    const NAMES: &'static [&'static str] = names::DB_CLIENT_OPERATION_DURATION.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.system);
        values.push(self.operation);
        values.push(self.error_type);
    }
}
