//! From event to record: the binary mode of `CloudEvents`' Kafka binding.

use std::{cell::Cell, time::SystemTime};

use serde::Serialize;

use super::{Attributes, EncodeError, Event, EventId, Format, Keyring, Record};
use crate::names::header;

/// The version of `CloudEvents` that is written.
pub(super) const SPEC_VERSION: &str = "1.0";

/// What an event with personal data is classified as.
const PERSONAL: &str = "personal";

/// A buffer that was larger than this is not kept for the next event.
const LARGEST_KEPT: usize = 256 * 1024;

thread_local! {
    /// Where an event's data are put together, so that the record is allocated once, and as large as it is.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Writes `event` as a record.
///
/// # Errors
///
/// If a value has no form in JSON, or a personal field cannot be protected, as without a key.
pub fn encode<E: Event>(
    event: &E,
    attributes: &Attributes,
    keys: &Keyring,
) -> Result<Record, EncodeError> {
    let mut scratch = SCRATCH.take();
    scratch.clear();
    let record = with_scratch(event, attributes, keys, &mut scratch);
    if scratch.capacity() <= LARGEST_KEPT {
        SCRATCH.set(scratch);
    }
    record
}

fn with_scratch<E: Event>(
    event: &E,
    attributes: &Attributes,
    keys: &Keyring,
    scratch: &mut Vec<u8>,
) -> Result<Record, EncodeError> {
    let keyed = event.write_key(scratch);
    let middle = scratch.len();
    event.write(keys, scratch)?;
    let (key, value) = scratch.split_at_checked(middle).unwrap_or_default();
    let bytes = scratch.len() + length_of(attributes, (E::TYPE, E::FORMAT));
    let time = whole_milliseconds(attributes.time);
    let mut record = Record::with_capacity(bytes, 11, time).with_value(value);
    if keyed {
        record = record.with_key(key);
    }
    headers(&mut record, attributes, (E::TYPE, E::FORMAT), E::PERSONAL);
    Ok(record)
}

/// How many bytes the headers' values take at most.
fn length_of(attributes: &Attributes, (kind, format): (&str, Format)) -> usize {
    let text = |text: Option<&str>| text.map_or(0, str::len);
    let id = |id: Option<&EventId>| id.map_or(0, |id| id.with(str::len));
    let trace = attributes.trace.as_ref();
    SPEC_VERSION.len()
        + format.content_type().len()
        + PERSONAL.len()
        + kind.len()
        + attributes.source.len()
        + attributes.correlation_id.len()
        + text(attributes.subject.as_deref())
        + text(trace.map(|trace| trace.parent.as_str()))
        + text(trace.and_then(|trace| trace.state.as_deref()))
        + id(Some(&attributes.id))
        + id(attributes.causation_id.as_ref())
}

fn headers(
    record: &mut Record,
    attributes: &Attributes,
    (kind, format): (&str, Format),
    personal: bool,
) {
    let mut put = |name, value: &str| record.push_header(name, value.as_bytes());
    put(header::CE_SPECVERSION, SPEC_VERSION);
    attributes.id.with(|id| put(header::CE_ID, id));
    put(header::CE_SOURCE, &attributes.source);
    put(header::CE_TYPE, kind);
    put(header::CONTENT_TYPE, format.content_type());
    if let Some(trace) = &attributes.trace {
        put(header::TRACEPARENT, &trace.parent);
        if let Some(state) = &trace.state {
            put(header::TRACESTATE, state);
        }
    }
    if let Some(subject) = &attributes.subject {
        put(header::CE_SUBJECT, subject);
    }
    // An event that begins something is correlated by its own id, which is there already.
    if !attributes.id.with(|id| attributes.correlation_id == *id) {
        put(header::CE_CORRELATIONID, &attributes.correlation_id);
    }
    if let Some(causation_id) = &attributes.causation_id {
        causation_id.with(|id| put(header::CE_CAUSATIONID, id));
    }
    if personal {
        put(header::CE_DATACLASSIFICATION, PERSONAL);
    }
}

/// What Kafka keeps of a time.
fn whole_milliseconds(time: SystemTime) -> SystemTime {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let rest = since.subsec_nanos() % 1_000_000;
    time.checked_sub(std::time::Duration::from_nanos(rest.into()))
        .unwrap_or(time)
}

/// Appends `value` as JSON: what the derive calls.
///
/// # Errors
///
/// If it has no form in JSON, such as a map whose keys are no texts.
#[doc(hidden)]
pub fn write<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    serde_json::to_writer(out, value).map_err(EncodeError::json)
}
