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
    ENVIRONMENT,
    INSTANCE_ID,
    LOG,
    LOG_FORMAT,
    REQUEST_TIMEOUT,
    MAX_BODY_BYTES,
    MAX_CONNECTIONS,
    HEADER_TIMEOUT,
    DRAIN_GRACE,
    SHUTDOWN_DEADLINE,
    SERVICE_NAME,
    RESOURCE_ATTRIBUTES,
    ADMIN_TOKEN,
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
