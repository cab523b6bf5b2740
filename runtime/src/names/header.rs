//! Names of the headers of records: those of `CloudEvents`' Kafka binding, those of W3C Trace Context, and those of dead letters and their replay.

/// The version of `CloudEvents`.
pub const CE_SPECVERSION: &str = "ce_specversion";
/// What tells the event from every other of its source.
pub const CE_ID: &str = "ce_id";
/// Who tells of the event.
pub const CE_SOURCE: &str = "ce_source";
/// What happened, with the major version.
pub const CE_TYPE: &str = "ce_type";
/// What the event is about.
pub const CE_SUBJECT: &str = "ce_subject";
/// When it happened. Read only: ours is the record's own time.
pub const CE_TIME: &str = "ce_time";
/// What all events of one undertaking have in common.
pub const CE_CORRELATIONID: &str = "ce_correlationid";
/// The event that this one follows from.
pub const CE_CAUSATIONID: &str = "ce_causationid";
/// Whether there are personal data in it.
pub const CE_DATACLASSIFICATION: &str = "ce_dataclassification";
/// The trace that the event is part of. Read only: ours is the header of W3C.
pub const CE_TRACEPARENT: &str = "ce_traceparent";
/// What systems of traces say of it. Read only.
pub const CE_TRACESTATE: &str = "ce_tracestate";
/// The type of the data.
pub const CONTENT_TYPE: &str = "content-type";
/// The trace that the event is part of.
pub const TRACEPARENT: &str = "traceparent";
/// What systems of traces say of it.
pub const TRACESTATE: &str = "tracestate";

/// Where every header of a dead letter begins.
pub const DLQ_PREFIX: &str = "dlq-";
/// The topic that the record came from.
pub const DLQ_TOPIC: &str = "dlq-original-topic";
/// Its partition there.
pub const DLQ_PARTITION: &str = "dlq-original-partition";
/// Its offset there.
pub const DLQ_OFFSET: &str = "dlq-original-offset";
/// Its time there, in milliseconds since 1970.
pub const DLQ_TIMESTAMP: &str = "dlq-original-timestamp";
/// The group that gave it up.
pub const DLQ_GROUP: &str = "dlq-group";
/// How often it was tried.
pub const DLQ_ATTEMPTS: &str = "dlq-attempts";
/// The class of the error: what `reason` is in the metric.
pub const DLQ_ERROR_CLASS: &str = "dlq-error-class";
/// What the error says, less what may be somebody's.
pub const DLQ_ERROR_MESSAGE: &str = "dlq-error-message";
/// When it first failed, as RFC 3339 writes it.
pub const DLQ_FIRST_FAILURE: &str = "dlq-first-failure";
/// When it last failed, as RFC 3339 writes it.
pub const DLQ_LAST_FAILURE: &str = "dlq-last-failure";
/// The `traceparent` of the last attempt, if that was recorded.
pub const DLQ_TRACEPARENT: &str = "dlq-traceparent";
/// In place of a letter, what became of an earlier one of the same partition: `replayed` or `discarded`.
pub const DLQ_DONE: &str = "dlq-done";
/// The offset of that earlier letter.
pub const DLQ_DONE_OFFSET: &str = "dlq-done-offset";

/// The topic that a record of a retry topic came from.
pub const RETRY_TOPIC: &str = "retry-original-topic";
/// Its partition there.
pub const RETRY_PARTITION: &str = "retry-original-partition";
/// Its offset there.
pub const RETRY_OFFSET: &str = "retry-original-offset";
/// Its time there, in milliseconds since 1970.
pub const RETRY_TIMESTAMP: &str = "retry-original-timestamp";
/// How often it was tried so far.
pub const RETRY_ATTEMPTS: &str = "retry-attempts";
/// The class of the error that it failed with last.
pub const RETRY_ERROR_CLASS: &str = "retry-error-class";
/// When it first failed, as RFC 3339 writes it.
pub const RETRY_FIRST_FAILURE: &str = "retry-first-failure";
/// When it is to be tried again, in milliseconds since 1970.
pub const RETRY_DUE: &str = "retry-due";
/// All of these.
pub const RETRY: [&str; 8] = [
    RETRY_TOPIC,
    RETRY_PARTITION,
    RETRY_OFFSET,
    RETRY_TIMESTAMP,
    RETRY_ATTEMPTS,
    RETRY_ERROR_CLASS,
    RETRY_FIRST_FAILURE,
    RETRY_DUE,
];

/// The group that a dead letter was put back for: others skip the record.
pub const REPLAY_GROUP: &str = "replay-group";
/// How often it was put back. It stays with a letter that dies again.
pub const REPLAY_COUNT: &str = "replay-count";
/// The `traceparent` of the attempt after which it was given up, if that was recorded.
pub const REPLAY_FAILURE_TRACEPARENT: &str = "replay-failure-traceparent";
/// The `traceparent` of who put it back, if there is one.
pub const REPLAY_TRACEPARENT: &str = "replay-traceparent";

/// The constant that `name` is, of those that every event has.
#[cfg(feature = "events")]
pub(crate) fn known(name: &str) -> Option<&'static str> {
    Some(match name {
        "ce_specversion" => CE_SPECVERSION,
        "ce_id" => CE_ID,
        "ce_source" => CE_SOURCE,
        "ce_type" => CE_TYPE,
        "ce_subject" => CE_SUBJECT,
        "ce_time" => CE_TIME,
        "ce_correlationid" => CE_CORRELATIONID,
        "ce_causationid" => CE_CAUSATIONID,
        "ce_dataclassification" => CE_DATACLASSIFICATION,
        "content-type" => CONTENT_TYPE,
        "traceparent" => TRACEPARENT,
        "tracestate" => TRACESTATE,
        _ => return None,
    })
}
