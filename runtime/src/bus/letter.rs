//! Dead letters: the record as it came, with headers that say why nobody handled it.

use std::{sync::Arc, time::SystemTime};

use crate::{
    event::{Record, RecordRef},
    names::header,
};

/// Where a record was published.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    pub(super) topic: &'a Arc<str>,
    pub(super) partition: i32,
    pub(super) offset: i64,
}

/// Why a record is given up.
#[derive(Debug)]
pub(super) struct Death {
    /// The class of the error.
    pub(super) class: &'static str,
    /// What the error says, scrubbed.
    pub(super) message: String,
    pub(super) attempts: u32,
    pub(super) first_failure: SystemTime,
    pub(super) last_failure: SystemTime,
    /// The `traceparent` of the last attempt, if that was recorded.
    pub(super) trace: Option<String>,
}

/// The topic of the dead letters of `group` on `topic`.
pub(super) fn topic(topic: &str, group: &str) -> Arc<str> {
    format!("{topic}.{group}.dlq").into()
}

/// The dead letter for `record`. A letter that died before keeps what is said of it now only.
pub(super) fn write(
    origin: Origin<'_>,
    group: &str,
    record: RecordRef<'_>,
    death: &Death,
) -> Record {
    let mut letter = record.to_record();
    letter.retain_headers(|name| !name.starts_with(header::DLQ_PREFIX));
    let since = letter.time().duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.unwrap_or_default().as_millis();
    // A letter is kept for as long as any other: with the time of an old event retention would take it away at once, and one of times
    // to come no topic would take.
    letter.set_time(death.last_failure);
    let mut put = |name, value: &str| letter.push_header(name, value.as_bytes());
    put(header::DLQ_TOPIC, origin.topic);
    put(header::DLQ_PARTITION, &origin.partition.to_string());
    put(header::DLQ_OFFSET, &origin.offset.to_string());
    put(header::DLQ_TIMESTAMP, &millis.to_string());
    put(header::DLQ_GROUP, group);
    put(header::DLQ_ATTEMPTS, &death.attempts.to_string());
    put(header::DLQ_ERROR_CLASS, death.class);
    put(header::DLQ_ERROR_MESSAGE, &death.message);
    let time = |time| humantime::format_rfc3339_millis(time).to_string();
    put(header::DLQ_FIRST_FAILURE, &time(death.first_failure));
    put(header::DLQ_LAST_FAILURE, &time(death.last_failure));
    if let Some(trace) = &death.trace {
        put(header::DLQ_TRACEPARENT, trace);
    }
    letter
}
