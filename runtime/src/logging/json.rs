//! One JSON object a line.

use std::{
    borrow::Cow,
    io::Write,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;
use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    fmt::MakeWriter,
    layer::Context,
    registry::{LookupSpan, Scope},
};

use super::{
    count::level_name,
    field::{Fields, Shown},
};
use crate::{
    ServiceInfo,
    config::Config,
    trace::{self, SpanId, TraceId},
};

/// Writes each event with the fields of the spans around it.
///
/// The members of every line come first and in this order; a field of the same name is written as `field.<name>`.
pub(super) struct JsonLines<W> {
    writer: W,
    /// The members that say whose lines these are, as they are written.
    identity: Vec<u8>,
}

/// The members of every line.
const MEMBERS: [&str; 8] = [
    "timestamp",
    "level",
    "target",
    "message",
    "service",
    "version",
    "instance",
    "environment",
];

/// The members of every line inside a span.
const IDS: [&str; 2] = ["trace_id", "span_id"];

impl<W> JsonLines<W> {
    pub(super) fn new(writer: W, info: ServiceInfo, config: &Config) -> Self {
        let mut identity = Vec::new();
        for (name, value) in [
            ("service", &*config.name_or(info.name)),
            ("version", info.version),
            ("instance", &config.instance_id),
            ("environment", &config.environment),
        ] {
            push(&mut identity, name, value);
        }
        Self { writer, identity }
    }

    fn line(
        &self,
        metadata: &Metadata<'_>,
        ids: Option<(TraceId, SpanId)>,
        mut fields: Fields,
    ) -> Vec<u8> {
        const USUAL: usize = 512;
        let mut others = Vec::with_capacity(USUAL / 2);
        let mut message = None;
        for (name, value) in fields.shown() {
            if name == "message" {
                message = Some(value);
            } else if MEMBERS.contains(&name) || IDS.contains(&name) {
                push(&mut others, &format!("field.{name}"), &value);
            } else {
                push(&mut others, name, &value);
            }
        }
        let mut line = Vec::with_capacity(USUAL);
        line.extend(b"{\"timestamp\":");
        push_value(&mut line, &timestamp());
        push(&mut line, "level", level_name(*metadata.level()));
        push(&mut line, "target", metadata.target());
        push(&mut line, "message", &*spoken(message));
        line.extend(&self.identity);
        if let Some((trace_id, span_id)) = ids {
            push(&mut line, "trace_id", &trace_id.to_string());
            push(&mut line, "span_id", &span_id.to_string());
        }
        line.extend(others);
        line.extend(b"}\n");
        line
    }
}

/// The message as a text, whatever it was given as.
fn spoken(message: Option<Shown<'_>>) -> Cow<'_, str> {
    match message {
        Some(Shown::Text(text)) => text,
        other => serde_json::to_string(&other).unwrap_or_default().into(),
    }
}

/// Writes a further member.
fn push(line: &mut Vec<u8>, name: &str, value: &(impl Serialize + ?Sized)) {
    line.push(b',');
    push_value(line, name);
    line.push(b':');
    push_value(line, value);
}

fn push_value(line: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    // Texts and numbers can always be written, and memory takes them.
    let _ = serde_json::to_writer(line, value);
}

fn timestamp() -> String {
    // A clock before 1970 cannot be written in this form, and would say nothing anyway.
    let now = SystemTime::now().max(UNIX_EPOCH);
    humantime::format_rfc3339_micros(now).to_string()
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::of(attributes.metadata());
            attributes.record(&mut fields);
            span.extensions_mut().replace(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        // The form of a value may itself log: nothing of the span is locked while it is asked for.
        let mut recorded = Fields::default();
        values.record(&mut recorded);
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            fields.extend(&recorded);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::of(event.metadata());
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(Scope::from_root)
        {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                fields.extend(of_span);
            }
        }
        // A span's field named `message` is not the event's message.
        fields.rename("message", "field.message");
        event.record(&mut fields);
        let span = context.event_span(event);
        let ids = span.and_then(|span| trace::ids(&span));
        let line = self.line(event.metadata(), ids, fields);
        // A log that cannot be written has nowhere to say so.
        let _ = self
            .writer
            .make_writer_for(event.metadata())
            .write_all(&line);
    }
}
