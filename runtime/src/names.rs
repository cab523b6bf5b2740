//! Every name the runtime exports: metrics, labels, paths. Written once, here, and read by code, dashboards' checks and tests.
//!
//! It holds constants only, and in a form that a reader of the source understands without running it.
//! It must not name a metric that the runtime does not export.

use crate::metric::bucket;

/// A metric that the runtime exports.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Metric {
    /// The name in a scrape.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What it means.
    pub help: &'static str,
    /// Its labels, in order.
    pub labels: &'static [&'static str],
    /// The bounds of a histogram's buckets; empty for the other kinds.
    pub buckets: &'static [f64],
}

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It counts measurements by size.
    Histogram,
}

/// Names of labels.
pub mod label {
    /// The request's method, `_OTHER` for one that HTTP does not define.
    pub const HTTP_REQUEST_METHOD: &str = "http_request_method";
    /// The template of the route that answered, `unmatched` for none.
    pub const HTTP_ROUTE: &str = "http_route";
    /// The status of the answer, 499 when the client left before it.
    pub const HTTP_RESPONSE_STATUS_CODE: &str = "http_response_status_code";
    /// The service's name.
    pub const SERVICE_NAME: &str = "service_name";
    /// The service's version.
    pub const SERVICE_VERSION: &str = "service_version";
    /// What tells this process from the service's others.
    pub const SERVICE_INSTANCE_ID: &str = "service_instance_id";
    /// Where the service runs, such as `production`.
    pub const DEPLOYMENT_ENVIRONMENT_NAME: &str = "deployment_environment_name";
    /// The version of what was built.
    pub const VERSION: &str = "version";
    /// The revision it was built from.
    pub const REVISION: &str = "revision";
    /// The compiler it was built with.
    pub const RUSTC: &str = "rustc";
    /// The version of this crate.
    pub const RUNTIME_VERSION: &str = "runtime_version";
    /// The name of a business transaction.
    pub const TRANSACTION: &str = "transaction";
    /// The name of an operation.
    pub const OPERATION: &str = "operation";
    /// How something ended.
    pub const OUTCOME: &str = "outcome";
    /// The class of an error, absent where there was none.
    pub const ERROR_TYPE: &str = "error_type";
    /// The number of a worker thread, from 0.
    pub const WORKER: &str = "worker";
    /// The name of a readiness check.
    pub const CHECK: &str = "check";
    /// The level of a log event.
    pub const LEVEL: &str = "level";
    /// The name of a metric.
    pub const METRIC: &str = "metric";
    /// Why something was not done as asked.
    pub const REASON: &str = "reason";
}

/// Values of labels that stand for no value of their own.
pub mod value {
    /// The method of a request whose method HTTP does not define.
    pub const OTHER_METHOD: &str = "_OTHER";
    /// The route of a request that no route matched.
    pub const UNMATCHED_ROUTE: &str = "unmatched";
}

/// How long requests took, from their head to the end of the answer.
pub const HTTP_SERVER_REQUEST_DURATION: Metric = Metric {
    name: "http_server_request_duration_seconds",
    kind: Kind::Histogram,
    help: "Time from a request's head to the end of its answer, in seconds.",
    labels: &[
        label::HTTP_REQUEST_METHOD,
        label::HTTP_ROUTE,
        label::HTTP_RESPONSE_STATUS_CODE,
    ],
    buckets: &bucket::LATENCY,
};

/// Requests being answered now.
pub const HTTP_SERVER_ACTIVE_REQUESTS: Metric = Metric {
    name: "http_server_active_requests",
    kind: Kind::Gauge,
    help: "Requests that are being answered now.",
    labels: &[label::HTTP_REQUEST_METHOD],
    buckets: &[],
};

/// Bytes of request bodies.
pub const HTTP_SERVER_REQUEST_BODY_SIZE: Metric = Metric {
    name: "http_server_request_body_size_bytes",
    kind: Kind::Histogram,
    help: "Bytes of request bodies: as announced, or as read when their length was not announced.",
    labels: &[label::HTTP_REQUEST_METHOD, label::HTTP_ROUTE],
    buckets: &bucket::BYTES,
};

/// Bytes of response bodies.
pub const HTTP_SERVER_RESPONSE_BODY_SIZE: Metric = Metric {
    name: "http_server_response_body_size_bytes",
    kind: Kind::Histogram,
    help: "Bytes of response bodies, as far as they were written.",
    labels: &[label::HTTP_REQUEST_METHOD, label::HTTP_ROUTE],
    buckets: &bucket::BYTES,
};

/// Who exports this.
pub const TARGET_INFO: Metric = Metric {
    name: "target_info",
    kind: Kind::Gauge,
    help: "The service, its version, its instance and its environment; always 1.",
    labels: &[
        label::SERVICE_NAME,
        label::SERVICE_VERSION,
        label::SERVICE_INSTANCE_ID,
        label::DEPLOYMENT_ENVIRONMENT_NAME,
    ],
    buckets: &[],
};

/// What was built.
pub const MARTY_BUILD_INFO: Metric = Metric {
    name: "marty_build_info",
    kind: Kind::Gauge,
    help: "The build's version, revision, compiler and runtime; always 1.",
    labels: &[
        label::VERSION,
        label::REVISION,
        label::RUSTC,
        label::RUNTIME_VERSION,
    ],
    buckets: &[],
};

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

/// Processor time used.
pub const PROCESS_CPU_SECONDS: Metric = Metric {
    name: "process_cpu_seconds_total",
    kind: Kind::Counter,
    help: "Processor time used by the process, in seconds.",
    labels: &[],
    buckets: &[],
};

/// Open file descriptors.
pub const PROCESS_OPEN_FDS: Metric = Metric {
    name: "process_open_fds",
    kind: Kind::Gauge,
    help: "File descriptors the process has open.",
    labels: &[],
    buckets: &[],
};

/// The limit of open file descriptors.
pub const PROCESS_MAX_FDS: Metric = Metric {
    name: "process_max_fds",
    kind: Kind::Gauge,
    help: "File descriptors the process may have open.",
    labels: &[],
    buckets: &[],
};

/// Address space.
pub const PROCESS_VIRTUAL_MEMORY: Metric = Metric {
    name: "process_virtual_memory_bytes",
    kind: Kind::Gauge,
    help: "Address space of the process, in bytes.",
    labels: &[],
    buckets: &[],
};

/// Memory in use.
pub const PROCESS_RESIDENT_MEMORY: Metric = Metric {
    name: "process_resident_memory_bytes",
    kind: Kind::Gauge,
    help: "Memory the process holds, in bytes.",
    labels: &[],
    buckets: &[],
};

/// When the process began.
pub const PROCESS_START_TIME: Metric = Metric {
    name: "process_start_time_seconds",
    kind: Kind::Gauge,
    help: "When the process began, in seconds since 1970.",
    labels: &[],
    buckets: &[],
};

/// Threads.
pub const PROCESS_THREADS: Metric = Metric {
    name: "process_threads",
    kind: Kind::Gauge,
    help: "Threads of the process.",
    labels: &[],
    buckets: &[],
};

/// Worker threads of the executor.
pub const TOKIO_WORKERS: Metric = Metric {
    name: "tokio_workers",
    kind: Kind::Gauge,
    help: "Worker threads of the executor.",
    labels: &[],
    buckets: &[],
};

/// Tasks of the executor.
pub const TOKIO_ALIVE_TASKS: Metric = Metric {
    name: "tokio_alive_tasks",
    kind: Kind::Gauge,
    help: "Tasks that were spawned and have not ended.",
    labels: &[],
    buckets: &[],
};

/// Tasks that wait for a worker.
pub const TOKIO_GLOBAL_QUEUE_DEPTH: Metric = Metric {
    name: "tokio_global_queue_depth",
    kind: Kind::Gauge,
    help: "Tasks that wait in the queue that all workers share.",
    labels: &[],
    buckets: &[],
};

/// Time workers were busy.
pub const TOKIO_WORKER_BUSY_SECONDS: Metric = Metric {
    name: "tokio_worker_busy_seconds_total",
    kind: Kind::Counter,
    help: "Time the worker was busy, in seconds.",
    labels: &[label::WORKER],
    buckets: &[],
};

/// The readiness checks.
pub const MARTY_HEALTH_CHECK_UP: Metric = Metric {
    name: "marty_health_check_up",
    kind: Kind::Gauge,
    help: "Whether the readiness check passed when it last ran: 1 or 0.",
    labels: &[label::CHECK],
    buckets: &[],
};

/// Log events.
pub const MARTY_LOG_EVENTS: Metric = Metric {
    name: "marty_log_events_total",
    kind: Kind::Counter,
    help: "Events written to the log.",
    labels: &[label::LEVEL],
    buckets: &[],
};

/// Log events that were lost.
pub const MARTY_LOG_EVENTS_DROPPED: Metric = Metric {
    name: "marty_log_events_dropped_total",
    kind: Kind::Counter,
    help: "Events that did not get into the log, because it could not be written or was read too slowly.",
    labels: &[],
    buckets: &[],
};

/// Panics.
pub const MARTY_PANICS: Metric = Metric {
    name: "marty_panics_total",
    kind: Kind::Counter,
    help: "Panics in request handlers, readiness checks and whatever else runs in the service's process.",
    labels: &[],
    buckets: &[],
};

/// Series of each family.
pub const MARTY_METRIC_SERIES: Metric = Metric {
    name: "marty_metric_series",
    kind: Kind::Gauge,
    help: "Series of the metric.",
    labels: &[label::METRIC],
    buckets: &[],
};

/// Families that were full.
pub const MARTY_METRIC_OVERFLOW: Metric = Metric {
    name: "marty_metric_overflow_total",
    kind: Kind::Counter,
    help: "Labels that found the metric full and were counted in its overflow series.",
    labels: &[label::METRIC],
    buckets: &[],
};

/// Label values that were not shown.
pub const MARTY_LABEL_REJECTIONS: Metric = Metric {
    name: "marty_label_rejections_total",
    kind: Kind::Counter,
    help: "Label values that were not shown as they are: because of their form, or because the label shows as many as it may.",
    labels: &[label::METRIC, label::REASON],
    buckets: &[],
};

/// Every metric that a service exports before it declares its own.
pub const ALL: &[&Metric] = &[
    &HTTP_SERVER_REQUEST_DURATION,
    &HTTP_SERVER_ACTIVE_REQUESTS,
    &HTTP_SERVER_REQUEST_BODY_SIZE,
    &HTTP_SERVER_RESPONSE_BODY_SIZE,
    &TARGET_INFO,
    &MARTY_BUILD_INFO,
    &MARTY_BUSINESS_TRANSACTION_DURATION,
    &MARTY_BUSINESS_TRANSACTIONS_ACTIVE,
    &MARTY_OPERATION_DURATION,
    &PROCESS_CPU_SECONDS,
    &PROCESS_OPEN_FDS,
    &PROCESS_MAX_FDS,
    &PROCESS_VIRTUAL_MEMORY,
    &PROCESS_RESIDENT_MEMORY,
    &PROCESS_START_TIME,
    &PROCESS_THREADS,
    &TOKIO_WORKERS,
    &TOKIO_ALIVE_TASKS,
    &TOKIO_GLOBAL_QUEUE_DEPTH,
    &TOKIO_WORKER_BUSY_SECONDS,
    &MARTY_HEALTH_CHECK_UP,
    &MARTY_LOG_EVENTS,
    &MARTY_LOG_EVENTS_DROPPED,
    &MARTY_PANICS,
    &MARTY_METRIC_SERIES,
    &MARTY_METRIC_OVERFLOW,
    &MARTY_LABEL_REJECTIONS,
];

/// Where the admin listener answers scrapes.
pub const METRICS_PATH: &str = "/metrics";
/// Where the admin listener says that the process is alive.
pub const LIVEZ_PATH: &str = "/livez";
/// Where the admin listener says whether requests should be sent here.
pub const READYZ_PATH: &str = "/readyz";
/// Where the admin listener says that the service has started.
pub const STARTUPZ_PATH: &str = "/startupz";
/// The header that carries a request's correlation id, in and out.
pub const CORRELATION_ID_HEADER: &str = "x-correlation-id";
