//! What is recorded of a span that is sampled, within bounds.

use std::{
    error::Error,
    fmt::{self, Write},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tracing::field::{Field, Visit};

use super::{Kind, SpanId, TraceContext};
use crate::names::value;

/// The longest text that is kept of an attribute, in bytes.
const LONGEST_TEXT: usize = 2048;

/// What a span may hold in all, in bytes. A queue of spans is bounded only if each is.
const ROOM: usize = 32 * 1024;

/// What an attribute takes beside its text, in bytes.
const ATTRIBUTE: usize = 64;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u16> for Value {
    fn from(value: u16) -> Self {
        Self::Int(value.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(shortened(value).to_owned())
    }
}

impl Value {
    /// What it takes as an attribute, in bytes, about.
    const fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => ATTRIBUTE + text.len(),
            _ => ATTRIBUTE,
        }
    }
}

/// As much of a text as is kept.
fn shortened(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST_TEXT))
        .unwrap_or(text)
}

/// A text that stops growing.
#[derive(Default)]
struct Short(String);

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let left = LONGEST_TEXT - self.0.len();
        let end = text.floor_char_boundary(left);
        self.0.push_str(text.get(..end).unwrap_or_default());
        if end < text.len() {
            return Err(fmt::Error);
        }
        Ok(())
    }
}

/// The form that a value has in a program, as much as is kept of it.
fn debug(value: &dyn fmt::Debug) -> String {
    let mut text = Short::default();
    // It fails where the rest is not kept.
    let _ = write!(text, "{value:?}");
    text.0
}

/// Attributes of a span, an event or a log line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Attributes {
    pub(super) kept: Vec<(&'static str, Value)>,
    /// How many found no room.
    pub(super) dropped: u32,
    bytes: usize,
}

impl Attributes {
    /// Keeps an attribute, if there is room. A later value takes the place of an earlier.
    fn insert(&mut self, name: &'static str, value: Value, room: usize) {
        let mut kept = self.kept.iter_mut();
        let place = kept.find(|(known, _)| *known == name);
        let replaced = place.as_ref().map_or(0, |(_, earlier)| earlier.bytes());
        let bytes = self.bytes - replaced + value.bytes();
        if bytes > room {
            self.dropped += 1;
            return;
        }
        self.bytes = bytes;
        match place {
            Some((_, earlier)) => *earlier = value,
            None => self.kept.push((name, value)),
        }
    }

    /// Takes an attribute out.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        let place = self.kept.iter().position(|(known, _)| *known == name)?;
        let (_, value) = self.kept.remove(place);
        self.bytes -= value.bytes();
        Some(value)
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }
}

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

    pub(super) fn link(&mut self, context: TraceContext) {
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
    fn field(&mut self, name: &'static str, value: Value) {
        match (name, value) {
            ("otel.name", Value::Text(name)) => self.name = name.into(),
            ("otel.kind", Value::Text(kind)) => {
                self.kind = kind_named(&kind).unwrap_or(self.kind);
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

fn kind_named(text: &str) -> Option<Kind> {
    match &*text.to_ascii_lowercase() {
        "internal" => Some(Kind::Internal),
        "server" => Some(Kind::Server),
        "client" => Some(Kind::Client),
        "producer" => Some(Kind::Producer),
        "consumer" => Some(Kind::Consumer),
        _ => None,
    }
}

/// The attribute of the semantic conventions that a field of the log stands for. On log lines names have no points.
fn conventional(field: &'static str) -> &'static str {
    match field {
        "http_request_method" => "http.request.method",
        "http_route" => "http.route",
        "http_response_status_code" => "http.response.status_code",
        "rpc_method" => "rpc.method",
        "rpc_response_status_code" => "rpc.response.status_code",
        other => other,
    }
}

macro_rules! visit {
    () => {
        fn record_bool(&mut self, field: &Field, value: bool) {
            self.keep(field.name(), Value::Bool(value));
        }

        fn record_i64(&mut self, field: &Field, value: i64) {
            self.keep(field.name(), Value::Int(value));
        }

        fn record_u64(&mut self, field: &Field, value: u64) {
            let value =
                i64::try_from(value).map_or_else(|_| Value::Text(value.to_string()), Value::Int);
            self.keep(field.name(), value);
        }

        fn record_f64(&mut self, field: &Field, value: f64) {
            self.keep(field.name(), Value::Float(value));
        }

        fn record_str(&mut self, field: &Field, value: &str) {
            self.keep(field.name(), value.into());
        }

        fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
            self.keep(field.name(), Value::Text(debug(&format_args!("{value}"))));
        }

        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            self.keep(field.name(), Value::Text(debug(value)));
        }
    };
}

/// Takes the fields of a span.
pub(super) struct OfSpan<'recording>(pub(super) &'recording mut Recording);

impl OfSpan<'_> {
    fn keep(&mut self, name: &'static str, value: Value) {
        self.0.field(name, value);
    }
}

impl Visit for OfSpan<'_> {
    visit!();
}

/// Takes the fields of an event.
impl Attributes {
    pub(super) fn keep(&mut self, name: &'static str, value: Value) {
        self.insert(name, value, ROOM);
    }
}

impl Visit for Attributes {
    visit!();
}

/// Nanoseconds since 1970, as OTLP counts.
pub(super) fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

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
