//! Names of labels.

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
