//! Metrics of events. A service has them with the feature `events`.

use super::{Kind, Metric, label};
use crate::metric::bucket;

/// How long operations of the client took.
pub const MESSAGING_CLIENT_OPERATION_DURATION: Metric = Metric {
    name: "messaging_client_operation_duration_seconds",
    kind: Kind::Histogram,
    help: "Time an operation of the messaging client took, in seconds: of `send`, to the broker's acknowledgement.",
    labels: &[
        label::MESSAGING_OPERATION_NAME,
        label::MESSAGING_DESTINATION_NAME,
        label::ERROR_TYPE,
    ],
    buckets: &bucket::LATENCY,
};

/// Events handed to the broker, by how that ended.
pub const MESSAGING_CLIENT_SENT_MESSAGES: Metric = Metric {
    name: "messaging_client_sent_messages_total",
    kind: Kind::Counter,
    help: "Events handed to the broker; those with an error were not acknowledged.",
    labels: &[
        label::MESSAGING_DESTINATION_NAME,
        label::EVENT_TYPE,
        label::ERROR_TYPE,
    ],
    buckets: &[],
};

/// Records received.
pub const MESSAGING_CLIENT_CONSUMED_MESSAGES: Metric = Metric {
    name: "messaging_client_consumed_messages_total",
    kind: Kind::Counter,
    help: "Records received from the broker, those received again included.",
    labels: &[
        label::MESSAGING_DESTINATION_NAME,
        label::MESSAGING_CONSUMER_GROUP_NAME,
    ],
    buckets: &[],
};

/// How long handlers took, each attempt by itself.
pub const MESSAGING_PROCESS_DURATION: Metric = Metric {
    name: "messaging_process_duration_seconds",
    kind: Kind::Histogram,
    help: "Time one attempt to handle an event took, in seconds.",
    labels: &[
        label::MESSAGING_DESTINATION_NAME,
        label::MESSAGING_CONSUMER_GROUP_NAME,
        label::EVENT_TYPE,
        label::OUTCOME,
    ],
    buckets: &bucket::FAST,
};

/// From an event's time to its having been handled.
pub const MARTY_EVENT_END_TO_END: Metric = Metric {
    name: "marty_event_end_to_end_seconds",
    kind: Kind::Histogram,
    help: "Time from an event's own time until it was handled, in seconds.",
    labels: &[
        label::MESSAGING_DESTINATION_NAME,
        label::MESSAGING_CONSUMER_GROUP_NAME,
        label::EVENT_TYPE,
    ],
    buckets: &bucket::DELIVERY,
};

/// Further attempts.
pub const MARTY_EVENT_RETRIES: Metric = Metric {
    name: "marty_event_retries_total",
    kind: Kind::Counter,
    help: "Further attempts to handle an event, by the class of the error before.",
    labels: &[
        label::MESSAGING_CONSUMER_GROUP_NAME,
        label::EVENT_TYPE,
        label::ERROR_TYPE,
    ],
    buckets: &[],
};

/// Dead letters written.
pub const MARTY_EVENT_DEAD_LETTERED: Metric = Metric {
    name: "marty_event_dead_lettered_total",
    kind: Kind::Counter,
    help: "Records given up and written to the dead letter topic.",
    labels: &[
        label::MESSAGING_CONSUMER_GROUP_NAME,
        label::EVENT_TYPE,
        label::REASON,
    ],
    buckets: &[],
};

/// Events that had been handled before.
pub const MARTY_EVENT_DUPLICATES: Metric = Metric {
    name: "marty_event_duplicates_total",
    kind: Kind::Counter,
    help: "Events that were not handled again, because they had been.",
    labels: &[label::MESSAGING_CONSUMER_GROUP_NAME, label::EVENT_TYPE],
    buckets: &[],
};

/// Records that a group is behind.
pub const MARTY_KAFKA_CONSUMER_LAG_MESSAGES: Metric = Metric {
    name: "marty_kafka_consumer_lag_messages",
    kind: Kind::Gauge,
    help: "Records of an assigned partition that the group has not finished with.",
    labels: &[label::TOPIC, label::PARTITION, label::GROUP],
    buckets: &[],
};

/// Seconds that a group is behind.
pub const MARTY_KAFKA_CONSUMER_LAG_SECONDS: Metric = Metric {
    name: "marty_kafka_consumer_lag_seconds",
    kind: Kind::Gauge,
    help: "Age of the oldest record of an assigned partition that the group has not finished with, in seconds.",
    labels: &[label::TOPIC, label::PARTITION, label::GROUP],
    buckets: &[],
};

/// Changes of a group's assignment.
pub const MARTY_KAFKA_CONSUMER_REBALANCES: Metric = Metric {
    name: "marty_kafka_consumer_rebalances_total",
    kind: Kind::Counter,
    help: "Times partitions were assigned to this member, revoked from it, or lost.",
    labels: &[label::GROUP, label::KIND],
    buckets: &[],
};

/// Commits that failed.
pub const MARTY_KAFKA_COMMIT_FAILURES: Metric = Metric {
    name: "marty_kafka_commit_failures_total",
    kind: Kind::Counter,
    help: "Commits of offsets that failed; what they were for is committed later, or handled again.",
    labels: &[label::GROUP, label::ERROR_TYPE],
    buckets: &[],
};

/// Records that wait to be acknowledged.
pub const MARTY_KAFKA_PRODUCER_QUEUE_MESSAGES: Metric = Metric {
    name: "marty_kafka_producer_queue_messages",
    kind: Kind::Gauge,
    help: "Records that were handed over and not acknowledged yet.",
    labels: &[],
    buckets: &[],
};

/// Bytes of the records that wait to be acknowledged.
pub const MARTY_KAFKA_PRODUCER_QUEUE_BYTES: Metric = Metric {
    name: "marty_kafka_producer_queue_bytes",
    kind: Kind::Gauge,
    help: "Bytes of the records that were handed over and not acknowledged yet.",
    labels: &[],
    buckets: &[],
};

/// Every metric that a service with events exports besides.
pub const EVENTS: &[&Metric] = &[
    &MESSAGING_CLIENT_OPERATION_DURATION,
    &MESSAGING_CLIENT_SENT_MESSAGES,
    &MESSAGING_CLIENT_CONSUMED_MESSAGES,
    &MESSAGING_PROCESS_DURATION,
    &MARTY_EVENT_END_TO_END,
    &MARTY_EVENT_RETRIES,
    &MARTY_EVENT_DEAD_LETTERED,
    &MARTY_EVENT_DUPLICATES,
    &MARTY_KAFKA_CONSUMER_LAG_MESSAGES,
    &MARTY_KAFKA_CONSUMER_LAG_SECONDS,
    &MARTY_KAFKA_CONSUMER_REBALANCES,
    &MARTY_KAFKA_COMMIT_FAILURES,
    &MARTY_KAFKA_PRODUCER_QUEUE_MESSAGES,
    &MARTY_KAFKA_PRODUCER_QUEUE_BYTES,
];
