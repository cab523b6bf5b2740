//! Metrics of databases: pools of connections, and what is asked of a database.

use super::{Kind, Metric, label};
use crate::metric::bucket;

/// How long databases took.
pub const DB_CLIENT_OPERATION_DURATION: Metric = Metric {
    name: "db_client_operation_duration_seconds",
    kind: Kind::Histogram,
    help: "Time an operation of the database took, in seconds.",
    labels: &[
        label::DB_SYSTEM_NAME,
        label::DB_OPERATION_NAME,
        label::ERROR_TYPE,
    ],
    buckets: &bucket::DATABASE,
};

/// Connections of each pool.
pub const DB_CLIENT_CONNECTION_COUNT: Metric = Metric {
    name: "db_client_connection_count",
    kind: Kind::Gauge,
    help: "Connections of the pool, by whether they are idle or used.",
    labels: &[
        label::DB_CLIENT_CONNECTION_POOL_NAME,
        label::DB_CLIENT_CONNECTION_STATE,
    ],
    buckets: &[],
};

/// The limit of each pool.
pub const DB_CLIENT_CONNECTION_MAX: Metric = Metric {
    name: "db_client_connection_max",
    kind: Kind::Gauge,
    help: "Connections the pool may have open.",
    labels: &[label::DB_CLIENT_CONNECTION_POOL_NAME],
    buckets: &[],
};

/// Who waits for a connection.
pub const DB_CLIENT_CONNECTION_PENDING_REQUESTS: Metric = Metric {
    name: "db_client_connection_pending_requests",
    kind: Kind::Gauge,
    help: "Requests that wait for a connection of the pool.",
    labels: &[label::DB_CLIENT_CONNECTION_POOL_NAME],
    buckets: &[],
};

/// Who waited in vain.
pub const DB_CLIENT_CONNECTION_TIMEOUTS: Metric = Metric {
    name: "db_client_connection_timeouts_total",
    kind: Kind::Counter,
    help: "Requests that got no connection of the pool in time.",
    labels: &[label::DB_CLIENT_CONNECTION_POOL_NAME],
    buckets: &[],
};

/// How long connections were waited for.
pub const DB_CLIENT_CONNECTION_WAIT_TIME: Metric = Metric {
    name: "db_client_connection_wait_time_seconds",
    kind: Kind::Histogram,
    help: "Time until a connection of the pool was there, in seconds.",
    labels: &[label::DB_CLIENT_CONNECTION_POOL_NAME],
    buckets: &bucket::DATABASE,
};
