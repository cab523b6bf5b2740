//! The table of variables: the one place that says which there are, what they default to and what they mean.

/// A variable that the runtime reads.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Its default, or how it is found.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// Every variable that the runtime reads.
pub const VARIABLES: &[Variable] = &[
    CONFIG_FILE,
    HTTP_ADDR,
    ADMIN_ADDR,
    GRPC_ADDR,
    GRPC_WEB,
    GRPC_WEB_ORIGINS,
    ENVIRONMENT,
    INSTANCE_ID,
    LOG,
    LOG_FORMAT,
    LOG_REPEATS,
    REQUEST_TIMEOUT,
    MAX_BODY_BYTES,
    MAX_CONNECTIONS,
    HEADER_TIMEOUT,
    STALL_TIMEOUT,
    DRAIN_GRACE,
    SHUTDOWN_DEADLINE,
    SERVICE_NAME,
    RESOURCE_ATTRIBUTES,
    ADMIN_TOKEN,
    OTEL_SDK_DISABLED,
    OTLP_PROTOCOL,
    OTLP_ENDPOINT,
    OTLP_TRACES_ENDPOINT,
    OTLP_LOGS_ENDPOINT,
    OTLP_CERTIFICATE,
    OTLP_HEADERS,
    OTLP_TIMEOUT,
    OTEL_BSP_DELAY,
    OTEL_BSP_QUEUE,
    OTEL_LOGS_EXPORTER,
    OTEL_TRACES_SAMPLER,
    OTEL_TRACES_SAMPLER_ARG,
    TRUST_REMOTE,
    REMOTE_TRACES,
];

pub(crate) const CONFIG_FILE: Variable = Variable {
    name: "MARTY_CONFIG_FILE",
    default: "none",
    meaning: "A TOML file for what no variable sets; its keys are the variables' names in lower case without `MARTY_`.",
};

pub(crate) const HTTP_ADDR: Variable = Variable {
    name: "MARTY_HTTP_ADDR",
    default: "127.0.0.1:<http port>",
    meaning: "Address of the public listener.",
};
pub(crate) const ADMIN_ADDR: Variable = Variable {
    name: "MARTY_ADMIN_ADDR",
    default: "127.0.0.1:<admin port>",
    meaning: "Address of the admin listener: metrics and health. Not for the public.",
};
pub(crate) const GRPC_ADDR: Variable = Variable {
    name: "MARTY_GRPC_ADDR",
    default: "<http address>",
    meaning: "Address of a listener for gRPC alone. Without it, HTTP and gRPC share the public one.",
};
pub(super) const GRPC_WEB: Variable = Variable {
    name: "MARTY_GRPC_WEB",
    default: "false",
    meaning: "Whether browsers may call by gRPC-Web.",
};
pub(super) const GRPC_WEB_ORIGINS: Variable = Variable {
    name: "MARTY_GRPC_WEB_ORIGINS",
    default: "<none>",
    meaning: "Pages that may call by gRPC-Web from elsewhere: `*`, or origins such as `https://shop.example`, between commas.",
};
pub(super) const ENVIRONMENT: Variable = Variable {
    name: "MARTY_ENVIRONMENT",
    default: "development",
    meaning: "Where the service runs; on every log line and in `target_info`.",
};
pub(super) const INSTANCE_ID: Variable = Variable {
    name: "MARTY_INSTANCE_ID",
    default: "<host name>-<process id>",
    meaning: "What tells this process from the service's others.",
};
pub(super) const LOG: Variable = Variable {
    name: "MARTY_LOG",
    default: "info",
    meaning: "What is logged: a level, or levels by target such as `info,user_service=debug`.",
};
pub(super) const LOG_FORMAT: Variable = Variable {
    name: "MARTY_LOG_FORMAT",
    default: "auto",
    meaning: "`json`, `text`, or `auto`: text on a terminal, JSON elsewhere.",
};
pub(super) const LOG_REPEATS: Variable = Variable {
    name: "MARTY_LOG_REPEATS",
    default: "10",
    meaning: "How many warnings or errors the same line of code may log in a second; further ones are counted. `0` for all.",
};
pub(super) const REQUEST_TIMEOUT: Variable = Variable {
    name: "MARTY_REQUEST_TIMEOUT",
    default: "30s",
    meaning: "How long a handler may take; then the answer is 503.",
};
pub(super) const MAX_BODY_BYTES: Variable = Variable {
    name: "MARTY_MAX_BODY_BYTES",
    default: "2097152",
    meaning: "The longest request body; a longer one is answered 413.",
};
pub(super) const MAX_CONNECTIONS: Variable = Variable {
    name: "MARTY_MAX_CONNECTIONS",
    default: "1024",
    meaning: "Connections served at once on the public listener; further ones wait.",
};
pub(super) const HEADER_TIMEOUT: Variable = Variable {
    name: "MARTY_HEADER_TIMEOUT",
    default: "10s",
    meaning: "How long a client may take to send a request's head, or keep an idle connection.",
};
pub(super) const STALL_TIMEOUT: Variable = Variable {
    name: "MARTY_STALL_TIMEOUT",
    default: "1m",
    meaning: "How long a client may take nothing of an answer that waits for it; then the answer breaks off.",
};
pub(super) const DRAIN_GRACE: Variable = Variable {
    name: "MARTY_DRAIN_GRACE",
    default: "5s",
    meaning: "How long requests are still accepted after SIGTERM, while `/readyz` says 503; skipped on SIGINT.",
};
pub(super) const SHUTDOWN_DEADLINE: Variable = Variable {
    name: "MARTY_SHUTDOWN_DEADLINE",
    default: "25s",
    meaning: "How long a shutdown may take in all; what is not done then is cut off.",
};
pub(super) const SERVICE_NAME: Variable = Variable {
    name: "MARTY_SERVICE_NAME",
    default: "<package name>",
    meaning: "What the service is called on log lines and in `target_info`; `OTEL_SERVICE_NAME` means the same.",
};
pub(super) const RESOURCE_ATTRIBUTES: Variable = Variable {
    name: "MARTY_RESOURCE_ATTRIBUTES",
    default: "none",
    meaning: "More of what tells who sends telemetry, such as `team=payments`; `OTEL_RESOURCE_ATTRIBUTES` means the same.",
};
pub(crate) const ADMIN_TOKEN: Variable = Variable {
    name: "MARTY_ADMIN_TOKEN",
    default: "none",
    meaning: "The secret that `/admin` asks for, or `MARTY_ADMIN_TOKEN_FILE` for a file that holds it; without, `/admin` is off.",
};
pub(super) const OTEL_SDK_DISABLED: Variable = Variable {
    name: "OTEL_SDK_DISABLED",
    default: "false",
    meaning: "`true` sends no telemetry, wherever the variables below say that it goes.",
};
pub(super) const OTLP_PROTOCOL: Variable = Variable {
    name: "OTEL_EXPORTER_OTLP_PROTOCOL",
    default: "grpc",
    meaning: "How telemetry is sent: `grpc`, or `http/protobuf` with the feature `otlp-http`.",
};
pub(super) const OTLP_ENDPOINT: Variable = Variable {
    name: "OTEL_EXPORTER_OTLP_ENDPOINT",
    default: "<none>",
    meaning: "Where telemetry is sent, such as `http://localhost:4317`. Unless it is set, none is.",
};
pub(super) const OTLP_TRACES_ENDPOINT: Variable = Variable {
    name: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    default: "<where telemetry is sent>",
    meaning: "Where traces are sent.",
};
pub(super) const OTLP_LOGS_ENDPOINT: Variable = Variable {
    name: "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    default: "<where telemetry is sent>",
    meaning: "Where log events are sent.",
};
pub(super) const OTLP_CERTIFICATE: Variable = Variable {
    name: "OTEL_EXPORTER_OTLP_CERTIFICATE",
    default: "<the system's>",
    meaning: "A file with the certificates, in PEM, that a collector's has to come from. Needs the feature `tls`.",
};
pub(super) const OTLP_HEADERS: Variable = Variable {
    name: "OTEL_EXPORTER_OTLP_HEADERS",
    default: "<none>",
    meaning: "What is sent along, such as `authorization=Bearer%20…`. A secret: it is shown nowhere.",
};
pub(super) const OTLP_TIMEOUT: Variable = Variable {
    name: "OTEL_EXPORTER_OTLP_TIMEOUT",
    default: "10000",
    meaning: "How long an export may take with its retries, in milliseconds.",
};
pub(super) const OTEL_BSP_DELAY: Variable = Variable {
    name: "OTEL_BSP_SCHEDULE_DELAY",
    default: "5000",
    meaning: "How long spans and log events wait for others to be sent with, in milliseconds.",
};
pub(super) const OTEL_BSP_QUEUE: Variable = Variable {
    name: "OTEL_BSP_MAX_QUEUE_SIZE",
    default: "2048",
    meaning: "How many spans, and how many log events, may wait; further ones are dropped and counted.",
};
pub(super) const OTEL_LOGS_EXPORTER: Variable = Variable {
    name: "OTEL_LOGS_EXPORTER",
    default: "none",
    meaning: "`otlp` sends log events as well, beside the standard output.",
};
pub(super) const OTEL_TRACES_SAMPLER: Variable = Variable {
    name: "OTEL_TRACES_SAMPLER",
    default: "parentbased_always_on",
    meaning: "Which traces are recorded, by a name of OpenTelemetry's: `[parentbased_]always_on`, `always_off` or `traceidratio`.",
};
pub(super) const OTEL_TRACES_SAMPLER_ARG: Variable = Variable {
    name: "OTEL_TRACES_SAMPLER_ARG",
    default: "1",
    meaning: "The share of traces that `traceidratio` records, from 0 to 1.",
};
pub(super) const TRUST_REMOTE: Variable = Variable {
    name: "MARTY_TRUST_REMOTE_CONTEXT",
    default: "true",
    meaning: "`false` begins a trace for each request and links it to the caller's, as a service at the edge should.",
};
pub(super) const REMOTE_TRACES: Variable = Variable {
    name: "MARTY_REMOTE_TRACES_PER_SECOND",
    default: "100",
    meaning: "How many traces are recorded in a second because a caller asks, beyond the service's own share.",
};
