//! Every name the runtime exports: metrics, labels, paths. Written once, here, and read by code, dashboards' checks and tests.
//!
//! It holds constants only, and in a form that a reader of the source understands without running it.
//! It must not name a metric that the runtime does not export.

mod admin;
mod business;
mod cache;
mod database;
mod grpc;
pub mod header;
mod http;
pub mod label;
mod messaging;
mod metric;
mod process;
mod service;
mod task;
pub mod value;

pub use admin::MARTY_ADMIN_REFUSALS;
pub use business::{
    MARTY_BUSINESS_TRANSACTION_DURATION, MARTY_BUSINESS_TRANSACTIONS_ACTIVE,
    MARTY_OPERATION_DURATION,
};
pub use cache::{MARTY_CACHE_ENTRIES, MARTY_CACHE_EVICTIONS, MARTY_CACHE_REQUESTS};
pub use database::{
    DB_CLIENT_CONNECTION_COUNT, DB_CLIENT_CONNECTION_MAX, DB_CLIENT_CONNECTION_PENDING_REQUESTS,
    DB_CLIENT_CONNECTION_TIMEOUTS, DB_CLIENT_CONNECTION_WAIT_TIME, DB_CLIENT_OPERATION_DURATION,
};
pub use grpc::{
    RPC_CLIENT_CALL_DURATION, RPC_SERVER_ACTIVE_CALLS, RPC_SERVER_CALL_DURATION,
    RPC_SERVER_REQUEST_SIZE, RPC_SERVER_RESPONSE_SIZE,
};
pub use http::{
    HTTP_CLIENT_REQUEST_DURATION, HTTP_SERVER_ACTIVE_REQUESTS, HTTP_SERVER_REQUEST_BODY_SIZE,
    HTTP_SERVER_REQUEST_DURATION, HTTP_SERVER_RESPONSE_BODY_SIZE,
};
pub use messaging::{
    EVENTS, MARTY_EVENT_DEAD_LETTERED, MARTY_EVENT_DUPLICATES, MARTY_EVENT_END_TO_END,
    MARTY_EVENT_RETRIES, MARTY_KAFKA_COMMIT_FAILURES, MARTY_KAFKA_CONSUMER_LAG_MESSAGES,
    MARTY_KAFKA_CONSUMER_LAG_SECONDS, MARTY_KAFKA_CONSUMER_REBALANCES,
    MARTY_KAFKA_PRODUCER_QUEUE_BYTES, MARTY_KAFKA_PRODUCER_QUEUE_MESSAGES,
    MESSAGING_CLIENT_CONSUMED_MESSAGES, MESSAGING_CLIENT_OPERATION_DURATION,
    MESSAGING_CLIENT_SENT_MESSAGES, MESSAGING_PROCESS_DURATION,
};
pub use metric::{Kind, Metric};
pub use process::{
    PROCESS_CPU_SECONDS, PROCESS_MAX_FDS, PROCESS_OPEN_FDS, PROCESS_RESIDENT_MEMORY,
    PROCESS_START_TIME, PROCESS_THREADS, PROCESS_VIRTUAL_MEMORY, TOKIO_ALIVE_TASKS,
    TOKIO_GLOBAL_QUEUE_DEPTH, TOKIO_WORKER_BUSY_SECONDS, TOKIO_WORKERS,
};
pub use service::{
    MARTY_BUILD_INFO, MARTY_HEALTH_CHECK_UP, MARTY_LABEL_REJECTIONS, MARTY_LOG_EVENTS,
    MARTY_LOG_EVENTS_DROPPED, MARTY_LOG_EVENTS_SUPPRESSED, MARTY_METRIC_OVERFLOW,
    MARTY_METRIC_SERIES, MARTY_OTLP_LOGS_DROPPED, MARTY_PANICS, MARTY_SPANS_DROPPED, TARGET_INFO,
};
pub use task::{MARTY_TASK_RESTARTS, MARTY_TASK_UP};

/// Every metric that a service exports before it declares its own; those of databases and caches where it has one. Without `http`,
/// `grpc` or `http-client` among the features of this crate, those that are called after it are not exported.
pub const ALL: &[&Metric] = &[
    &HTTP_SERVER_REQUEST_DURATION,
    &HTTP_SERVER_ACTIVE_REQUESTS,
    &HTTP_SERVER_REQUEST_BODY_SIZE,
    &HTTP_SERVER_RESPONSE_BODY_SIZE,
    &HTTP_CLIENT_REQUEST_DURATION,
    &RPC_SERVER_CALL_DURATION,
    &RPC_SERVER_ACTIVE_CALLS,
    &RPC_SERVER_REQUEST_SIZE,
    &RPC_SERVER_RESPONSE_SIZE,
    &RPC_CLIENT_CALL_DURATION,
    &TARGET_INFO,
    &MARTY_BUILD_INFO,
    &MARTY_BUSINESS_TRANSACTION_DURATION,
    &MARTY_BUSINESS_TRANSACTIONS_ACTIVE,
    &MARTY_OPERATION_DURATION,
    &DB_CLIENT_OPERATION_DURATION,
    &DB_CLIENT_CONNECTION_COUNT,
    &DB_CLIENT_CONNECTION_MAX,
    &DB_CLIENT_CONNECTION_PENDING_REQUESTS,
    &DB_CLIENT_CONNECTION_TIMEOUTS,
    &DB_CLIENT_CONNECTION_WAIT_TIME,
    &MARTY_CACHE_REQUESTS,
    &MARTY_CACHE_EVICTIONS,
    &MARTY_CACHE_ENTRIES,
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
    &MARTY_SPANS_DROPPED,
    &MARTY_OTLP_LOGS_DROPPED,
    &MARTY_LOG_EVENTS_SUPPRESSED,
    &MARTY_PANICS,
    &MARTY_METRIC_SERIES,
    &MARTY_METRIC_OVERFLOW,
    &MARTY_LABEL_REJECTIONS,
    &MARTY_TASK_UP,
    &MARTY_TASK_RESTARTS,
    &MARTY_ADMIN_REFUSALS,
];

/// Where the admin listener answers scrapes.
pub const METRICS_PATH: &str = "/metrics";
/// Where the admin listener says that the process is alive.
pub const LIVEZ_PATH: &str = "/livez";
/// Where the admin listener says whether requests should be sent here.
pub const READYZ_PATH: &str = "/readyz";
/// Where the admin listener says that the service has started.
pub const STARTUPZ_PATH: &str = "/startupz";
/// Where the admin listener shows the settings, to who has the token.
pub const ADMIN_CONFIG_PATH: &str = "/admin/config";
/// Where the admin listener shows and changes what is logged, to and for who has the token.
pub const ADMIN_LOG_LEVEL_PATH: &str = "/admin/log-level";
/// Where the admin listener shows the background tasks, to who has the token.
pub const ADMIN_TASKS_PATH: &str = "/admin/tasks";
/// Where the admin listener takes a CPU profile for who has the token, with the feature `pprof`.
pub const PPROF_PROFILE_PATH: &str = "/debug/pprof/profile";
/// The header that carries a request's correlation id, in and out.
pub const CORRELATION_ID_HEADER: &str = "x-correlation-id";
