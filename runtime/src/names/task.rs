//! Metrics of background tasks.

use super::{Kind, Metric, label};

/// Whether tasks run.
pub const MARTY_TASK_UP: Metric = Metric {
    name: "marty_task_up",
    kind: Kind::Gauge,
    help: "Whether the background task runs: 1 or 0.",
    labels: &[label::TASK],
    buckets: &[],
};

/// Restarts of tasks.
pub const MARTY_TASK_RESTARTS: Metric = Metric {
    name: "marty_task_restarts_total",
    kind: Kind::Counter,
    help: "How often the background task was started anew because it had ended.",
    labels: &[label::TASK],
    buckets: &[],
};
