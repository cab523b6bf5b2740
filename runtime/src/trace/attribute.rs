//! The attributes of spans, events and log lines, within bounds.

use std::{
    error::Error,
    fmt::{self, Write},
};

use tracing::field::{Field, Visit};

/// The longest text that is kept of an attribute, in bytes.
pub(super) const LONGEST_TEXT: usize = 2048;

/// What a span may hold in all, in bytes. A queue of spans is bounded only if each is.
pub(super) const ROOM: usize = 32 * 1024;

/// What an attribute takes beside its text, in bytes.
pub(super) const ATTRIBUTE: usize = 64;

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
pub(super) fn shortened(text: &str) -> &str {
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
    pub(super) fn insert(&mut self, name: &'static str, value: Value, room: usize) {
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

    /// Keeps an attribute of what is no span.
    pub(super) fn keep(&mut self, name: &'static str, value: Value) {
        self.insert(name, value, ROOM);
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

/// Hands on each field as an attribute.
pub(super) struct Each<F>(pub(super) F);

impl<F: FnMut(&'static str, Value)> Visit for Each<F> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        (self.0)(field.name(), Value::Bool(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        (self.0)(field.name(), Value::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let value =
            i64::try_from(value).map_or_else(|_| Value::Text(value.to_string()), Value::Int);
        (self.0)(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        (self.0)(field.name(), Value::Float(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        (self.0)(field.name(), value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        (self.0)(field.name(), Value::Text(debug(&format_args!("{value}"))));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        (self.0)(field.name(), Value::Text(debug(value)));
    }
}
