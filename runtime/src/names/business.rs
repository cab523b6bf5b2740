//! Metrics of what the service does for its users.

use super::{Kind, Metric, label};
use crate::metric::bucket;

/// Business transactions by how they ended; the count is their volume.
pub const MARTY_BUSINESS_TRANSACTION_DURATION: Metric = Metric {
    name: "marty_business_transaction_duration_seconds",
    kind: Kind::Histogram,
    help: "Time from a business transaction's begin to its end, in seconds.",
    labels: &[label::TRANSACTION, label::OUTCOME, label::ERROR_TYPE],
    buckets: &bucket::TRANSACTION,
};

/// Business transactions under way.
pub const MARTY_BUSINESS_TRANSACTIONS_ACTIVE: Metric = Metric {
    name: "marty_business_transactions_active",
    kind: Kind::Gauge,
    help: "Business transactions that have begun and not ended.",
    labels: &[label::TRANSACTION],
    buckets: &[],
};

/// Operations by how they ended.
pub const MARTY_OPERATION_DURATION: Metric = Metric {
    name: "marty_operation_duration_seconds",
    kind: Kind::Histogram,
    help: "Time an operation took, in seconds.",
    labels: &[label::OPERATION, label::OUTCOME, label::ERROR_TYPE],
    buckets: &bucket::FAST,
};
