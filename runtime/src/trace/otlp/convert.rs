//! What was recorded, as messages. Every text that leaves the process goes through [`clean`].

use std::{borrow::Cow, time::SystemTime};

use super::message::{
    Any, AnyValue, Event, ExportLogs, ExportTraces, InstrumentationScope, KeyValue, Link,
    LogRecord, Resource, ResourceLogs, ResourceSpans, ScopeLogs, ScopeSpans, Span, Status,
};
use crate::{
    scrub,
    trace::{
        Kind, TraceContext, Value,
        log::LogEvent,
        record::{Attributes, EndedSpan, SpanEvent, Status as Ended, nanoseconds},
    },
};

/// Bit 8 of a span's flags: whether it is known where the parent is; bit 9: whether that is another process.
const PARENT_IS_KNOWN: u32 = 1 << 8;
const PARENT_IS_REMOTE: u32 = 1 << 9;

/// The one place where texts are made fit to be sent: without secrets and personal data.
fn clean(name: &str, text: String) -> String {
    match scrub::field(name, &text) {
        // A mark is borrowed too, and may be as long as what it stands for.
        Cow::Borrowed(same) if same == text => text,
        scrubbed => scrubbed.into_owned(),
    }
}

/// What a caller sent as state, unless it hides something in it: in part it would be no state.
fn trace_state(context: &TraceContext) -> String {
    let state = context.state.as_deref();
    let harmless = state.filter(|state| scrub::is_clean(state));
    harmless.unwrap_or_default().to_owned()
}

pub(super) fn resource(attributes: &[(String, String)]) -> Resource {
    let attributes = attributes.iter();
    Resource {
        attributes: attributes
            .map(|(name, value)| key_value(name, Any::Text(value.clone())))
            .collect(),
    }
}

pub(super) fn traces(resource: &Resource, spans: Vec<EndedSpan>) -> ExportTraces {
    ExportTraces {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource.clone()),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope()),
                spans: spans.into_iter().map(span).collect(),
            }],
            schema_url: String::new(),
        }],
    }
}

pub(super) fn logs(resource: &Resource, events: Vec<LogEvent>) -> ExportLogs {
    ExportLogs {
        resource_logs: vec![ResourceLogs {
            resource: Some(resource.clone()),
            scope_logs: vec![ScopeLogs {
                scope: Some(scope()),
                log_records: events.into_iter().map(log_record).collect(),
            }],
        }],
    }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "marty-runtime".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn span(ended: EndedSpan) -> Span {
    let EndedSpan {
        context,
        recording,
        took,
    } = ended;
    let begun = nanoseconds(recording.begun);
    let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
    let remote = if recording.remote_parent {
        PARENT_IS_REMOTE
    } else {
        0
    };
    Span {
        trace_id: context.trace_id().to_bytes().into(),
        span_id: context.span_id().to_bytes().into(),
        trace_state: trace_state(&context),
        parent_span_id: recording
            .parent
            .map_or_else(Vec::new, |parent| parent.to_bytes().into()),
        name: clean("name", recording.name.as_ref().to_owned()),
        kind: kind(recording.kind),
        start_time_unix_nano: begun,
        end_time_unix_nano: begun.saturating_add(took),
        dropped_attributes_count: recording.attributes.dropped,
        attributes: key_values(recording.attributes),
        events: recording.events.into_iter().map(event).collect(),
        dropped_events_count: recording.dropped_events,
        links: recording.links.iter().map(link).collect(),
        dropped_links_count: recording.dropped_links,
        status: status(recording.status),
        flags: u32::from(context.is_sampled()) | PARENT_IS_KNOWN | remote,
    }
}

const fn kind(kind: Kind) -> i32 {
    match kind {
        Kind::Internal => 1,
        Kind::Server => 2,
        Kind::Client => 3,
        Kind::Producer => 4,
        Kind::Consumer => 5,
    }
}

fn status(status: Ended) -> Option<Status> {
    let (code, message) = match status {
        Ended::Unset => return None,
        Ended::Ok => (1, String::new()),
        Ended::Error(message) => (2, clean("error", message)),
    };
    Some(Status { message, code })
}

fn event(event: SpanEvent) -> Event {
    Event {
        time_unix_nano: nanoseconds(event.time),
        name: clean("name", event.name),
        dropped_attributes_count: event.attributes.dropped,
        attributes: key_values(event.attributes),
    }
}

fn link(context: &TraceContext) -> Link {
    Link {
        trace_id: context.trace_id().to_bytes().into(),
        span_id: context.span_id().to_bytes().into(),
        trace_state: trace_state(context),
        flags: u32::from(context.is_sampled()) | PARENT_IS_KNOWN | PARENT_IS_REMOTE,
    }
}

fn log_record(event: LogEvent) -> LogRecord {
    let (trace_id, span_id, flags) = event.place.map_or_else(Default::default, |place| {
        (
            place.trace_id().to_bytes().into(),
            place.span_id().to_bytes().into(),
            u32::from(place.is_sampled()),
        )
    });
    LogRecord {
        time_unix_nano: nanoseconds(event.time),
        severity_number: severity(event.level),
        severity_text: event.level.as_str().to_owned(),
        body: Some(any(Any::Text(clean("message", event.message)))),
        dropped_attributes_count: event.attributes.dropped,
        attributes: key_values(event.attributes),
        flags,
        trace_id,
        span_id,
        observed_time_unix_nano: nanoseconds(SystemTime::now()),
    }
}

/// The first of the four numbers that OpenTelemetry has for each level.
fn severity(level: tracing::Level) -> i32 {
    match level {
        tracing::Level::TRACE => 1,
        tracing::Level::DEBUG => 5,
        tracing::Level::INFO => 9,
        tracing::Level::WARN => 13,
        tracing::Level::ERROR => 17,
    }
}

fn key_values(attributes: Attributes) -> Vec<KeyValue> {
    let kept = attributes.kept.into_iter();
    kept.map(|(name, value)| {
        let value = match value {
            Value::Bool(value) => Any::Bool(value),
            Value::Int(value) => match scrub::of_number(name, value.unsigned_abs()) {
                Some(kind) => Any::Text(kind.mark().to_owned()),
                None => Any::Int(value),
            },
            Value::Float(value) => Any::Float(value),
            Value::Text(text) => Any::Text(clean(name, text)),
        };
        key_value(name, value)
    })
    .collect()
}

fn key_value(name: &str, value: Any) -> KeyValue {
    KeyValue {
        key: name.to_owned(),
        value: Some(any(value)),
    }
}

const fn any(value: Any) -> AnyValue {
    AnyValue { value: Some(value) }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::trace::{SpanId, TraceId, record::Recording};

    fn context() -> TraceContext {
        TraceContext {
            trace_id: TraceId::random(),
            span_id: SpanId::random(),
            sampled: true,
            state: None,
        }
    }

    fn attributes() -> Attributes {
        let mut attributes = Attributes::default();
        attributes.keep("password", "hunter2".into());
        attributes.keep("note", "write to ada@example.com".into());
        attributes.keep("card", 4_111_111_111_111_111_i64.into());
        attributes.keep("order", 17_i64.into());
        attributes
    }

    #[track_caller]
    fn check(message: &(impl Message + std::fmt::Debug)) {
        let bytes = message.encode_to_vec();
        let text = String::from_utf8_lossy(&bytes);
        for secret in ["hunter2", "ada@", "4111"] {
            assert!(!text.contains(secret) && !format!("{message:?}").contains(secret));
        }
        assert!(text.contains("[email]") && text.contains("order"), "{text}");
    }

    #[test]
    fn lets_no_secret_leave_in_a_span() {
        let mut recording = Recording::new("load ada@example.com".into(), Kind::Internal);
        recording.attributes = attributes();
        recording.event("asked by ada@example.com".to_owned(), attributes());
        recording.fail("no account of ada@example.com");
        check(&span(recording.end(context())));
    }

    #[test]
    fn hides_a_secret_that_is_as_long_as_its_mark() {
        for name in ["password", "email", "phone", "iban"] {
            for length in 1..16 {
                let secret = "x".repeat(length);
                let sent = clean(name, secret.clone());
                assert_ne!(sent, secret, "{name}");
            }
        }
    }

    #[test]
    fn sends_no_state_in_which_a_caller_hides_something() {
        let with = |state: &str| TraceContext {
            state: Some(state.into()),
            ..context()
        };
        assert_eq!(trace_state(&with("a=1,b=2")), "a=1,b=2");
        assert_eq!(trace_state(&with("a=1,b=ada@example.com")), "");
        assert_eq!(link(&with("b=ada@example.com")).trace_state, "");
    }

    #[test]
    fn lets_no_secret_leave_in_a_log_event() {
        check(&log_record(LogEvent {
            time: SystemTime::now(),
            level: tracing::Level::INFO,
            message: "login of ada@example.com with password=hunter2".to_owned(),
            attributes: attributes(),
            place: Some(context()),
        }));
    }
}
