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
    HTTP_ADDR,
    ADMIN_ADDR,
    GRPC_ADDR,
    GRPC_WEB,
    GRPC_WEB_ORIGINS,
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
];

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
