//! Dead letters: the record as it came, with headers that say why nobody handled it.

use std::{sync::Arc, time::SystemTime};

use super::transport::{Received, Spot};
use crate::{event::Record, names::header};

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

/// The dead letter for what was received at `spot`. A letter that died before keeps what is said of it now only.
pub(super) fn write(spot: &Spot, group: &str, received: &Received, death: &Death) -> Record {
    let mut letter = received.record.clone();
    letter.retain_headers(|name| !name.starts_with(header::DLQ_PREFIX));
    let since = letter.time().duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.unwrap_or_default().as_millis();
    let mut put = |name, value: &str| letter.push_header(name, value.as_bytes());
    put(header::DLQ_TOPIC, &spot.topic);
    put(header::DLQ_PARTITION, &spot.partition.to_string());
    put(header::DLQ_OFFSET, &received.offset.to_string());
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
