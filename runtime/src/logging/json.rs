//! One JSON object a line.

use std::{
    io::Write,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    fmt::MakeWriter,
    layer::Context,
    registry::{LookupSpan, Scope},
};

use super::{count::level_name, field::Fields};
use crate::{ServiceInfo, config::Config, trace};

/// Writes each event with the fields of the spans around it.
///
/// The members of every line come first and in this order; a field of the same name is written as `field.<name>`.
pub(super) struct JsonLines<W> {
    writer: W,
    identity: [(&'static str, String); 4],
}

/// The members of every line, beside the identity.
const MEMBERS: [&str; 4] = ["timestamp", "level", "target", "message"];

/// The members of every line inside a span.
const IDS: [&str; 2] = ["trace_id", "span_id"];

impl<W> JsonLines<W> {
    pub(super) fn new(writer: W, info: ServiceInfo, config: &Config) -> Self {
        let identity = [
            ("service", config.name_or(info.name)),
            ("version", info.version.to_owned()),
            ("instance", config.instance_id.clone()),
            ("environment", config.environment.clone()),
        ];
        Self { writer, identity }
    }

    fn line(
        &self,
        event: &Event<'_>,
        ids: Option<[String; 2]>,
        mut fields: Map<String, Value>,
    ) -> String {
        let metadata = event.metadata();
        let message = fields.remove("message").unwrap_or_default();
        let message = message
            .as_str()
            .map_or_else(|| message.to_string(), str::to_owned);
        let mut line = String::with_capacity(512);
        line.push('{');
        let values = [
            &timestamp(),
            level_name(*metadata.level()),
            metadata.target(),
            &message,
        ];
        for (name, value) in MEMBERS.into_iter().zip(values) {
            push(&mut line, name, &Value::from(value));
        }
        for (name, value) in &self.identity {
            push(&mut line, name, &Value::from(value.as_str()));
        }
        for (name, value) in IDS.into_iter().zip(ids.into_iter().flatten()) {
            push(&mut line, name, &Value::from(value));
        }
        for (name, value) in &fields {
            let taken = MEMBERS.contains(&name.as_str())
                || IDS.contains(&name.as_str())
                || self.identity.iter().any(|(own, _)| own == name);
            if taken {
                push(&mut line, &format!("field.{name}"), value);
            } else {
                push(&mut line, name, value);
            }
        }
        line.push_str("}\n");
        line
    }
}

fn push(line: &mut String, name: &str, value: &Value) {
    if line.len() > 1 {
        line.push(',');
    }
    line.push_str(&Value::from(name).to_string());
    line.push(':');
    line.push_str(&value.to_string());
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
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().replace(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(Scope::from_root)
        {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                fields.0.extend(of_span.0.clone());
            }
        }
        // A span's field named `message` is not the event's message.
        if let Some(shadowed) = fields.0.remove("message") {
            fields.0.insert("field.message".to_owned(), shadowed);
        }
        event.record(&mut fields);
        let span = context.event_span(event);
        let ids = span.and_then(|span| trace::ids(&span));
        let ids = ids.map(|(trace_id, span_id)| [trace_id.to_string(), span_id.to_string()]);
        let line = self.line(event, ids, fields.0);
        // A log that cannot be written has nowhere to say so.
        let _ = self
            .writer
            .make_writer_for(event.metadata())
            .write_all(line.as_bytes());
    }
}
