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
mod messaging;
mod process;
mod service;
mod task;

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
    /// The full name of the method, such as `shop.v1.Orders/Place`; `_OTHER` for one that no service has.
    pub const RPC_METHOD: &str = "rpc_method";
    /// The name of the call's status, such as `OK` or `NOT_FOUND`.
    pub const RPC_RESPONSE_STATUS_CODE: &str = "rpc_response_status_code";
    /// The host of another service, as it was configured; `_other` after the first 32.
    pub const SERVER_ADDRESS: &str = "server_address";
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
    /// Which kind of database it is.
    pub const DB_SYSTEM_NAME: &str = "db_system_name";
    /// What was asked of a database.
    pub const DB_OPERATION_NAME: &str = "db_operation_name";
    /// The name of a pool of connections.
    pub const DB_CLIENT_CONNECTION_POOL_NAME: &str = "db_client_connection_pool_name";
    /// What a connection does: `idle` or `used`.
    pub const DB_CLIENT_CONNECTION_STATE: &str = "db_client_connection_state";
    /// The name of a cache.
    pub const CACHE: &str = "cache";
    /// What came of a question.
    pub const RESULT: &str = "result";
    /// The number of a worker thread, from 0.
    pub const WORKER: &str = "worker";
    /// The name of a readiness check.
    pub const CHECK: &str = "check";
    /// The name of a background task.
    pub const TASK: &str = "task";
    /// The level of a log event.
    pub const LEVEL: &str = "level";
    /// The name of a metric.
    pub const METRIC: &str = "metric";
    /// What the client did, such as `send`.
    pub const MESSAGING_OPERATION_NAME: &str = "messaging_operation_name";
    /// The topic.
    pub const MESSAGING_DESTINATION_NAME: &str = "messaging_destination_name";
    /// The group that handles the event.
    pub const MESSAGING_CONSUMER_GROUP_NAME: &str = "messaging_consumer_group_name";
    /// The event's type, `_other` for one that nobody handles here, `_undecodable` for what is no event.
    pub const EVENT_TYPE: &str = "event_type";
    /// The topic of a partition.
    pub const TOPIC: &str = "topic";
    /// The number of a partition.
    pub const PARTITION: &str = "partition";
    /// The group that a partition is assigned to.
    pub const GROUP: &str = "group";
    /// What kind of a thing it was.
    pub const KIND: &str = "kind";
    /// Why something was not done as asked.
    pub const REASON: &str = "reason";
}

/// Values of labels that stand for no value of their own.
pub mod value {
    /// The method of a request whose method HTTP does not define, or of a call whose method no service has.
    pub const OTHER_METHOD: &str = "_OTHER";
    /// The route of a request that no route matched.
    pub const UNMATCHED_ROUTE: &str = "unmatched";
    /// The type of an event that nobody handles here.
    pub const OTHER_EVENT: &str = "_other";
    /// The type of a record that is no event.
    pub const UNDECODABLE_EVENT: &str = "_undecodable";
}

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
