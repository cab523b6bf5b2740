//! Metrics of the service itself: who it is, how it is, and what it tells of itself.

use super::{Kind, Metric, label};

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

/// Spans that were lost.
pub const MARTY_SPANS_DROPPED: Metric = Metric {
    name: "marty_spans_dropped_total",
    kind: Kind::Counter,
    help: "Recorded spans that did not get to the collector, by reason.",
    labels: &[label::REASON],
    buckets: &[],
};

/// Log events that were not sent.
pub const MARTY_OTLP_LOGS_DROPPED: Metric = Metric {
    name: "marty_otlp_logs_dropped_total",
    kind: Kind::Counter,
    help: "Log events that were to be sent and did not get to the collector, by reason.",
    labels: &[label::REASON],
    buckets: &[],
};

/// Log events that were withheld.
pub const MARTY_LOG_EVENTS_SUPPRESSED: Metric = Metric {
    name: "marty_log_events_suppressed_total",
    kind: Kind::Counter,
    help: "Warnings and errors that were not written, because the same line of code had written as many in that second as it may.",
    labels: &[label::LEVEL],
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
