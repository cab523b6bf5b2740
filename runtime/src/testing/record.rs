//! What was captured: spans and events, as values that stay as they are.

use std::fmt;

use serde_json::{Map, Value};
use tracing::Level;

/// A span, as it was when it was asked for.
#[derive(Clone, Debug)]
pub struct CapturedSpan {
    pub(super) place: usize,
    pub(super) above: Option<usize>,
    pub(super) ids: Option<[String; 2]>,
    pub(super) name: &'static str,
    pub(super) target: String,
    pub(super) level: Level,
    pub(super) fields: Map<String, Value>,
    pub(super) closed: bool,
}

impl CapturedSpan {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Which part of the program it is of.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Its level.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Its own fields, those that were recorded later among them.
    #[must_use]
    pub const fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// One of its own fields.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// Its status by the convention that `otel.status_code` is `ok` or `error`; nothing, if none was recorded.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        self.field("otel.status_code")?.as_str()
    }

    /// The id of its trace, in hexadecimal.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.ids.as_ref().map(|[trace_id, _]| &**trace_id)
    }

    /// Its id, in hexadecimal.
    #[must_use]
    pub fn span_id(&self) -> Option<&str> {
        self.ids.as_ref().map(|[_, span_id]| &**span_id)
    }

    /// Whether it has ended.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether it began right inside `span`, which is of the same capture.
    #[must_use]
    pub fn is_child_of(&self, span: &Self) -> bool {
        self.above == Some(span.place)
    }
}

/// An event, which is a line of the log.
#[derive(Clone, Debug)]
pub struct CapturedEvent {
    pub(super) span: Option<usize>,
    pub(super) ids: Option<[String; 2]>,
    pub(super) target: String,
    pub(super) level: Level,
    pub(super) message: String,
    pub(super) fields: Map<String, Value>,
}

impl CapturedEvent {
    /// Which part of the program it is of.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Its level.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Its text without the fields.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Its fields and those of the spans around it, of which the innermost wins: what its line in the log shows.
    #[must_use]
    pub const fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// One of its fields, or of those of the spans around it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// The id of the trace it happened in, in hexadecimal.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.ids.as_ref().map(|[trace_id, _]| &**trace_id)
    }

    /// The id of the span it happened in, in hexadecimal.
    #[must_use]
    pub fn span_id(&self) -> Option<&str> {
        self.ids.as_ref().map(|[_, span_id]| &**span_id)
    }

    /// Whether it happened right inside `span`, which is of the same capture.
    #[must_use]
    pub fn is_in(&self, span: &CapturedSpan) -> bool {
        self.span == Some(span.place)
    }
}

impl fmt::Display for CapturedSpan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: {}", self.level, self.target, self.name)?;
        write_fields(formatter, &self.fields)
    }
}

impl fmt::Display for CapturedEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { level, target, .. } = self;
        write!(formatter, "{level} {target}: {:?}", self.message)?;
        write_fields(formatter, &self.fields)
    }
}

fn write_fields(formatter: &mut fmt::Formatter<'_>, fields: &Map<String, Value>) -> fmt::Result {
    fields
        .iter()
        .try_for_each(|(name, value)| write!(formatter, " {name}={value}"))
}
