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
    /// The name of a readiness check.
    pub const CHECK: &str = "check";
    /// The level of a log event.
    pub const LEVEL: &str = "level";
    /// The name of a metric.
    pub const METRIC: &str = "metric";
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

/// Every metric that a service exports before it declares its own.
pub const ALL: &[&Metric] = &[
    &HTTP_SERVER_REQUEST_DURATION,
    &HTTP_SERVER_ACTIVE_REQUESTS,
    &HTTP_SERVER_REQUEST_BODY_SIZE,
    &HTTP_SERVER_RESPONSE_BODY_SIZE,
    &TARGET_INFO,
    &MARTY_BUILD_INFO,
    &PROCESS_CPU_SECONDS,
    &PROCESS_OPEN_FDS,
    &PROCESS_MAX_FDS,
    &PROCESS_VIRTUAL_MEMORY,
    &PROCESS_RESIDENT_MEMORY,
    &PROCESS_START_TIME,
    &PROCESS_THREADS,
    &MARTY_HEALTH_CHECK_UP,
    &MARTY_LOG_EVENTS,
    &MARTY_LOG_EVENTS_DROPPED,
    &MARTY_PANICS,
    &MARTY_METRIC_SERIES,
    &MARTY_METRIC_OVERFLOW,
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
