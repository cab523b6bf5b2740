//! What is recorded of a span that is sampled, within bounds.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use super::{
    Kind, SpanId, TraceContext, Value,
    attribute::{ATTRIBUTE, Attributes, ROOM, shortened},
};
use crate::names::value;

/// Something that happened during a span.
#[derive(Debug)]
pub(super) struct SpanEvent {
    pub(super) time: SystemTime,
    pub(super) name: String,
    pub(super) attributes: Attributes,
}

/// How a span's work ended.
#[derive(Debug, Default, PartialEq)]
pub(super) enum Status {
    #[default]
    Unset,
    Ok,
    Error(String),
}

/// What is recorded of a span.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) name: Arc<str>,
    pub(super) kind: Kind,
    pub(super) parent: Option<SpanId>,
    /// Whether the parent is in another process.
    pub(super) remote_parent: bool,
    pub(super) begun: SystemTime,
    clock: Instant,
    pub(super) attributes: Attributes,
    pub(super) events: Vec<SpanEvent>,
    pub(super) dropped_events: u32,
    pub(super) links: Vec<TraceContext>,
    pub(super) dropped_links: u32,
    pub(super) status: Status,
    event_bytes: usize,
}

/// A span that has ended.
#[derive(Debug)]
pub(super) struct EndedSpan {
    pub(super) context: TraceContext,
    pub(super) recording: Recording,
    pub(super) took: Duration,
}

impl Recording {
    pub(super) fn new(name: Arc<str>, kind: Kind) -> Self {
        Self {
            name,
            kind,
            parent: None,
            remote_parent: false,
            begun: SystemTime::now(),
            clock: Instant::now(),
            attributes: Attributes::default(),
            events: Vec::new(),
            dropped_events: 0,
            links: Vec::new(),
            dropped_links: 0,
            status: Status::Unset,
            event_bytes: 0,
        }
    }

    pub(super) fn end(self, context: TraceContext) -> EndedSpan {
        let took = self.clock.elapsed();
        EndedSpan {
            context,
            recording: self,
            took,
        }
    }

    /// What it holds, in bytes, about.
    pub(super) fn bytes(&self) -> usize {
        let description = match &self.status {
            Status::Error(text) => text.len(),
            Status::Unset | Status::Ok => 0,
        };
        let links = self.links.iter();
        let links: usize = links
            .map(|link| size_of_val(link) + link.state.as_ref().map_or(0, |state| state.len()))
            .sum();
        let texts = self.name.len() + description;
        size_of::<Self>() + texts + self.attributes.bytes() + self.event_bytes + links
    }

    pub(super) fn attribute(&mut self, name: &'static str, value: Value) {
        let room = ROOM.saturating_sub(self.event_bytes);
        self.attributes.insert(name, value, room);
    }

    pub(super) fn fail(&mut self, description: &str) {
        self.status = Status::Error(shortened(description).to_owned());
    }

    /// Keeps a link, once to each span.
    pub(super) fn link(&mut self, context: TraceContext) {
        let place = (context.trace_id, context.span_id);
        let mut links = self.links.iter();
        if links.any(|link| (link.trace_id, link.span_id) == place) {
            return;
        }
        if self.links.len() < 16 {
            self.links.push(context);
        } else {
            self.dropped_links += 1;
        }
    }

    pub(super) fn event(&mut self, name: String, attributes: Attributes) {
        let bytes = name.len() + attributes.bytes() + ATTRIBUTE;
        if self.attributes.bytes() + self.event_bytes + bytes > ROOM {
            self.dropped_events += 1;
            return;
        }
        self.event_bytes += bytes;
        self.events.push(SpanEvent {
            time: SystemTime::now(),
            name,
            attributes,
        });
    }

    /// Keeps fields that were told together.
    pub(super) fn fields(&mut self, fields: Attributes) {
        self.attributes.dropped += fields.dropped;
        for (name, value) in fields.kept {
            self.field(name, value);
        }
    }

    /// Keeps a field, or does what it asks for: the fields that begin with `otel.` are those of the `tracing-opentelemetry` crate.
    pub(super) fn field(&mut self, name: &'static str, value: Value) {
        match (name, value) {
            ("otel.name", Value::Text(name)) => self.name = name.into(),
            ("otel.kind", Value::Text(kind)) => {
                self.kind = Kind::named(&kind).unwrap_or(self.kind);
            }
            ("otel.status_code", Value::Text(code)) => match &*code.to_ascii_lowercase() {
                "ok" => self.status = Status::Ok,
                // The description may have come before.
                "error" if matches!(self.status, Status::Error(_)) => {}
                "error" => self.fail(""),
                _ => {}
            },
            ("otel.status_description" | "otel.status_message", Value::Text(text)) => {
                self.fail(&text);
            }
            // There it stands for no route, and the conventions leave it out.
            ("http_route", Value::Text(route)) if route == value::UNMATCHED_ROUTE => {}
            (name, value) => self.attribute(conventional(name), value),
        }
    }
}

/// The attribute of the semantic conventions that a field of the log stands for. On log lines names have no points.
fn conventional(field: &'static str) -> &'static str {
    match field {
        "http_request_method" => "http.request.method",
        "http_route" => "http.route",
        "http_response_status_code" => "http.response.status_code",
        "messaging_consumer_group_name" => "messaging.consumer.group.name",
        "messaging_destination_name" => "messaging.destination.name",
        "rpc_method" => "rpc.method",
        "rpc_response_status_code" => "rpc.response.status_code",
        other => other,
    }
}

/// Nanoseconds since 1970, as OTLP counts.
pub(super) fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{super::attribute::LONGEST_TEXT, *};

    fn recording() -> Recording {
        Recording::new("work".into(), Kind::Internal)
    }

    #[test]
    fn keeps_the_last_value_however_often_it_changes() {
        let mut recording = recording();
        for step in 0..10_000_i64 {
            recording.attribute("step", step.into());
        }
        assert_eq!(recording.attributes.kept, [("step", Value::Int(9_999))]);
        assert_eq!(recording.attributes.dropped, 0);
        assert_eq!(recording.attributes.bytes(), ATTRIBUTE);
    }

    #[test]
    fn holds_no_more_than_there_is_room_for() {
        let mut recording = recording();
        let text = "x".repeat(LONGEST_TEXT);
        for name in [
            "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p",
        ] {
            recording.attribute(name, Value::from(&*text));
        }
        assert_eq!(recording.attributes.dropped, 1);
        assert!(recording.attributes.bytes() <= ROOM);
    }

    #[test]
    fn keeps_the_description_in_either_order() {
        let description = ("otel.status_description", Value::from("no stock"));
        let code = ("otel.status_code", Value::from("ERROR"));
        for fields in [[description.clone(), code.clone()], [code, description]] {
            let mut recording = recording();
            for (name, value) in fields {
                recording.field(name, value);
            }
            assert_eq!(recording.status, Status::Error("no stock".to_owned()));
        }
    }

    #[test]
    fn keeps_a_link_to_each_span_once_and_counts_what_has_no_room() {
        let mut recording = recording();
        let context = || TraceContext {
            trace_id: crate::trace::TraceId::random(),
            span_id: SpanId::random(),
            sampled: true,
            state: None,
        };
        let first = context();
        recording.link(first.clone());
        recording.link(first.clone());
        assert_eq!(recording.links, [first]);
        (0..20).for_each(|_| recording.link(context()));
        assert_eq!((recording.links.len(), recording.dropped_links), (16, 5));
    }

    #[test]
    fn counts_every_text_it_holds() {
        let empty = recording().bytes();
        let mut recording = recording();
        recording.name = "n".repeat(100).into();
        recording.fail(&"d".repeat(100));
        assert!(recording.bytes() >= empty + 190);
        let state = Some("a=".repeat(100).into());
        recording.link(TraceContext {
            trace_id: crate::trace::TraceId::random(),
            span_id: SpanId::random(),
            sampled: true,
            state,
        });
        assert!(recording.bytes() >= empty + 390);
    }
}
