//! Metrics of the gRPC server and of gRPC clients.

use super::{Kind, Metric, label};
use crate::metric::bucket;

/// How long calls took, from their head to their status.
pub const RPC_SERVER_CALL_DURATION: Metric = Metric {
    name: "rpc_server_call_duration_seconds",
    kind: Kind::Histogram,
    help: "Time from a call's head to its status, in seconds.",
    labels: &[label::RPC_METHOD, label::RPC_RESPONSE_STATUS_CODE],
    buckets: &bucket::LATENCY,
};

/// Calls being answered now.
pub const RPC_SERVER_ACTIVE_CALLS: Metric = Metric {
    name: "rpc_server_active_calls",
    kind: Kind::Gauge,
    help: "Calls that are being answered now.",
    labels: &[label::RPC_METHOD],
    buckets: &[],
};

/// Bytes of request messages; the count is how many there were.
pub const RPC_SERVER_REQUEST_SIZE: Metric = Metric {
    name: "rpc_server_request_size_bytes",
    kind: Kind::Histogram,
    help: "Bytes of each request message as it was sent, without its frame.",
    labels: &[label::RPC_METHOD],
    buckets: &bucket::BYTES,
};

/// Bytes of response messages; the count is how many there were.
pub const RPC_SERVER_RESPONSE_SIZE: Metric = Metric {
    name: "rpc_server_response_size_bytes",
    kind: Kind::Histogram,
    help: "Bytes of each response message as it was sent, without its frame.",
    labels: &[label::RPC_METHOD],
    buckets: &bucket::BYTES,
};

/// How long calls to other services took.
pub const RPC_CLIENT_CALL_DURATION: Metric = Metric {
    name: "rpc_client_call_duration_seconds",
    kind: Kind::Histogram,
    help: "Time a call to another service took until its status came, in seconds.",
    labels: &[
        label::RPC_METHOD,
        label::SERVER_ADDRESS,
        label::RPC_RESPONSE_STATUS_CODE,
    ],
    buckets: &bucket::LATENCY,
};
