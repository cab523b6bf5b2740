//! Metrics of the HTTP server and of HTTP clients.

use super::{Kind, Metric, label};
use crate::metric::bucket;

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

/// How long requests to other services took.
pub const HTTP_CLIENT_REQUEST_DURATION: Metric = Metric {
    name: "http_client_request_duration_seconds",
    kind: Kind::Histogram,
    help: "Time a request to another service took until the head of its answer came, in seconds.",
    labels: &[
        label::HTTP_REQUEST_METHOD,
        label::SERVER_ADDRESS,
        label::HTTP_RESPONSE_STATUS_CODE,
    ],
    buckets: &bucket::LATENCY,
};
